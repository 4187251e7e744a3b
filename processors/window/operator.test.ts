// The operator on small cases that can be checked by hand.
import { describe, expect, it } from 'vitest';
import { canonicalOutput } from './canonical.ts';
import { isWindowError, type WindowError } from './errors.ts';
import { WindowOperator } from './operator.ts';
import type { WindowBlock, WindowConfig, WindowFrame } from './types.ts';

const T = 1_700_000_000_000;

const base: WindowConfig = {
  paneMs: 500,
  windows: [{ name: '2s', lengthMs: 2000, hopMs: 1000 }],
  sources: [
    { name: 'cam-a', kind: 'frames', rateHz: 2 },
    { name: 'cam-b', kind: 'frames', rateHz: 2 },
    { name: 'clock', kind: 'clock' },
  ],
  keys: [
    { name: 'north', sources: [0] },
    { name: 'both', sources: [0, 1] },
  ],
  columns: ['speed'],
  aggregates: {
    persons: { kind: 'tickMean' },
    samples: { kind: 'count' },
    speed: { kind: 'mean', column: 'speed' },
  },
  disorderMs: 0,
  latenessMs: 2000,
  idleMs: 1500,
  futureMs: 3000,
};

function frame(
  source: number,
  atMs: number,
  keys: number[] = [],
  speeds: number[] = keys.map(() => 1),
): WindowFrame {
  return {
    source,
    epochMs: T + atMs,
    n: keys.length,
    keys: Int32Array.from(keys),
    columns: [Float64Array.from(speeds)],
  };
}

const clock = (atMs: number) => frame(2, atMs);

function errorOf(act: () => unknown): WindowError {
  try {
    act();
  } catch (error) {
    if (isWindowError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function value(block: WindowBlock, name: string, key: number): number {
  return block.values[name]![block.keys.indexOf(key)]!;
}

describe('windows', () => {
  it('mean persons is the mean over ticks of the sum over cameras of their mean count', () => {
    const operator = new WindowOperator(base);
    // Tick 0: a sees 2 of `both`, b sees 1. Tick 1: a sees 1, then 2 in a second frame; b sends nothing.
    for (const f of [
      clock(0),
      frame(0, 0, [1, 1, 0]),
      frame(1, 100, [1]),
      frame(0, 500, [1]),
      frame(0, 700, [1, 1]),
    ]) {
      operator.push(f);
    }
    operator.push(clock(1000));
    operator.push(frame(0, 1000));
    operator.push(frame(1, 1000));
    const [block] = operator.drain().windows;
    expect(block).toMatchObject({ start: T - 1000, end: T + 1000 });
    expect(value(block!, 'persons.mean', 1)).toBe((3 + 1.5) / 2);
    expect(value(block!, 'persons.max', 1)).toBe(3);
    expect(value(block!, 'persons.ticks', 1)).toBe(2);
    expect(value(block!, 'samples', 0)).toBe(1);
    // 3 of 4 frames owed by a, 1 of 4 by b.
    expect([...block!.completeness]).toEqual([3 / 4, 4 / 8]);
  });

  it('a key that nobody observed is unknown, not zero, and says who is silent', () => {
    const operator = new WindowOperator(base);
    for (let at = 0; at <= 6000; at += 500) operator.push(clock(at));
    operator.close();
    const { windows } = operator.drain();
    expect(windows.map((block) => block.end - T)).toEqual([1000, 2000, 3000, 4000, 5000, 6000]);
    const last = windows.at(-1)!;
    expect([...last.completeness]).toEqual([0, 0]);
    expect(last.silent).toEqual([[0], [0, 1]]);
    expect(value(last, 'samples', 0)).toBeNaN();
    expect(value(last, 'persons.mean', 1)).toBeNaN();
  });

  it('a dead camera stops no window once it is idle', () => {
    const operator = new WindowOperator(base);
    operator.push(clock(0));
    operator.push(frame(1, 0, [1]));
    for (let at = 0; at <= 5000; at += 500) {
      operator.push(frame(0, at, [0, 1]));
      operator.push(clock(at));
    }
    // b stands at 0 and is awaited until venue time passes 1500.
    expect(operator.stats().idle).toEqual([1]);
    const { windows } = operator.drain();
    expect(windows.at(-1)!.end).toBe(T + 5000);
    expect(windows.at(-1)!.silent).toEqual([[], [1]]);
    expect(windows.at(-1)!.completeness[1]).toBe(0.5);
  });

  it('a late frame within the bound re-issues the affected windows once, with the next revision', () => {
    const operator = new WindowOperator(base);
    for (let at = 0; at <= 3000; at += 500) {
      operator.push(clock(at));
      operator.push(frame(0, at, [0]));
    }
    operator.push(clock(4000)); // b never spoke: idle; a at 3000 holds the watermark
    operator.drain();
    expect(operator.stats().watermarkMs).toBe(T + 3000);
    operator.push(frame(1, 1600, [1]));
    operator.push(frame(1, 1700, [1]));
    expect(operator.drain().windows).toEqual([]);
    operator.push(frame(0, 4000, [0]));
    const { windows } = operator.drain();
    // [0,2) and [1,3) hold 1.6 s; b observes only key 1.
    expect(windows.map(({ end, keys, revisions }) => [end - T, [...keys], [...revisions]])).toEqual([
      [2000, [1], [1]],
      [3000, [1], [1]],
      [4000, [0, 1], [0, 0]],
    ]);
    expect(value(windows[0]!, 'samples', 1)).toBe(2);
    expect(operator.stats()).toMatchObject({ lateAccepted: 2, revisions: 2 });
  });

  it('a frame later than the bound is on the late output and counted', () => {
    const operator = new WindowOperator(base);
    for (let at = 0; at <= 6000; at += 500) {
      operator.push(clock(at));
      operator.push(frame(0, at, [0]));
    }
    operator.drain();
    operator.push(frame(1, 1000, [1, 1]));
    expect(operator.drain().late).toEqual([
      { source: 1, epochMs: T + 1000, seq: 0, samples: 2, watermarkMs: T + 6000 },
    ]);
    expect(operator.stats().lateRejected).toBe(1);
  });

  it('duplicates change nothing and are counted', () => {
    const operator = new WindowOperator(base);
    for (let at = 0; at <= 2000; at += 500) {
      operator.push(clock(at));
      for (let copy = 0; copy < 3; copy++) operator.push(frame(0, at, [0]));
    }
    operator.close();
    expect(value(operator.drain().windows[0]!, 'samples', 0)).toBe(2);
    expect(operator.stats().duplicates).toBe(10);
  });
});

describe('venue time', () => {
  it('one camera an hour ahead is rejected and idles nobody', () => {
    const operator = new WindowOperator(base);
    operator.push(frame(1, 3_600_000, [1])); // even as the very first frame
    for (let at = 0; at <= 4000; at += 500) {
      operator.push(clock(at));
      operator.push(frame(0, at, [0]));
      operator.push(frame(1, 3_600_000 + at, [1]));
    }
    const output = operator.drain();
    expect(output.rejected.length).toBe(10);
    expect(operator.stats().venueMs).toBe(T + 4000);
    expect(output.windows.at(-1)!.end).toBe(T + 4000);
  });

  it('goes on when everything, clock included, comes back hours later, and announces the gap', () => {
    const operator = new WindowOperator(base);
    const later = 36_000_000;
    for (const start of [0, later]) {
      for (let at = start; at <= start + 3000; at += 500) {
        for (const f of [clock(at), frame(0, at, [0]), frame(1, at, [1])]) operator.push(f);
      }
    }
    const { windows, gaps, rejected } = operator.drain();
    expect(rejected).toEqual([]);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]!.toMs).toBe(T + later + 1000);
    // Windows went on for a minute of silence before they stopped.
    expect(gaps[0]!.fromMs - T).toBeGreaterThan(60_000);
    expect(gaps[0]!.fromMs - T).toBeLessThan(70_000);
    expect(windows.at(-1)!.end).toBe(T + later + 3000);
    expect(value(windows.at(-1)!, 'samples', 0)).toBe(4);
  });

  it('follows the only voice left when clock and neighbours are dead', () => {
    const operator = new WindowOperator(base);
    for (let at = 0; at <= 60_000; at += 500) {
      if (at < 3000) for (const f of [clock(at), frame(1, at, [1])]) operator.push(f);
      operator.push(frame(0, at, [0]));
    }
    expect(operator.drain().windows.at(-1)!.end).toBe(T + 60_000);
    expect(operator.stats().futureRejected).toBe(0);
  });
});

describe('refusals leave no trace', () => {
  const cases: [string, WindowFrame, string][] = [
    ['an unknown source', { ...frame(0, 0), source: 9 }, 'frame-invalid'],
    ['a fractional time', { ...frame(0, 0), epochMs: 1.5 }, 'frame-invalid'],
    ['more samples than keys', { ...frame(0, 0, [0]), n: 2 }, 'frame-invalid'],
    ['a clock with samples', frame(2, 0, [0]), 'frame-invalid'],
    ['a source not registered for the key', frame(1, 0, [0]), 'key-unregistered'],
    ['a key beyond the last', frame(0, 0, [2]), 'key-unregistered'],
    ['a key below -1', frame(0, 0, [-2]), 'key-unregistered'],
    ['an infinite value', frame(0, 0, [0], [Number.POSITIVE_INFINITY]), 'value-out-of-range'],
    ['a value beyond maxAbs', frame(0, 0, [0], [-1025]), 'value-out-of-range'],
  ];
  it.each(cases)('%s', (_, bad, code) => {
    const operator = new WindowOperator(base);
    operator.push(clock(0));
    operator.push(frame(0, 0, [0]));
    const before = operator.snapshot();
    expect(errorOf(() => operator.push(bad)).code).toBe(code);
    expect(operator.snapshot()).toEqual(before);
  });

  it('a snapshot with results pending', () => {
    const operator = new WindowOperator(base);
    for (let at = 0; at <= 3000; at += 500) operator.push(clock(at));
    operator.push(clock(3000));
    expect(errorOf(() => operator.snapshot()).code).toBe('outputs-pending');
  });

  it.each([
    ['another version', (bytes: Uint8Array) => bytes.fill(9, 4, 5), base, 'version 9'],
    [
      'a flipped bit',
      (bytes: Uint8Array) => bytes.fill(bytes.at(-9)! ^ 1, bytes.length - 9, bytes.length - 8),
      base,
      'checksum',
    ],
    ['a lost tail', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 3), base, 'checksum'],
    ['another configuration', (bytes: Uint8Array) => bytes, { ...base, idleMs: 1400 }, 'configuration'],
  ] as const)('a checkpoint of %s', (_, damage, config, why) => {
    const operator = new WindowOperator(base);
    operator.push(clock(0));
    operator.push(frame(0, 0, [0]));
    const error = errorOf(() => WindowOperator.restore(config, damage(operator.snapshot())));
    expect(error.code).toBe('snapshot-refused');
    expect(error.message).toContain(why);
  });
});

describe('configuration is refused by name', () => {
  it.each([
    ['length off the pane', { windows: [{ name: 'w', lengthMs: 750, hopMs: 500 }] }, 'length 750'],
    ['no rate', { sources: [{ name: 'a', kind: 'frames' as const }] }, 'rateHz'],
    ['a key on a clock', { keys: [{ name: 'k', sources: [2] }] }, 'cannot observe'],
    ['an unknown column', { columns: [] }, 'reads column speed'],
    [
      'a quantum that is no power of two',
      { aggregates: { a: { kind: 'sum' as const, column: 'speed', quantum: 0.1 } } },
      'power of two',
    ],
    ['futureMs below idleMs', { futureMs: 1000 }, 'idle bound'],
  ])('%s', (_, change, why) => {
    const error = errorOf(() => new WindowOperator({ ...base, ...change }));
    expect(error.code).toBe('config-invalid');
    expect(error.message).toContain(why);
  });
});

it('prints unknown figures as null', () => {
  const operator = new WindowOperator(base);
  operator.push(clock(0));
  operator.push(clock(500));
  operator.close();
  expect(canonicalOutput(base, operator.drain())[0]).toBe(
    `{"window":"2s","start":${T - 1000},"end":${T + 1000},"key":"north","revision":0,"completeness":0,"frames":0,` +
      '"silent":["cam-a"],"persons.max":null,"persons.mean":null,"persons.ticks":null,"samples":null,"speed":null}',
  );
});
