// Frames on the recording's clock: event times, empty and missing instants, addressing, pace, and the venue made for it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locatePoint, polygonArea } from '#models/geometry/index.ts';
import { parseVenue, writeVenue } from '#models/venue/index.ts';
import { decodeTracks } from '#streams/schema/tracks.ts';
import { recording } from '#testing/shared-data.ts';
import { durationMs, eventTimeMs, outgoingFrames, trackFrames } from './frames.ts';
import { readTrajectories } from './read.ts';
import type { WallClock } from './replay.ts';
import { replay } from './replay.ts';
import type { Trajectories } from './types.ts';
import { tickForPeriod, venueForRecording } from './venue.ts';

/** A recording of [id, frame, x, y] rows. */
function made(rows: readonly (readonly number[])[], fps: number, step: number): Trajectories {
  const count = rows.length;
  return {
    name: 'made',
    format: 'csv',
    count,
    ids: Uint32Array.from(rows, (r) => r[0]!),
    frames: Int32Array.from(rows, (r) => r[1]!),
    x: Float64Array.from(rows, (r) => r[2] ?? 0),
    y: Float64Array.from(rows, (r) => r[3] ?? 0),
    vx: new Float32Array(count).fill(Number.NaN),
    vy: new Float32Array(count).fill(Number.NaN),
    velocities: 'central-difference',
    confidence: new Float32Array(count).fill(Number.NaN),
    identified: true,
    framesPerSecond: fps,
    frameStep: step,
    notes: [],
    ignored: 0,
    skipped: { count: 0, first: [] },
  };
}
const summary = (t: Trajectories, absent?: 'empty' | 'missing') =>
  [...trackFrames(t, { startMs: 1000, ...(absent && { absent }) })].map((f) => [f.seq, f.epochMs, f.count]);

describe('frames', () => {
  it('sends an empty scene as a frame with nobody', () => {
    const t = made(
      [
        [1, 100, 5, 6],
        [2, 100, 7, 8],
        [3, 160, 1, 2],
      ],
      25,
      20,
    );
    expect(summary(t)).toEqual([
      [100, 1000, 2],
      [120, 1800, 0],
      [140, 2600, 0],
      [160, 3400, 1],
    ]);
    const [first] = trackFrames(t, { startMs: 1000, level: -1 });
    expect([...first!.ids]).toEqual([1, 2]);
    expect([...first!.x]).toEqual([5, 7]);
    expect(first!.level).toBe(-1);
  });

  it('leaves out, on request, instants at which somebody was there and not recorded', () => {
    const t = made(
      [
        [1, 0],
        [1, 3],
        [2, 5],
      ],
      10,
      1,
    );
    expect(summary(t).map((f) => f[2])).toEqual([1, 0, 0, 1, 0, 1]);
    expect(summary(t, 'missing').map((f) => f[0])).toEqual([0, 3, 4, 5]);
  });

  it('does not put an empty frame next to one that follows out of step', () => {
    const t = made(
      [
        [1, 0],
        [1, 6],
        [2, 29],
      ],
      15,
      6,
    ); // 6 + 4*6 = 30 is past 29; 24 is 5 before it
    expect(summary(t).map((f) => f[0])).toEqual([0, 6, 12, 18, 24, 29]);
    const near = made(
      [
        [1, 0],
        [1, 6],
        [2, 13],
      ],
      15,
      6,
    ); // 12 would stand 1 before 13
    expect(summary(near).map((f) => f[0])).toEqual([0, 6, 13]);
  });

  it('rounds each event time on its own: after an hour at 7 frames/s none is off by more than half a millisecond', () => {
    const t = made(
      [
        [1, 0],
        [1, 25_200],
      ],
      7,
      1,
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 25_200 }), (frame) => {
        const ms = eventTimeMs(t, 1_700_000_000_000, frame) - 1_700_000_000_000;
        expect(Number.isInteger(ms)).toBe(true);
        expect(Math.abs(ms - (frame * 1000) / 7)).toBeLessThanOrEqual(0.5);
      }),
    );
    expect(durationMs(t)).toBe(3_600_000);
  });

  it('addresses frames and, on request, the venue clock after each', () => {
    const t = made(
      [
        [1, 0],
        [1, 1],
      ],
      10,
      1,
    );
    const at = { org: 'city', venue: 'hall', source: 'cam-1' };
    const out = [...outgoingFrames(t, at, { startMs: 0, clock: true })];
    expect(out.map((o) => [o.subject, o.frame.epochMs, o.frame.clock])).toEqual([
      ['obs.tracks.city.hall.cam-1', 0, false],
      ['obs.tracks.city.hall.clock', 100, true],
      ['obs.tracks.city.hall.cam-1', 100, false],
      ['obs.tracks.city.hall.clock', 200, true],
    ]);
    expect(new Set(out.map((o) => o.messageId)).size).toBe(4);
    expect([...outgoingFrames(t, at, { startMs: 0 })]).toHaveLength(2);
  });
});

/** A clock that goes on by what is slept and by `cost` for each look at it. */
function fakeClock(cost = 0): WallClock & { slept: number[] } {
  let time = 500;
  const slept: number[] = [];
  return {
    slept,
    now: () => (time += cost),
    sleep: async (ms) => {
      slept.push(ms);
      time += ms;
    },
  };
}
function sink() {
  const sent: { subject: string; payload: Uint8Array; messageId: string }[] = [];
  let flushed = 0;
  return {
    sent,
    flushes: () => flushed,
    publish: (message: (typeof sent)[number]) => {
      sent.push(message);
      return undefined;
    },
    flush: async () => {
      flushed = sent.length;
    },
  };
}

describe('replay', () => {
  const t = made(
    Array.from({ length: 11 }, (_, i) => [1, i, i, 0]),
    10,
    1,
  );
  const frames = () => outgoingFrames(t, { org: 'o', venue: 'v', source: 's' }, { startMs: 5000 });

  it('keeps the pace of the recording times the speed, without drift, and flushes', async () => {
    const clock = fakeClock(0.01);
    const to = sink();
    const report = await replay(frames(), to, { speed: 20, clock });
    expect(to.sent).toHaveLength(11);
    expect(to.flushes()).toBe(11);
    expect(report.elapsedMs).toBeGreaterThanOrEqual(50); // one second of recording at 20 times its speed
    expect(report.elapsedMs).toBeLessThan(51);
    expect(report).toMatchObject({ frames: 11, positions: 11, lastEpochMs: 6000, stopped: false });
    expect(decodeTracks(to.sent[10]!.payload).x[0]).toBe(10);
  });

  it('never waits at full speed and drops nothing when it is late', async () => {
    const fast = fakeClock();
    await replay(frames(), sink(), { speed: Number.POSITIVE_INFINITY, clock: fast });
    expect(fast.slept).toEqual([]);
    const late = fakeClock(100); // every look at the clock costs more than a frame's time
    const to = sink();
    const report = await replay(frames(), to, { speed: 20, clock: late });
    expect(to.sent).toHaveLength(11);
    expect(report.worstLagMs).toBeGreaterThan(1000);
  });

  it('waits for the publisher and stops when told', async () => {
    const stop = new AbortController();
    const to = sink();
    let open = 0;
    const slow = {
      flush: to.flush,
      publish: (message: (typeof to.sent)[number]): Promise<void> => {
        expect(open).toBe(0);
        open++;
        to.publish(message);
        if (to.sent.length === 4) stop.abort();
        return new Promise((resolve) =>
          setImmediate(() => {
            open--;
            resolve();
          }),
        );
      },
    };
    const report = await replay(frames(), slow, { speed: Number.POSITIVE_INFINITY, signal: stop.signal });
    expect(report).toMatchObject({ frames: 4, stopped: true });
    expect(to.flushes()).toBe(4);
  });

  it('fails when the publisher does', async () => {
    const broken = {
      publish: () => Promise.reject(new Error('no stream')),
      flush: async () => undefined,
    };
    await expect(replay(frames(), broken, { speed: 1 })).rejects.toThrow('no stream');
  });
});

describe('venue for a recording', () => {
  it('makes every tick one frame, or the same number of frames, or long enough for one', () => {
    const any = (tickMs: number): boolean => tickMs > 0;
    const secondly = (tickMs: number): boolean => 1000 % tickMs === 0 || tickMs % 1000 === 0;
    const cases: [number, number, number][] = [
      [40, 40, 40],
      [1000 / 30, 100, 100],
      [62.5, 125, 125],
      [1000 / 7, 1000, 1000],
      [400, 400, 500],
      [800, 800, 1000],
      [1200, 1200, 2000],
      [1000 / 23.976, 42, 50],
    ];
    for (const [period, free, bound] of cases) {
      expect([period, tickForPeriod(period, any)]).toEqual([period, free]);
      expect([period, tickForPeriod(period, secondly)]).toEqual([period, bound]);
    }
    // What the venue format itself takes: Grand Central's own period, and three frames of 25 per second.
    expect([tickForPeriod(800), tickForPeriod(40)]).toEqual([800, 120]);
    expect(() => tickForPeriod(3_600_000)).toThrow(/--fps/);
  });

  it('puts every position strictly inside exactly one zone, and is a valid venue', () => {
    const point = fc.double({ min: -400, max: 400, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(point, point), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 2 }),
        (points, n) => {
          const t = made(
            points.map(([x, y], i) => [i, 0, x, y]),
            25,
            1,
          );
          const venue = venueForRecording(t, {
            org: 'o',
            venue: 'v',
            source: 'cam',
            zones: `grid ${n}x${3 - n}`,
          });
          expect(parseVenue(writeVenue(venue))).toEqual({ ...venue, stairs: [], edges: [] });
          const area = venue.zones.reduce((sum, zone) => sum + zone.areaM2, 0);
          expect(area).toBe(polygonArea(venue.levels[0]!.walkable[0]!));
          for (const [x, y] of points) {
            expect(locatePoint(venue.cameras[0]!.coverage, x, y)).toBe(1);
            const inside = venue.zones.filter((zone) => locatePoint(zone.area, x, y) === 1).length;
            const on = venue.zones.filter((zone) => locatePoint(zone.area, x, y) === 0).length;
            expect(inside === 1 || (inside === 0 && on >= 2)).toBe(true);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('says what is wrong with a description of zones', () => {
    const t = made([[1, 0, 0, 0]], 25, 1);
    const build = (zones: string) => () => venueForRecording(t, { org: 'o', venue: 'v', source: 's', zones });
    expect(build('3x3')).toThrow(/grid 3x3/);
    expect(build('grid 0x3')).toThrow(/grid 3x3/);
    expect(build('grid 9x1')).toThrow(/fewer zones/);
  });

  const station = recording('grand_central', 'grand_central.csv.gz');
  it.skipIf(!station)('Grand Central: 6,001 frames of 0.8 s, every row in one of them', async () => {
    const t = await readTrajectories(station!);
    let frames = 0;
    let positions = 0;
    let most = 0;
    let empty = 0;
    let last = 0;
    for (const frame of trackFrames(t, { startMs: 0 })) {
      expect(frame.epochMs).toBe(frames * 800);
      frames++;
      positions += frame.count;
      most = Math.max(most, frame.count);
      if (frame.count === 0) empty++;
      last = frame.epochMs;
    }
    expect({ frames, positions, most, empty, last }).toEqual({
      frames: 6001,
      positions: 456_410,
      most: 289,
      empty: 260,
      last: 4_800_000,
    });
  });
});
