// Dwell against stays known by construction, DwellTracker and brute force, and the promise that order, doubles, cuts and
// restarts change no byte.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DwellTracker } from '#models/crowd/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { DwellWindow } from '#streams/schema/dwell.ts';
import { dwellKind } from '#streams/schema/registry.ts';
import { decodeTracks, encodeTracks } from '#streams/schema/tracks.ts';
import {
  deliver,
  FRAME_MS,
  framesOf,
  linesOf,
  messagesOf,
  runOut,
  START_MS,
  shuffled,
  smallVenue,
  straight,
  type Walker,
} from '../shared/fixtures/small-venue.ts';
import type { TracksInput } from '../shared/input.ts';
import { DEFAULT_DWELL, DWELL_BOUNDS, type DwellSettings, dwellPartition } from './index.ts';

const venue = smallVenue();
const create = () => dwellPartition(venue);
const run = (inputs: readonly TracksInput[]) => deliver(create, inputs);
const of = (outputs: ReturnType<typeof run>, key: string, metric = 'dwell'): DwellWindow[] =>
  messagesOf(outputs, `win.${metric}.o.small.${key}`, dwellKind.codec.decode);
const at = (windows: readonly DwellWindow[], seconds: number): DwellWindow =>
  windows.find(({ end }) => end === START_MS + seconds * 1000)!;
const seen = (walkers: readonly Walker[], seconds: number, of = venue) => [
  ...framesOf(of, walkers, seconds),
  ...runOut(of, seconds),
];
const standing = (id: number, x: number, fromS: number, toS: number): Walker =>
  straight(id, { x, y: 5, vx: 0, vy: 0 }, fromS, toS);

/** The small venue under the west camera alone, which then sees all of it. */
const oneEye: Venue = {
  ...venue,
  cameras: [{ ...venue.cameras[0]!, coverage: venue.levels[0]!.walkable[0]! }],
};

describe('stays', () => {
  it('last from first to last sight, and end a gap after it', () => {
    const outputs = run(seen([standing(1, 3, 0, 100), standing(2, 4, 10, 40), standing(3, 5, 20, 22)], 60));
    const west = of(outputs, 'west');
    expect(at(west, 39).present).toEqual({ now: 2, mean: expect.any(Number), max: 3 });
    // person 1 last seen at 38.75 s, person 2 at 38.75 - 10 s
    expect(at(west, 39).stay).toEqual({ mean: (38.75 + 28.75) / 2, longest: 38.75 });
    // seen last at 22.0 s, gone for more than 3 s with the tick that ends at 25.5
    expect(at(west, 25).ended!.count).toBe(0);
    expect(at(west, 26).ended).toMatchObject({ count: 1, vanished: 1, mean: 2, longest: 2 });
    const ended = at(west, 44).ended!;
    expect(ended).toMatchObject({ count: 2, vanished: 2, mean: 16, longest: 30 });
    expect(ended.median! / 2).toBeCloseTo(1, 1);
    // the empty zone beside it is known to be empty
    expect(at(of(outputs, 'east'), 44)).toMatchObject({
      present: { now: 0, mean: 0, max: 0 },
      stay: null,
      ended: { count: 0, vanished: 0, mean: null, median: null, p95: null, longest: null },
    });
  });

  it('end seen where the same camera sees the person elsewhere, and vanished where it is handed on', () => {
    // 1 m/s from x = 5.1: leaves zone west at 4.9 s, camera west at 6.9 s
    const outputs = run(seen([straight(1, { x: 5.1, y: 5, vx: 1, vy: 0 }, 0, 12)], 20));
    expect(at(of(outputs, 'west'), 18).ended).toMatchObject({ count: 1, vanished: 0, longest: 4.75 });
    // in camera west's view to 6.75 s, in camera east's from 7 s to the end
    expect(at(of(outputs, 'east'), 20).ended).toMatchObject({ count: 2, vanished: 2, longest: 12 - 7 });
  });

  it('are kept through a loss shorter than the gap, and begin anew with a new id', () => {
    const blinking: Walker = { id: 1, at: (s) => (s % 5 < 2.5 ? { x: 3, y: 5, vx: 0, vy: 0 } : undefined) };
    const renamed = [standing(2, 6, 0, 9.9), standing(3, 6, 10, 30)];
    const west = at(of(run(seen([blinking, ...renamed], 30)), 'west'), 27);
    expect(west.stay!.longest).toBe(26.75);
    expect(west.ended).toMatchObject({ count: 1, longest: 9.75 });
  });
});

describe('loitering', () => {
  const short: DwellSettings = {
    ...DEFAULT_DWELL,
    loiteringS: { ...DEFAULT_DWELL.loiteringS, moving: 20, standing: null },
  };
  const zoned: Venue = {
    ...venue,
    zones: [venue.zones[0]!, { ...venue.zones[1]!, use: 'standing' }],
  };

  it('counts those who stay for as long as the zone’s use allows, and says how long that is', () => {
    const walkers = [
      standing(1, 3, 0, 30),
      standing(2, 4, 5, 90),
      standing(3, 5, 50, 60),
      standing(4, 15, 0, 90),
    ];
    const outputs = deliver(() => dwellPartition(zoned, DWELL_BOUNDS, short), seen(walkers, 60, zoned));
    const west = of(outputs, 'west');
    expect(at(west, 20).loitering).toEqual({ afterS: 20, now: 0, max: 0 });
    expect(at(west, 21).loitering).toEqual({ afterS: 20, now: 1, max: 1 });
    expect(at(west, 26).loitering).toEqual({ afterS: 20, now: 2, max: 2 });
    expect(at(west, 40).loitering).toEqual({ afterS: 20, now: 1, max: 2 });
    expect(at(of(outputs, 'east'), 40)).toMatchObject({ loitering: null, present: { now: 1 } });
  });
});

describe('a camera that cannot see', () => {
  const walkers = [standing(1, 15, 0, 200), standing(2, 16, 0, 20)];
  const outage = (fromS: number, toS: number, change = (input: TracksInput) => input) =>
    seen(walkers, 60).flatMap((input) => {
      const { epochMs } = decodeTracks(input.payload);
      const second = (epochMs - START_MS) / 1000;
      if (input.source !== 1 || second < fromS) return [input];
      return second < toS ? [] : [change(input)];
    });

  it('is unknown, ends no stay, and goes on with those who are still there', () => {
    const east = of(
      deliver(() => dwellPartition({ ...venue, cameras: venue.cameras.slice(1) }), outageOfOne(10, 25)),
      'east',
    );
    expect(at(east, 20)).toMatchObject({ present: { now: null }, stay: null, silent: [] });
    expect(at(east, 26).ended!.count).toBe(0);
    // nobody could see person 2 from 10 s on; it had until 3 s after the camera came back
    expect(at(east, 32)).toMatchObject({ present: { now: 1 }, stay: { longest: 31.75 } });
    expect(at(east, 32).ended).toMatchObject({ count: 1, longest: 9.75 });
  });

  it('forgets everybody when it is away for long or has restarted, and calls none of it an end', () => {
    const long = at(of(run(outage(10, 45)), 'east'), 59);
    expect(long).toMatchObject({ stay: { longest: 58.75 - 45 }, ended: { count: 0 } });
    const restarted = at(of(run(outage(10, 12, renumbered)), 'east'), 59);
    expect(restarted).toMatchObject({ stay: { longest: 58.75 - 12 } });
    const partition = create();
    partition.onBatch(outage(10, 12, renumbered));
    expect(partition.figures!()).toMatchObject({ cut_stays_total: 2 });
  });

  function renumbered(input: TracksInput): TracksInput {
    const frame = decodeTracks(input.payload);
    return { ...input, payload: encodeTracks({ ...frame, seq: frame.seq - 48 }) };
  }

  function outageOfOne(fromS: number, toS: number): TracksInput[] {
    return outage(fromS, toS).flatMap((input) =>
      input.source === 0 ? [] : [{ ...input, source: input.source - 1 }],
    );
  }

  it('and one that sends too seldom still ends stays', () => {
    const rare = seen([standing(1, 3, 0, 10), standing(2, 4, 0, 90)], 60, oneEye).filter(
      ({ payload, source }) => source === 1 || ((decodeTracks(payload).epochMs - START_MS) / 1000) % 4 === 0,
    );
    const window = at(
      of(
        deliver(() => dwellPartition(oneEye), rare),
        'west',
      ),
      60,
    );
    expect(window.ended).toMatchObject({ count: 1, longest: 8 });
  });

  it('is unknown from the beginning where no camera looks', () => {
    const blind = {
      ...venue,
      cameras: venue.cameras.slice(0, 1).map((c) => ({ ...c, coverage: venue.zones[0]!.area })),
    };
    const outputs = deliver(() => dwellPartition(blind), seen([], 10, blind));
    expect(of(outputs, 'east').at(-1)).toMatchObject({
      present: null,
      stay: null,
      loitering: null,
      ended: null,
      completeness: null,
    });
  });
});

const walker = fc.record({
  x: fc.double({ min: 1, max: 19, noNaN: true }),
  y: fc.double({ min: 1, max: 9, noNaN: true }),
  vx: fc.double({ min: -2, max: 2, noNaN: true }),
  vy: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
  startS: fc.double({ min: 0, max: 6, noNaN: true }),
  forS: fc.double({ min: 0, max: 12, noNaN: true }),
  blink: fc.integer({ min: 1, max: 30 }),
});
type Drawn = typeof walker extends fc.Arbitrary<infer T> ? T : never;
const walkersOf = (people: readonly Drawn[]): Walker[] =>
  people.map(({ startS, forS, blink, ...from }, i) => {
    const { at } = straight(i, from, startS, startS + forS);
    // unseen in one of three of its own periods: shorter and longer than the gap
    return { id: i, at: (s) => (Math.floor((s * 4) / blink) % 3 === 1 ? undefined : at(s)) };
  });

it('gives the same bytes in any order within the bound, with doubles, however it is cut and restored', () => {
  fc.assert(
    fc.property(
      fc.array(walker, { maxLength: 12 }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 7, maxLength: 13 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 2, max: 9 }),
      (people, delays, batches, every) => {
        const sorted = seen(walkersOf(people), 12);
        const want = linesOf(run(sorted));
        const doubled = sorted.flatMap((input, i) => (i % 5 === 0 ? [input, input] : [input]));
        const got = linesOf(
          deliver(create, shuffled(doubled, DWELL_BOUNDS.disorderMs, delays), {
            batches,
            restoreAfter: (batch) => batch % every === 0,
          }),
        );
        expect(got.toSorted()).toEqual(want.toSorted());
        expect(want.length).toBeGreaterThan(20);
      },
    ),
    { numRuns: 25 },
  );
});

const SECONDS = 20;

type Place = { readonly x: number; readonly y: number };
/** Positions travel as f32. */
const within = (minX: number, maxX: number) => (place: Place | undefined) => {
  if (place === undefined) return false;
  const [x, y] = [Math.fround(place.x), Math.fround(place.y)];
  return x >= minX && x < maxX && y >= 0 && y < 10;
};

/** Stays in a zone by brute force: sights in time order, cut wherever more than the gap lies between two. */
function staysOf(walkers: readonly Walker[], inside: (place: Place | undefined) => boolean) {
  const stays: { id: number; entered: number; left: number }[] = [];
  for (const { id, at } of walkers) {
    const sights: number[] = [];
    for (let k = 0; k < SECONDS * 4; k++) if (inside(at(k / 4))) sights.push(k * FRAME_MS);
    sights.forEach((ms, i) => {
      const stay = stays.at(-1);
      if (i === 0 || ms - sights[i - 1]! > 3_000) stays.push({ id, entered: ms, left: ms });
      else stay!.left = ms;
    });
  }
  return stays;
}

/** Stays so far, ms, of those who were last seen inside, in one of the last three frames up to `ms`. */
function presentAt(
  walkers: readonly Walker[],
  inside: (place: Place | undefined) => boolean,
  ms: number,
): number[] {
  return walkers.flatMap(({ at }) => {
    const seenAt = (k: number): Place | undefined => {
      const place = at(k / 1000);
      return place !== undefined && place.x >= 0 && place.x <= 20 ? place : undefined;
    };
    let last = ms;
    while (last >= ms - 2 * FRAME_MS && seenAt(last) === undefined) last -= FRAME_MS;
    if (last < Math.max(0, ms - 2 * FRAME_MS) || !inside(seenAt(last))) return [];
    let entered = last;
    for (let k = last; k >= 0 && entered - k <= 3_000; k -= FRAME_MS) if (inside(at(k / 1000))) entered = k;
    return [last - entered];
  });
}

it('says what brute force and DwellTracker say', () => {
  fc.assert(
    fc.property(fc.array(walker, { minLength: 1, maxLength: 12 }), (people) => {
      const walkers = walkersOf(people);
      const outputs = deliver(() => dwellPartition(oneEye), seen(walkers, SECONDS, oneEye));
      for (const [key, inside] of [
        ['west', within(0, 10)],
        ['east', within(10, 20)],
      ] as const) {
        const stays = staysOf(walkers, inside);
        const windows = of(outputs, key);
        const tracker = new DwellTracker();
        let ended = 0;
        for (let ms = 0; ms < SECONDS * 1000; ms += FRAME_MS) {
          const ids = walkers.flatMap(({ id, at }) => {
            return inside(at(ms / 1000)) ? [id] : [];
          });
          ended += tracker.update(ms / 1000, ids).length;
          if ((ms + FRAME_MS) % 1000 !== 0) continue;
          // the window's end is a frame later than the newest frame in it
          const end = ms + FRAME_MS;
          ended += tracker.update(end / 1000, []).length;
          const window = at(windows, end / 1000);
          const over = stays.filter(({ left }) => end - left > 3_000);
          expect(window.ended!.count).toBe(ended);
          if (end === SECONDS * 1000) expect(window.ended!.count).toBe(over.length);
          const sofar = presentAt(walkers, inside, end - FRAME_MS);
          expect(window.present!.now).toBe(sofar.length);
          if (sofar.length === 0) expect(window.stay).toBeNull();
          else {
            expect(window.stay!.longest).toBe(Math.max(...sofar) / 1000);
            // Published in whole milliseconds.
            const mean = sofar.reduce((x, y) => x + y) / sofar.length / 1000;
            expect(Math.abs(window.stay!.mean - mean)).toBeLessThanOrEqual(0.0005 + 1e-9);
          }
          const lengths = over.map(({ entered, left }) => (left - entered) / 1000);
          if (end === SECONDS * 1000 && lengths.length > 0) {
            expect(window.ended!.longest).toBe(Math.max(...lengths));
            expect(window.ended!.mean).toBeCloseTo(lengths.reduce((a, b) => a + b) / lengths.length, 1);
            const median = lengths.toSorted((a, b) => a - b)[(lengths.length - 1) >> 1]!;
            expect(Math.abs(window.ended!.median! - median)).toBeLessThanOrEqual(0.0101 * median);
          }
        }
      }
    }),
    { numRuns: 30 },
  );
});

it('takes the finest tick a venue may have', () => {
  expect(() => dwellPartition({ ...venue, tickMs: 100 })).not.toThrow();
});
