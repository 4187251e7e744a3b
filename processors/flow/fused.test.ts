// Flow from fused persons: hand-overs on a line are counted, nobody is invented, unknown is not zero, also when fusion is dead,
// and order, doubles, cuts and restarts change no byte.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxPolygon } from '#models/geometry/index.ts';
import { Random } from '#models/simulation/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { FusedInput } from '#processors/fusion/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { flowKind, fusedFlowKind } from '#streams/schema/registry.ts';
import { emptyTrackFrame, encodeTracks } from '#streams/schema/tracks.ts';
import type { FlowWindow, FusedFlowWindow } from '#streams/schema/window.ts';
import { fusedStream } from '../fusion/reading/fixtures.ts';
import {
  deliver,
  FRAME_MS,
  framesOf,
  linesOf,
  messagesOf,
  runOut,
  START_MS,
  smallVenue,
  straight,
  type Walker,
} from '../shared/fixtures/small-venue.ts';
import type { TracksInput } from '../shared/input.ts';
import { flowPartition, fusedFlowPartition } from './index.ts';

/** As the small venue, its two views sharing 1.2 m about the exit at x = 10: neither shows a person clear of it on both sides. */
function seamVenue(): Venue {
  const venue = smallVenue();
  const coverage = [
    boxPolygon({ minX: 0, minY: 0, maxX: 10.6, maxY: 10 }),
    boxPolygon({ minX: 9.4, minY: 0, maxX: 20, maxY: 10 }),
  ];
  return {
    ...venue,
    cameras: venue.cameras.map((camera, k) => ({ ...camera, coverage: coverage[k]!, framesPerSecond: 2 })),
  };
}

const venue = smallVenue();
const create = () => fusedFlowPartition(venue);
const of = (outputs: readonly Output[], metric: string, key: string): FusedFlowWindow[] =>
  messagesOf(outputs, `win.${metric}.o.small.${key}`, fusedFlowKind.codec.decode);
const total = (windows: readonly Pick<FlowWindow, 'count'>[], way: 'in' | 'out') =>
  windows.reduce((sum, { count }) => sum + (count?.[way] ?? 0), 0);

/** A partition fed in batches; its state goes through its bytes after each batch whose number `every` divides. */
function feed(
  make: () => Partition<FusedInput>,
  inputs: readonly FusedInput[],
  batches: readonly number[] = [1_000],
  every = 0,
): Output[] {
  let partition = make();
  const outputs: Output[] = [];
  for (let at = 0, batch = 0; at < inputs.length; batch++) {
    const size = batches[batch % batches.length]!;
    outputs.push(...partition.onBatch(inputs.slice(at, at + size)));
    at += size;
    if (every === 0 || batch % every !== 0) continue;
    const bytes = partition.snapshot();
    partition = make();
    partition.restore(bytes);
  }
  return outputs;
}

/** What cameras at 2 frames/s report of walkers: 0.15 m of error, independent between views, 3 % not seen. */
function noisy(of: Venue, walkers: readonly Walker[], seconds: number, seed: number): TracksInput[] {
  const random = new Random(seed);
  const errors = new Map<number, { x: number; y: number }>();
  const inputs: TracksInput[] = [];
  for (let ms = 0, seq = 0; ms < seconds * 1000; ms += 500, seq++) {
    const here = walkers.flatMap(({ id, at }) => {
      const place = at(ms / 1000);
      return place === undefined ? [] : [{ id, ...place }];
    });
    of.cameras.forEach(({ coverage }, source) => {
      const xs = coverage.exterior.filter((_, i) => i % 2 === 0);
      const seen = here.filter(
        ({ x }) => x >= Math.min(...xs) && x <= Math.max(...xs) && random.uniform() >= 0.03,
      );
      const frame = emptyTrackFrame({ epochMs: START_MS + ms, level: 0, seq }, seen.length);
      seen.forEach(({ id, x, y, vx, vy }, i) => {
        const local = 2 * id + source;
        const before = errors.get(local) ?? { x: 0.15 * random.normal(), y: 0.15 * random.normal() };
        // Correlated over 10 s, as a detector's error is.
        const keep = Math.exp(-0.5 / 10);
        const fresh = 0.15 * Math.sqrt(1 - keep * keep);
        const error = {
          x: keep * before.x + fresh * random.normal(),
          y: keep * before.y + fresh * random.normal(),
        };
        errors.set(local, error);
        frame.ids[i] = local;
        frame.x[i] = x + error.x;
        frame.y[i] = y + error.y;
        frame.vx[i] = vx;
        frame.vy[i] = vy;
        frame.confidence[i] = 1;
      });
      inputs.push({ source, payload: encodeTracks(frame) });
    });
    if (ms % 1000 === 0) inputs.push(...runOut(of, ms / 1000, 1));
  }
  return inputs;
}

describe('a seam on the line', () => {
  it('is counted within 4 % each way, where raw flow misses four of ten', () => {
    const seam = seamVenue();
    let [truth, rawCount, wrong, fusedCount, fusedWrong] = [0, 0, 0, 0, 0];
    for (let seed = 1; seed <= 4; seed++) {
      const random = new Random(100 + seed);
      // Two persons a second to +x, one a second back, 1 to 1.6 m/s; everyone passes the line between its ends.
      const walkers = Array.from({ length: 180 }, (_, i) => {
        const back = i % 3 === 2;
        const speed = 1 + 0.6 * random.uniform();
        return straight(
          i + 1,
          { x: back ? 16 : 4, y: 2.6 + 4.8 * random.uniform(), vx: back ? -speed : speed, vy: 0 },
          i / 3,
          i / 3 + 12 / speed,
        );
      });
      const inputs = [...noisy(seam, walkers, 76, seed), ...runOut(seam, 76)];
      const raw = messagesOf(
        deliver(() => flowPartition(seam), inputs),
        'win.flow-now.o.small.exit',
        flowKind.codec.decode,
      );
      const fused = of(
        feed(() => fusedFlowPartition(seam), fusedStream(seam, inputs)),
        'flow-fused-now',
        'exit',
      );
      truth += 180;
      rawCount += total(raw, 'in') + total(raw, 'out');
      fusedCount += total(fused, 'in') + total(fused, 'out');
      wrong += Math.abs(total(raw, 'in') - 120) + Math.abs(total(raw, 'out') - 60);
      fusedWrong += Math.abs(total(fused, 'in') - 120) + Math.abs(total(fused, 'out') - 60);
    }
    console.log(
      `seam: ${truth} crossed; raw ${rawCount} (${wrong} wrong), fused ${fusedCount} (${fusedWrong} wrong)`,
    );
    expect(rawCount / truth).toBeLessThan(0.7);
    expect(fusedWrong / truth).toBeLessThan(0.04);
  });
});

describe('what is looked at', () => {
  it('is told camera by camera as by raw flow: completeness, silent cameras, lines and places without a camera', () => {
    const walkers = [straight(1, { x: 5, y: 5, vx: 1, vy: 0 }), straight(2, { x: 9.5, y: 3, vx: 0, vy: 0 })];
    const dies = (input: TracksInput) =>
      input.source === 1 && new DataView(input.payload.buffer).getFloat64(16, true) >= START_MS + 9_000;
    const inputs = [
      ...framesOf(venue, walkers, 20).filter((input) => !dies(input)),
      ...runOut(venue, 20, 20),
    ];
    const fused = feed(create, fusedStream(venue, inputs));
    const raw = deliver(() => flowPartition(venue), inputs);
    for (const key of ['exit', 'gate']) {
      for (const metric of ['now', '30s'] as const) {
        const mine = of(fused, `flow-fused-${metric}`, key);
        const theirs = messagesOf(raw, `win.flow-${metric}.o.small.${key}`, flowKind.codec.decode);
        expect(mine.length).toBeGreaterThan(20);
        for (const window of mine) {
          const other = theirs.find(({ end }) => end === window.end);
          if (other === undefined) continue;
          const { completeness, silent, density } = other;
          expect({ ...window, known: window.count !== null }).toMatchObject({
            completeness,
            silent,
            known: other.count !== null,
          });
          if (key === 'exit') expect(window.density === null).toBe(density === null);
        }
      }
    }
    expect(total(of(fused, 'flow-fused-now', 'exit'), 'in')).toBe(1);
    const gate = of(fused, 'flow-fused-now', 'gate').at(-1)!;
    expect(gate).toMatchObject({ count: null, density: null, completeness: 0, silent: ['east'] });
    // The one who stands at the exit, and passes nothing.
    const standing = of(fused, 'flow-fused-now', 'exit').find(({ end }) => end === START_MS + 2_000)!;
    expect(standing.density!.mean).toBeCloseTo(1 / 24, 6);
  });

  it('is unknown at once when fusion dies, and said again in full when it has caught up', () => {
    const walkers = Array.from({ length: 40 }, (_, i) =>
      straight(i + 1, { x: 7, y: 5, vx: 1, vy: 0 }, i, i + 6),
    );
    const inputs = [...framesOf(venue, walkers, 50), ...runOut(venue, 50)];
    const between = (input: TracksInput) => {
      const ms = new DataView(input.payload.buffer).getFloat64(16, true) - START_MS;
      return ms >= 10_000 && ms < 40_000;
    };
    const straightOn = of(feed(create, fusedStream(venue, inputs)), 'flow-fused-now', 'exit');
    const outputs = feed(create, fusedStream(venue, inputs, between));
    const interrupted = of(outputs, 'flow-fused-now', 'exit');
    // It died knowing all up to 9 s; the clock at 39 s has left all up to 24 s behind by 15 s.
    const unknown = interrupted.filter(
      ({ count, end }) => count === null && end > START_MS + 2_000 && end < START_MS + 45_000,
    );
    expect(unknown.map(({ end }) => end - START_MS)).toEqual(
      Array.from({ length: 31 }, (_, i) => 9_000 + 500 * i),
    );
    for (const window of unknown)
      expect(window).toMatchObject({ revision: 0, completeness: 0, silent: ['west', 'east'], density: null });
    // They came before anything else was known.
    const order = interrupted.map(({ end }) => end);
    expect(order.indexOf(unknown.at(-1)!.end)).toBeLessThan(order.lastIndexOf(unknown[0]!.end));
    // The last word on every window is what it would have been, with revision 1 where it is the second.
    const last = new Map(interrupted.map((window) => [window.end, window]));
    const spoken = new Set(unknown.map(({ end }) => end));
    for (const window of straightOn) {
      expect(last.get(window.end)).toEqual({ ...window, revision: spoken.has(window.end) ? 1 : 0 });
    }
    expect(last.size).toBe(straightOn.length);
    expect(new Set(outputs.map(({ messageId }) => messageId)).size).toBe(outputs.length);
  });

  it('is unknown where the stream has lost persons, who are not taken for gone; what comes later is named', () => {
    const stream = fusedStream(venue, [
      ...framesOf(venue, [straight(1, { x: 9, y: 5, vx: 1, vy: 0 })], 30),
      ...runOut(venue, 30),
    ]);
    const at = (ms: number) => (input: FusedInput) =>
      input.kind === 'persons' && Math.floor((input.epochMs - START_MS) / 500) === ms / 500;
    const lost = stream.find(at(4_000))!;
    const outputs = feed(create, [...stream.filter((input) => input !== lost), lost]);
    const now = of(outputs, 'flow-fused-now', 'exit');
    expect(now.find(({ start }) => start === START_MS + 4_000)).toMatchObject({
      count: null,
      completeness: 0,
    });
    expect(now.find(({ start }) => start === START_MS + 4_500)).toMatchObject({ count: { in: 0, out: 0 } });
    expect(total(now, 'in')).toBe(1);
    const notices = outputs.filter(({ subject }) => subject.startsWith('late.flow-fused.'));
    expect(notices.map(({ subject }) => subject)).toEqual(['late.flow-fused.o.small.fused-0']);
  });
});

const walker = fc.record({
  x: fc.double({ min: 1, max: 19, noNaN: true }),
  y: fc.double({ min: 1, max: 9, noNaN: true }),
  vx: fc.double({ min: -2, max: 2, noNaN: true }),
  vy: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
  startS: fc.double({ min: 0, max: 6, noNaN: true }),
  forS: fc.double({ min: 1, max: 8, noNaN: true }),
});
const timeOf = (input: FusedInput): number => (input.kind === 'tick' ? input.tick.end : input.epochMs);

it('gives the same bytes in any order within the bound, with doubles, however it is cut and restored', () => {
  fc.assert(
    fc.property(
      fc.array(walker, { maxLength: 8 }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 7, maxLength: 13 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 2, max: 9 }),
      (people, delays, batches, every) => {
        const walkers = people.map(({ startS, forS, ...from }, i) =>
          straight(i, from, startS, startS + forS),
        );
        const sorted = fusedStream(venue, [...framesOf(venue, walkers, 10), ...runOut(venue, 10)]);
        const want = linesOf(feed(create, sorted));
        const mixed = sorted
          .map((input, i) => ({ input, due: timeOf(input) + 2_000 * delays[i % delays.length]! }))
          .sort((a, b) => a.due - b.due)
          .map(({ input }) => input);
        expect(linesOf(feed(create, mixed, batches, every))).toEqual(want);
      },
    ),
    { numRuns: 10 },
  );
});

it('is not to be confused with raw flow', () => {
  const inputs = [...framesOf(venue, [straight(1, { x: 5, y: 5, vx: 1, vy: 0 })], 12), ...runOut(venue, 12)];
  const fused = feed(create, fusedStream(venue, inputs));
  const raw = deliver(() => flowPartition(venue), inputs);
  const ids = new Set(raw.map(({ messageId }) => messageId));
  const subjects = new Set(raw.map(({ subject }) => subject));
  expect(fused.filter(({ messageId, subject }) => ids.has(messageId) || subjects.has(subject))).toEqual([]);
  expect(FRAME_MS).toBeLessThan(venue.tickMs);
});
