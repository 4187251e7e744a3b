// A checkpoint at the size the product promises: 2,000 keys, 15 min windows, 1 s panes.
import { expect, it } from 'vitest';
import { canonicalOutput } from './canonical.ts';
import { WindowOperator } from './operator.ts';
import type { WindowConfig } from './types.ts';

const T = 1_700_000_000_000;
const KEYS = 2000;
const SOURCES = 20;
const PERSONS = 200;

const config: WindowConfig = {
  paneMs: 1000,
  windows: [
    { name: '60s', lengthMs: 60_000, hopMs: 60_000 },
    { name: '15min', lengthMs: 900_000, hopMs: 60_000 },
  ],
  sources: Array.from({ length: SOURCES }, (_, s) => ({
    name: `cam-${s}`,
    kind: 'frames' as const,
    rateHz: 1,
  })),
  keys: Array.from({ length: KEYS }, (_, k) => ({ name: `zone-${k}`, sources: [k % SOURCES] })),
  columns: ['speed'],
  aggregates: {
    persons: { kind: 'tickMean' },
    samples: { kind: 'count' },
    speed: { kind: 'mean', column: 'speed' },
  },
  disorderMs: 200,
  latenessMs: 10_000,
  idleMs: 3000,
  futureMs: 5000,
};

it('is compact and restores in well under two seconds, to the same results', () => {
  let operator = new WindowOperator(config);
  const feed = (target: WindowOperator, from: number, to: number): string[] => {
    const lines: string[] = [];
    for (let second = from; second < to; second++) {
      for (let source = 0; source < SOURCES; source++) {
        const keys = Int32Array.from(
          { length: PERSONS },
          (_, i) => ((second * 31 + i * i) % 100) * SOURCES + source,
        );
        const speeds = Float64Array.from({ length: PERSONS }, (_, i) => ((second * 7 + i) % 160) / 100);
        target.push({ source, epochMs: T + second * 1000, n: PERSONS, keys, columns: [speeds] });
      }
      lines.push(...canonicalOutput(config, target.drain()));
    }
    return lines;
  };
  feed(operator, 0, 960);
  const bytes = operator.snapshot();
  const before = process.cpuUsage();
  const restored = WindowOperator.restore(config, bytes);
  // CPU time, because a busy machine is no fault of the engine's.
  const used = process.cpuUsage(before);
  const seconds = (used.user + used.system) / 1e6;
  console.log(`${(bytes.length / 1e6).toFixed(2)} MB, restored in ${seconds.toFixed(3)} s of CPU`);
  // 2,000 keys x 900 panes x 3 aggregates in 8 bytes each would be 43 MB.
  expect(bytes.length).toBeLessThan(12e6);
  expect(seconds).toBeLessThan(1.5);
  const expected = feed(operator, 960, 1090);
  operator = restored;
  expect(expected.length).toBe(2 * 2 * KEYS);
  expect(feed(restored, 960, 1090).join('\n') === expected.join('\n')).toBe(true);
});
