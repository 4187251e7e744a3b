// The RxJS wrapper: one emission per batch that produced any, the last results on completion, errors passed on.
import { from, lastValueFrom, of, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { isWindowError } from './errors.ts';
import { WindowOperator } from './operator.ts';
import { windowed } from './rx.ts';
import type { WindowConfig, WindowFrame } from './types.ts';

const T = 1_700_000_000_000;
const config: WindowConfig = {
  paneMs: 500,
  windows: [{ name: '1s', lengthMs: 1000, hopMs: 1000 }],
  sources: [{ name: 'cam', kind: 'frames', rateHz: 2 }],
  keys: [{ name: 'zone', sources: [0] }],
  columns: [],
  aggregates: { samples: { kind: 'count' } },
  disorderMs: 0,
  latenessMs: 0,
  idleMs: 1000,
  futureMs: 1000,
};

function frame(atMs: number): WindowFrame {
  return { source: 0, epochMs: T + atMs, n: 1, keys: Int32Array.of(0), columns: [] };
}

it('emits once per batch that produced results, and the rest on completion', async () => {
  const batches = [
    [frame(0), frame(500)],
    [frame(1000), frame(1500), frame(2000), frame(2500)],
    [frame(2900)],
  ];
  const outputs = await lastValueFrom(from(batches).pipe(windowed(new WindowOperator(config)), toArray()));
  expect(outputs.map(({ windows }) => windows.map(({ end }) => end - T))).toEqual([[1000, 2000], [3000]]);
  expect(outputs[0]!.windows.map(({ values }) => values.samples![0])).toEqual([2, 2]);
});

it('a bad frame errors the stream', async () => {
  const stream = of([{ ...frame(0), source: 5 }]).pipe(windowed(new WindowOperator(config)));
  const error: unknown = await lastValueFrom(stream, { defaultValue: null }).catch(
    (caught: unknown) => caught,
  );
  expect(isWindowError(error, 'frame-invalid')).toBe(true);
});
