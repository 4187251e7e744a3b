// Unusual places over a density raster: found where and when they were injected, none invented from noise, from one wild
// block or from floor that nobody sees; and a restart changes nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnomalyInputError } from './index.ts';
import {
  describeFinding,
  motionSpeed,
  RASTER_UNIT,
  RASTER_UNKNOWN,
  RASTER_WALL,
  RasterDetector,
  type RasterFrame,
  type RasterResult,
} from './raster.ts';
import { hideWestOf, SCENE, Scene } from './raster-scene.ts';
import { blocksOf, SlotSums } from './raster-slot.ts';

const START = Date.UTC(2025, 5, 1, 12);
const none = () => 'none' as const;

function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A raster of `side` x `side` m with persons at the places given. */
function rasterOf(
  epochMs: number,
  sideM: number,
  persons: readonly (readonly [number, number])[],
): RasterFrame {
  const { cellM, sigmaM } = SCENE;
  const side = Math.round(sideM / cellM);
  const field = new Float64Array(side * side);
  const bell = (first: number, at: number): number[] =>
    Array.from({ length: 9 }, (_, k) =>
      Math.exp(-(((first + k + 0.5) * cellM - at) ** 2) / (2 * sigmaM ** 2)),
    );
  for (const [x, y] of persons) {
    const column = Math.floor(x / cellM) - 4;
    const row = Math.floor(y / cellM) - 4;
    const across = bell(column, x);
    const up = bell(row, y);
    for (let r = Math.max(0, row); r < Math.min(side, row + 9); r += 1)
      for (let c = Math.max(0, column); c < Math.min(side, column + 9); c += 1)
        field[r * side + c] += (across[c - column] * up[r - row]) / (2 * Math.PI * sigmaM ** 2);
  }
  const cells = Uint16Array.from(field, (density) => Math.round(density / RASTER_UNIT));
  return { epochMs, kernel: 'gaussian', width: side, height: side, cellM, originX: 100, originY: -50, cells };
}

/** About one person in 10 m2, each walking its own way and turning round at the rim. */
function crowd(seed: number, sideM: number, density = 0.1) {
  const random = uniforms(seed);
  const persons = Array.from({ length: Math.round(density * sideM * sideM) }, () => ({
    x: sideM * random(),
    y: sideM * random(),
    direction: 2 * Math.PI * random(),
  }));
  return {
    persons,
    step(speed: (x: number, y: number) => number): (readonly [number, number])[] {
      for (const one of persons) {
        one.direction += 0.2 * (random() - 0.5);
        const v = speed(one.x, one.y);
        const x = one.x + v * Math.cos(one.direction);
        const y = one.y + v * Math.sin(one.direction);
        if (x < 1 || y < 1 || x > sideM - 1 || y > sideM - 1) one.direction += Math.PI / 2;
        else [one.x, one.y] = [x, y];
      }
      return persons.map(({ x, y }) => [x, y] as const);
    },
  };
}

/** Slots of an ordinary half hour with what `change` makes of each second's persons. */
function watch(
  seconds: number,
  change: (second: number, persons: (readonly [number, number])[]) => (readonly [number, number])[],
  speed: (second: number, x: number, y: number) => number = () => 1.2,
  tellSpeed = false,
): RasterResult[] {
  const all = crowd(5, 40, tellSpeed ? 0.3 : 0.1);
  const detector = new RasterDetector();
  const results: RasterResult[] = [];
  for (let second = 0; second < seconds; second += 1) {
    const persons = change(
      second,
      all.step((x, y) => speed(second, x, y)),
    );
    // Two rasters a second apart tell a speed; one alone, in five, tells persons for less work.
    if ((second + 1) % 5 > (tellSpeed ? 1 : 0)) continue;
    results.push(...detector.update(rasterOf(START + 1000 * (second + 1), 40, persons), none));
  }
  return results;
}

const alarmsOf = (results: readonly RasterResult[]) =>
  results.flatMap(({ endMs, findings }) =>
    findings.filter(({ alarm }) => alarm).map((f) => ({ endMs, ...f })),
  );
/** Half an hour of ordinary life comes first, s. */
const ORDINARY_S = 1800;
const square = (x: number, y: number, count: number): (readonly [number, number])[] =>
  Array.from({ length: count }, (_, i) => [x + 0.6 * (i % 6), y + 0.6 * Math.floor(i / 6)] as const);

describe('speed from two rasters', () => {
  it('is right within 12 % (who turns at the rim stands for a step) for persons placed at random, at any density up to 2 p/m2', () => {
    for (const density of [0.02, 0.5, 2]) {
      for (const speed of [0.2, 0.6, 1.2]) {
        const people = crowd(3, 40, density);
        const blocks = blocksOf({ width: 80, height: 80, cellM: 0.5 }, 2);
        const sums = new SlotSums(blocks, 80, 80);
        for (let s = 1; s <= 6; s += 1)
          sums.add(
            rasterOf(
              START + 1000 * s,
              40,
              people.step(() => speed),
            ),
            2000,
          );
        const total = (of: Float64Array): number => of.reduce((a, b) => a + b);
        const motion = (4 * Math.PI * 0.25 * total(sums.squares) * RASTER_UNIT) / total(sums.both);
        const measured = motionSpeed(motion, SCENE.sigmaM, 1);
        expect(Math.abs(measured / speed - 1), `${speed} m/s at ${density} p/m2: ${measured}`).toBeLessThan(
          0.12,
        );
      }
    }
  });

  it('is what the displacement of one blob says, whatever its size', () => {
    for (const d of [0.1, 0.5, 1, 1.5]) {
      const motion = 1 - Math.exp(-(d * d) / (4 * 0.25));
      expect(motionSpeed(motion, 0.5, 1)).toBeCloseTo(d, 9);
      expect(motionSpeed(motion, 0.5, 2)).toBeCloseTo(d / 2, 9);
    }
    expect(motionSpeed(0, 0.5, 1)).toBe(0);
    expect(motionSpeed(1.2, 0.5, 1)).toBeGreaterThan(2);
  });
});

describe('a raster detector', () => {
  it('finds a crowd that gathers, says where, once; not that it stays', () => {
    const results = watch(ORDINARY_S + 120, (second, persons) =>
      second < ORDINARY_S ? persons : [...persons, ...square(10, 20, Math.min(36, second - ORDINARY_S))],
    );
    const alarms = alarmsOf(results);
    expect(alarms.filter(({ endMs }) => endMs <= START + 1000 * ORDINARY_S)).toEqual([]);
    const [first] = alarms.filter(({ kind }) => kind === 'unexpected-crowd');
    expect(first.endMs - START - 1000 * ORDINARY_S).toBeLessThanOrEqual(40_000);
    expect(first.score).toBeGreaterThanOrEqual(0.5);
    // Metres of the raster's own frame: its corner is at (100, -50).
    expect(Math.hypot(first.x - 111.5, first.y + 28.5)).toBeLessThan(3);
    expect(first.persons).toBeGreaterThan(first.usualPersons + 8);
    expect(describeFinding(first)).toMatch(
      /^unexpected crowd: \d+ persons where \d+ are usual, \d+ m2 around/,
    );
    const last = results.at(-1)!.findings.find(({ kind }) => kind === 'unexpected-crowd')!;
    expect([last.alarm, last.sinceMs]).toEqual([false, first.endMs]);
    expect(last.score).toBeLessThan(0.5);
    expect(alarms.filter(({ kind }) => kind === 'unexpected-crowd').length).toBeLessThanOrEqual(2);
  });

  it('finds a place that empties', () => {
    const seats = square(20, 20, 36);
    const results = watch(ORDINARY_S + 60, (second, persons) =>
      second < ORDINARY_S
        ? [...persons, ...seats]
        : persons.filter(([x, y]) => Math.hypot(x - 22, y - 22) > 4),
    );
    const [first, ...rest] = alarmsOf(results);
    expect([first.kind, rest.length]).toEqual(['emptying', 0]);
    expect(first.endMs - START - 1000 * ORDINARY_S).toBeLessThanOrEqual(20_000);
    expect(first.persons).toBeLessThan(first.usualPersons - 8);
    expect(Math.hypot(first.x - 121.5, first.y + 28.5)).toBeLessThan(3);
  });

  it('raises one alarm when a stand empties in several places at once, and names them all', () => {
    const stands = [square(6, 6, 36), square(20, 20, 36), square(32, 8, 36)];
    const results = watch(ORDINARY_S + 90, (second, persons) => [
      ...persons,
      ...stands.flatMap((stand, i) => (second < ORDINARY_S + 20 * i ? stand : [])),
    ]);
    expect(alarmsOf(results).map(({ kind }) => kind)).toEqual(['emptying']);
    const since = results.flatMap(({ findings }) => findings).filter(({ sinceMs }) => sinceMs !== undefined);
    expect(new Set(since.map(({ x }) => Math.round(x / 10)))).toEqual(new Set([11, 12, 13]));
    expect(new Set(since.map(({ sinceMs }) => sinceMs)).size).toBe(1);
  });

  it('finds people who stand where people walk, and says how fast they are', () => {
    const at = (x: number, y: number): boolean => Math.hypot(x - 30, y - 30) < 7;
    const results = watch(
      ORDINARY_S + 240,
      (_, persons) => persons,
      (second, x, y) => (second >= ORDINARY_S && at(x, y) ? 0.03 : 1.2),
      true,
    );
    const first = alarmsOf(results).find(({ kind }) => kind === 'stopped-flow')!;
    expect(first.endMs).toBeGreaterThan(START + 1000 * ORDINARY_S);
    expect(first.speed).toBeLessThan(0.5);
    expect(first.usualSpeed).toBeGreaterThan(0.9);
    expect(Math.hypot(first.x - 130, first.y + 20)).toBeLessThan(7);
  });

  it('takes floor that nobody sees for unknown, never for empty', () => {
    const seats = square(4, 20, 36);
    const detector = new RasterDetector();
    const people = crowd(5, 40);
    const results: RasterResult[] = [];
    for (let second = 5; second <= ORDINARY_S + 300; second += 5) {
      const frame = rasterOf(START + 1000 * second, 40, [...people.step(() => 4), ...seats]);
      const seen =
        second <= ORDINARY_S
          ? frame
          : second <= ORDINARY_S + 120
            ? hideWestOf(frame, 15)
            : second <= ORDINARY_S + 180
              ? hideWestOf(frame, 100)
              : frame;
      results.push(...detector.update(seen, none));
    }
    expect(alarmsOf(results)).toEqual([]);
    expect(results.flatMap(({ findings }) => findings).filter(({ kind }) => kind === 'emptying')).toEqual([]);
    const between = (from: number, to: number) =>
      results.filter(({ endMs }) => endMs > START + 1000 * from && endMs <= START + 1000 * to);
    for (const { known, state } of between(ORDINARY_S, ORDINARY_S + 120)) {
      expect(known).toBeCloseTo(1 - 15 / 40, 6);
      expect(state).toBe('watching');
    }
    const dark = between(ORDINARY_S + 120, ORDINARY_S + 180);
    expect(dark).toHaveLength(6);
    for (const { state, score, known, alarm } of dark)
      expect([state, score, known, alarm]).toEqual(['unknown', Number.NaN, 0, false]);
  });

  it('takes one wild block for noise, whatever it says', () => {
    const random = uniforms(8);
    const detector = new RasterDetector();
    const people = crowd(5, 40);
    const results: RasterResult[] = [];
    for (let second = 5; second <= ORDINARY_S + 600; second += 5) {
      const frame = rasterOf(
        START + 1000 * second,
        40,
        people.step(() => 4),
      );
      if (second > ORDINARY_S && Math.floor(second / 10) % 3 === 0) {
        // The block at columns and rows 40 to 43: up to 65 p/m2, which no crowd has.
        const value = Math.round(60_000 * random());
        for (let r = 40; r < 44; r += 1)
          for (let c = 40; c < 44; c += 1) frame.cells[r * frame.width + c] = value;
      }
      results.push(...detector.update(frame, none));
    }
    expect(alarmsOf(results)).toEqual([]);
  });

  it('raises next to no alarm from chance alone, over thousands of blocks and slots', () => {
    // Each block's persons drawn anew in each slot: nothing ever happens. 2,500 blocks, 1,000 slots.
    const random = uniforms(21);
    const side = 50;
    const means = Float64Array.from({ length: side * side }, () => 3 * random() ** 3);
    const poisson = (mean: number): number => {
      let count = 0;
      for (let left = Math.exp(-mean), p = random(); p > left; p *= random()) count += 1;
      return count;
    };
    const detector = new RasterDetector({ blockM: 2 });
    let alarms = 0;
    for (let slot = 1; slot <= 1000; slot += 1) {
      const cells = Uint16Array.from(means, (mean) => Math.round(poisson(mean) / 4 / RASTER_UNIT));
      const frame: RasterFrame = {
        epochMs: START + 10_000 * slot,
        kernel: 'gaussian',
        width: side,
        height: side,
        cellM: 2,
        originX: 0,
        originY: 0,
        cells,
      };
      alarms += alarmsOf(detector.update(frame, none)).length;
    }
    expect(alarms).toBeLessThanOrEqual(2);
  }, 30_000);

  it('goes on after a restart exactly as it would have, from any cut, with the same bytes', () => {
    const make = () => new Scene({ seed: 77, evenings: 2, anomalies: 1, eveningS: 600, crowd: 150 });
    const scene = make();
    const whole: RasterResult[] = [];
    const one = new RasterDetector();
    const frames: RasterFrame[] = [];
    for (const frame of scene.rasters()) {
      frames.push({ ...frame, cells: frame.cells.slice() });
      whole.push(...one.update(frame, scene.phaseAt));
    }
    expect(whole.length).toBe(120);
    fc.assert(
      fc.property(fc.array(fc.nat(frames.length), { minLength: 1, maxLength: 4 }), (cuts) => {
        let detector = new RasterDetector();
        const results: RasterResult[] = [];
        frames.forEach((frame, i) => {
          if (cuts.includes(i)) {
            const bytes = detector.snapshot();
            detector = RasterDetector.restore(bytes);
            expect(Buffer.compare(detector.snapshot(), bytes)).toBe(0);
          }
          results.push(...detector.update(frame, scene.phaseAt));
        });
        expect(results).toEqual(whole);
        expect(Buffer.compare(detector.snapshot(), one.snapshot())).toBe(0);
      }),
      { numRuns: 4 },
    );
  }, 30_000);

  it('passes over what is not newer, and begins again when the raster has another shape', () => {
    const detector = new RasterDetector();
    const people = crowd(5, 20);
    for (let second = 1; second <= 400; second += 1)
      detector.update(
        rasterOf(
          START + 1000 * second,
          20,
          people.step(() => 1),
        ),
        none,
      );
    const before = detector.bytes;
    expect(detector.update(rasterOf(START + 399_000, 20, []), none)).toEqual([]);
    expect(detector.figures).toEqual({ late: 1, resets: 0 });
    const results: RasterResult[] = [];
    for (let second = 401; second <= 420; second += 1)
      results.push(...detector.update(rasterOf(START + 1000 * second, 24, []), none));
    expect(detector.figures).toEqual({ late: 1, resets: 1 });
    expect(results.map(({ state }) => state)).toEqual(['learning', 'learning']);
    expect(before).toBeLessThan(16 * 40 * 40);
  });

  it('refuses what it cannot judge', () => {
    const frame = rasterOf(START, 10, []);
    const detector = new RasterDetector();
    expect(() => detector.update({ ...frame, epochMs: Number.NaN }, none)).toThrow(AnomalyInputError);
    expect(() => detector.update({ ...frame, width: 7 }, none)).toThrow(/7 x 20 cells/);
    expect(() => new RasterDetector({ bar: 0 })).toThrow(/bar must be/);
    expect(() => new RasterDetector({ sampleMs: 20_000 })).toThrow(/sampleMs/);
    detector.update(frame, none);
    const bytes = detector.snapshot();
    for (const wrong of [new Uint8Array(3), bytes.subarray(0, bytes.length - 1), bytes.subarray(4)])
      expect(() => RasterDetector.restore(wrong)).toThrow(AnomalyInputError);
    const walls = { ...frame, cells: frame.cells.map(() => RASTER_WALL) };
    expect(new RasterDetector().update({ ...walls, epochMs: START + 10_000 }, none)[0].state).toBe('unknown');
    expect(RASTER_UNKNOWN).toBe(0xffff);
  });
});

describe('injected anomalies', () => {
  it('of a seed on which nothing was chosen are found, with few alarms beside them', () => {
    const scene = new Scene({
      seed: 901,
      evenings: 3,
      anomalies: 2,
      eveningS: 3000,
      crowd: 600,
      sparse: true,
    });
    const detector = new RasterDetector();
    const found = new Set<number>();
    let elsewhere = 0;
    for (const frame of scene.rasters()) {
      for (const { endMs, startMs, findings } of detector.update(frame, scene.phaseAt)) {
        const present = scene.anomalies.findIndex((a) => endMs > a.fromMs && startMs <= a.toMs + 60_000);
        for (const { x, y, alarm } of findings) {
          if (!alarm) continue;
          if (present < 0) elsewhere += 1;
          else if (Math.hypot(x - scene.anomalies[present].x, y - scene.anomalies[present].y) < 10)
            found.add(present);
        }
      }
    }
    expect(scene.anomalies.length).toBeGreaterThanOrEqual(6);
    expect(found.size / scene.anomalies.length).toBeGreaterThanOrEqual(0.6);
    expect(elsewhere).toBeLessThanOrEqual(2);
  }, 60_000);
});
