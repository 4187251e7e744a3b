// Generated streams for the property tests: configurations, frames, and the ways a network can mistreat them.
import fc from 'fast-check';
import { type UserAggregate, userAggregate } from './aggregates/spec.ts';
import { canonicalRows } from './canonical.ts';
import { WindowOperator } from './operator.ts';
import type { WindowConfig, WindowFrame } from './types.ts';

export const T0 = 1_700_000_000_000;
export const CLOCK = 3;

/** Not commutative: the trail of ids per pane, in canonical order, with the frames behind it. */
const trail: UserAggregate<string, string, string> = {
  zero: () => '',
  add: (acc, { epochMs, source, seq, values }) => `${acc}${epochMs % 1000}:${source}:${seq}:${values[0]} `,
  seal: (acc, pane) => {
    const frames = pane.sources.map((source) => pane.frames(source)).join('+');
    return acc === '' ? null : `[${frames}|${acc}]`;
  },
  merge: (older, newer) => older + newer,
  result: (value) => value ?? '',
};

export const allAggregates: WindowConfig['aggregates'] = {
  persons: { kind: 'tickMean' },
  samples: { kind: 'count' },
  known: { kind: 'count', column: 'speed' },
  total: { kind: 'sum', column: 'speed' },
  speed: { kind: 'mean', column: 'speed' },
  spread: { kind: 'variance', column: 'speed' },
  least: { kind: 'min', column: 'speed' },
  most: { kind: 'max', column: 'speed' },
  last: { kind: 'last', column: 'speed' },
  ids: { kind: 'distinct', column: 'id' },
  bins: { kind: 'histogram', column: 'speed', edges: [-1, 0, 0.5, 2] },
  trail: userAggregate(['id'], '1', trail),
};

export const configs: fc.Arbitrary<WindowConfig> = fc
  .record({
    paneMs: fc.constantFrom(50, 100),
    windows: fc.constantFrom<(readonly [number, number])[]>(
      [[100, 100]],
      [
        [200, 100],
        [600, 200],
      ],
      [
        [100, 100],
        [1000, 300],
      ],
      [
        [300, 300],
        [400, 200],
        [1500, 100],
      ],
    ),
    disorderMs: fc.constantFrom(0, 30, 120),
    latenessMs: fc.constantFrom(0, 150, 400),
    idleMs: fc.constantFrom(400, 700),
  })
  .map(({ windows, ...rest }) => ({
    ...rest,
    windows: windows.map(([lengthMs, hopMs]) => ({
      name: `${lengthMs}/${hopMs}`,
      lengthMs,
      hopMs,
    })),
    sources: [
      { name: 'cam-a', kind: 'frames', rateHz: 10 },
      { name: 'cam-b', kind: 'frames', rateHz: 12.5 },
      { name: 'gate', kind: 'events' },
      { name: 'clock', kind: 'clock' },
    ],
    keys: [
      { name: 'a', sources: [0] },
      { name: 'ab', sources: [0, 1] },
      { name: 'gate', sources: [2] },
      { name: 'all', sources: [1, 2, 0] },
    ],
    columns: ['speed', 'id'],
    aggregates: allAggregates,
    futureMs: 5000,
  }));

const KEYS_OF = [
  [0, 1, 3],
  [1, 3],
  [2, 3],
];
const speeds = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -0, 0, 0.5, 2, -1) },
  { weight: 3, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }) },
);

/** One frame of a camera or the gate within `spanMs` of T0. */
function frames(spanMs: number): fc.Arbitrary<WindowFrame> {
  return fc
    .record({
      source: fc.integer({ min: 0, max: 2 }),
      at: fc.integer({ min: 0, max: spanMs }),
      seq: fc.integer({ min: 0, max: 2 }),
      samples: fc.array(
        fc.record({
          key: fc.integer({ min: -1, max: 2 }),
          speed: speeds,
          id: fc.integer({ min: 0, max: 5 }),
        }),
        { maxLength: 3 },
      ),
    })
    .map(({ source, at, seq, samples }) => ({
      source,
      epochMs: T0 + at,
      seq,
      n: samples.length,
      keys: Int32Array.from(samples, ({ key }) => KEYS_OF[source]![key] ?? -1),
      columns: [Float64Array.from(samples, ({ speed }) => speed), Float64Array.from(samples, ({ id }) => id)],
    }));
}

export function clockFrame(epochMs: number): WindowFrame {
  return {
    source: CLOCK,
    epochMs,
    n: 0,
    keys: new Int32Array(0),
    columns: [new Float64Array(0), new Float64Array(0)],
  };
}

/**
 * Frames sorted by time without duplicates, a clock frame every 100 ms among them; stretches where a source is dead come
 * about by chance, more so with fewer frames.
 */
export function streams(spanMs: number, maxFrames: number, minFrames = 5): fc.Arbitrary<WindowFrame[]> {
  return fc.array(frames(spanMs), { minLength: minFrames, maxLength: maxFrames }).map((generated) => {
    const unique = new Map<string, WindowFrame>();
    for (const frame of generated) {
      const identity = `${frame.source} ${frame.epochMs} ${frame.source === 2 ? frame.seq : ''}`;
      if (!unique.has(identity)) unique.set(identity, frame);
    }
    const clocks = Array.from({ length: Math.floor(spanMs / 100) + 1 }, (_, i) => clockFrame(T0 + i * 100));
    return [...clocks, ...unique.values()].sort((a, b) => a.epochMs - b.epochMs);
  });
}

/** Frames in order of arrival, each delayed by its jitter. */
export function delayed(stream: readonly WindowFrame[], jitterOf: (index: number) => number): WindowFrame[] {
  return stream
    .map((frame, i) => ({ frame, arrival: frame.epochMs + jitterOf(i), i }))
    .sort((a, b) => a.arrival - b.arrival || a.i - b.i)
    .map(({ frame }) => frame);
}

export interface Transcript {
  readonly windows: string[];
  readonly late: string[];
  readonly gaps: string[];
  readonly rejected: string[];
}

/**
 * Runs frames through the operator. `cuts` says, frame by frame in a circle, whether to go on (0), to end the batch (1),
 * or to end it, checkpoint, and go on from the bytes in a new operator (2).
 */
export function transcript(
  config: WindowConfig,
  arrivals: readonly WindowFrame[],
  cuts: readonly number[],
): Transcript {
  let operator = new WindowOperator(config);
  const lines: Transcript = { windows: [], late: [], gaps: [], rejected: [] };
  const drain = (): void => {
    const output = operator.drain();
    for (const block of output.windows) lines.windows.push(...canonicalRows(config, block));
    for (const late of output.late) lines.late.push(JSON.stringify({ late }));
    for (const gap of output.gaps) lines.gaps.push(JSON.stringify({ gap }));
    for (const rejected of output.rejected) lines.rejected.push(JSON.stringify({ rejected }));
  };
  arrivals.forEach((frame, i) => {
    operator.push(frame);
    const cut = cuts.length === 0 ? 0 : cuts[i % cuts.length]!;
    if (cut === 0) return;
    drain();
    if (cut === 2) operator = WindowOperator.restore(config, operator.snapshot());
  });
  operator.close();
  drain();
  return lines;
}
