// Warning signs on analytic scenes whose answers are reckoned by hand.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addToGrid,
  addVelocity,
  congestion,
  counterflow,
  createGrid,
  crowdPressure,
  DwellTracker,
  detectOscillation,
  dispersal,
  emptyMoments,
  gridProfile,
  isStopAndGo,
  isTurbulent,
  levelByDensity,
  levelByFlow,
  mergeMoments,
  velocityRotor,
  velocityVariance,
} from './index.ts';

/** Persons on a lattice of half metres over the box, with a velocity field. */
function field(
  size: number,
  velocity: (x: number, y: number) => readonly [number, number],
): { x: number[]; y: number[]; vx: number[]; vy: number[] } {
  const out = { x: [] as number[], y: [] as number[], vx: [] as number[], vy: [] as number[] };
  for (let i = 0; i < 2 * size; i++) {
    for (let j = 0; j < 2 * size; j++) {
      const [x, y] = [i / 2 + 0.25, j / 2 + 0.25];
      const [vx, vy] = velocity(x, y);
      out.x.push(x);
      out.y.push(y);
      out.vx.push(vx);
      out.vy.push(vy);
    }
  }
  return out;
}

describe('level of service', () => {
  it.each([
    [0, 'A'],
    [1 / 3.25, 'A'],
    [0.4, 'B'],
    [0.6, 'C'],
    [1, 'D'],
    [2, 'E'],
    [2.18, 'F'],
    [7, 'F'],
  ])('walking at %s persons per m2 is %s', (density, level) => expect(levelByDensity(density)).toBe(level));
  it('standing at 2.18 persons per m2 is only D', () => expect(levelByDensity(2.18, 'standing')).toBe('D'));
  it.each([
    [23, 'A'],
    [23.1, 'B'],
    [49, 'C'],
    [66, 'D'],
    [82, 'E'],
    [82.1, 'F'],
  ])('%s persons per metre and minute is %s', (flow, level) => expect(levelByFlow(flow)).toBe(level));
  it('refuses what is no density', () => {
    expect(() => levelByDensity(-1)).toThrow(/from 0/);
    expect(() => levelByFlow(Number.NaN)).toThrow(/from 0/);
    expect(() => levelByFlow(1, [1, 2, 2, 3, 4])).toThrow(/five rising/);
  });
});

describe('crowd pressure', () => {
  it('is density times the mean squared deviation of velocity', () => {
    const m = emptyMoments();
    // mean (1, 0); deviations (1,0), (-1,0), (0,1), (0,-1): variance 1
    for (const [vx, vy] of [
      [2, 0],
      [0, 0],
      [1, 1],
      [1, -1],
    ])
      addVelocity(m, vx, vy);
    addVelocity(m, Number.NaN, 0);
    expect(velocityVariance(m)).toBe(1);
    expect(crowdPressure(4, m)).toBe(4);
    expect(crowdPressure(4, m, 0.75)).toBe(1);
  });
  it('of uniform flow is 0, below two velocities unknown', () => {
    const m = emptyMoments();
    addVelocity(m, 1.2, -0.4);
    expect(crowdPressure(5, m)).toBeNaN();
    expect(isTurbulent(crowdPressure(5, m))).toBeUndefined();
    addVelocity(m, 1.2, -0.4);
    expect(crowdPressure(5, m)).toBeCloseTo(0, 12);
    expect(isTurbulent(0.021)).toBe(true);
    expect(isTurbulent(0.02)).toBe(false);
  });
  it('of merged panes is that of all samples, in any split', () => {
    const v = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(v, v), { minLength: 2, maxLength: 50 }), fc.nat(), (samples, cut) => {
        const [a, b, all] = [emptyMoments(), emptyMoments(), emptyMoments()];
        samples.forEach(([vx, vy], i) => {
          addVelocity(i < cut % samples.length ? a : b, vx, vy);
          addVelocity(all, vx, vy);
        });
        mergeMoments(a, b);
        expect(velocityVariance(a)).toBeCloseTo(velocityVariance(all), 9);
        const mx = samples.reduce((s, [x]) => s + x, 0) / samples.length;
        const my = samples.reduce((s, [, y]) => s + y, 0) / samples.length;
        const direct = samples.reduce((s, [x, y]) => s + (x - mx) ** 2 + (y - my) ** 2, 0) / samples.length;
        expect(velocityVariance(a)).toBeCloseTo(direct, 9);
      }),
    );
  });
  it('on a grid keeps cells apart', () => {
    const grid = createGrid({ minX: 0, minY: 0, maxX: 2, maxY: 1 }, 1);
    const cells = [emptyMoments(), emptyMoments()];
    addToGrid(
      cells,
      grid,
      [0.5, 0.6, 1.5, 1.6, 9],
      [0.5, 0.5, 0.5, 0.5, 0.5],
      [1, 1, 1, -1, 5],
      [0, 0, 0, 0, 5],
    );
    expect(cells.map((c) => velocityVariance(c))).toEqual([0, 1]);
  });
});

describe('congestion', () => {
  const grid = createGrid({ minX: 0, minY: 0, maxX: 8, maxY: 8 }, 1);
  const measure = (velocity: (x: number, y: number) => readonly [number, number]) => {
    const f = field(8, velocity);
    const p = gridProfile(grid, f.x, f.y, f.vx, f.vy);
    return congestion(grid, Float64Array.from(p.vx), Float64Array.from(p.vy), 4);
  };
  it('of uniform flow is 0', () => expect(measure(() => [1, 0.5])?.level).toBe(0));
  it('of a rigid rotation is 0: its rotor is 2 omega everywhere', () => {
    const f = field(8, (x, y) => [-0.25 * (y - 4), 0.25 * (x - 4)]);
    const p = gridProfile(grid, f.x, f.y, f.vx, f.vy);
    const rotor = velocityRotor(grid, p.vx, p.vy).filter((r) => !Number.isNaN(r));
    expect(rotor).toHaveLength(36);
    for (const r of rotor) expect(r).toBeCloseTo(0.5, 6);
    expect(measure((x, y) => [-0.25 * (y - 4), 0.25 * (x - 4)])?.level).toBeCloseTo(0, 6);
  });
  it('of a flow bending over its width is the range of the bend over the mean speed', () => {
    // v = (y^2 / 8, 0): rotor -y / 4, at the inner cell centres y = 1.5 .. 6.5 a range of 1.25 1/s.
    // Cell mean of y^2 over rows at +-0.25 m is y^2 + 1/16; mean over y = 0.5 .. 7.5 is 21.25 + 1/16 = 21.3125.
    const c = measure((_, y) => [(y * y) / 8, 0]);
    expect(c?.rotorMax).toBeCloseTo(-1.5 / 4, 5);
    expect(c?.rotorMin).toBeCloseTo(-6.5 / 4, 5);
    expect(c?.meanSpeed).toBeCloseTo(21.3125 / 8, 5);
    expect(c?.level).toBeCloseTo(1.25 / (21.3125 / 8), 5);
    expect(c?.danger).toBeCloseTo((4 * 1.25) / (21.3125 / 8), 4);
    expect(c?.number).toBeCloseTo(1.25 / (21.3125 / 8), 5);
  });
  it('is unknown when nobody moves or no cell has four known neighbours', () => {
    expect(measure(() => [0, 0])).toBeUndefined();
    const p = gridProfile(grid, [1.5], [1.5], [1], [0]);
    expect(congestion(grid, p.vx, p.vy, 1)).toBeUndefined();
  });
});

describe('collective oscillation', () => {
  const series = (seconds: number, hz: number, v: (t: number) => readonly [number, number]) => {
    const t = Array.from({ length: seconds * hz + 1 }, (_, k) => k / hz);
    return { t, vx: t.map((s) => v(s)[0]), vy: t.map((s) => v(s)[1]) };
  };
  const w = (2 * Math.PI) / 18;
  it('finds a circling crowd of 18 s with its amplitude and sense', () => {
    const s = series(60, 2, (t) => [0.3 * Math.cos(w * t), 0.3 * Math.sin(w * t)]);
    const o = detectOscillation(s.t, s.vx, s.vy);
    if (o.state !== 'oscillating') throw new Error(`not found: ${JSON.stringify(o)}`);
    expect(o.frequency).toBeCloseTo(1 / 18, 2);
    expect(o.amplitude).toBeCloseTo(0.3 * Math.SQRT2, 1);
    expect(o.chirality).toBeGreaterThan(0.95);
    expect(o.share).toBeGreaterThan(0.9);
    const mirrored = detectOscillation(
      s.t,
      s.vx,
      s.vy.map((v) => -v),
    );
    expect(mirrored.state === 'oscillating' && mirrored.chirality).toBeLessThan(-0.95);
  });
  it('finds it through drift, noise and missing samples; a swing along a line has no sense', () => {
    let seed = 7;
    const noise = (): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return (seed / 2 ** 31 - 0.5) * 0.2;
    };
    const s = series(80, 2, (t) => [
      0.2 * Math.sin(w * t) + 0.002 * t + noise(),
      0.1 * Math.sin(w * t) + noise(),
    ]);
    s.vx[20] = Number.NaN;
    for (let k = 60; k < 70; k++) s.vy[k] = Number.NaN;
    const o = detectOscillation(s.t, s.vx, s.vy);
    if (o.state !== 'oscillating') throw new Error(`not found: ${JSON.stringify(o)}`);
    expect(Math.abs(o.frequency - 1 / 18)).toBeLessThan(0.005);
    expect(Math.abs(o.chirality)).toBeLessThan(0.2);
  });
  it('finds it two periods after an orderly crowd began to swing, whatever was before', () => {
    const begun = (seconds: number) =>
      series(seconds, 2, (t) =>
        t < 70 ? [0.3, 0] : [0.1 * Math.sin(w * (t - 70)), 0.1 * Math.cos(w * (t - 70))],
      );
    const at = (seconds: number) => {
      const s = begun(seconds);
      return detectOscillation(s.t, s.vx, s.vy).state;
    };
    expect(at(70 + 15)).toBe('still');
    expect(at(70 + 36)).toBe('oscillating');
  });
  it('is not taken in by one slow stop and start, nor by noise that wanders', () => {
    let seed = 3;
    const uniform = (): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return (seed + 0.5) / 2 ** 31;
    };
    for (const width of [3, 6, 9, 12]) {
      const stop = (t: number) => 0.5 - 0.5 / (1 + ((t - 60) / width) ** 4);
      for (let seconds = 68; seconds <= 110; seconds += 3) {
        const s = series(seconds, 2, (t) => [stop(t), 0]);
        expect(detectOscillation(s.t, s.vx, s.vy).state).toBe('still');
      }
    }
    let [a, b] = [0, 0];
    const step = () => 0.05 * (uniform() - 0.5);
    const wander = series(1_000, 2, () => {
      a = 0.97 * a + step();
      b = 0.97 * b + step();
      return [a, b];
    });
    let called = 0;
    for (let end = 140; end < wander.t.length; end += 10) {
      const cut = (column: number[]) => column.slice(end - 140, end);
      if (detectOscillation(cut(wander.t), cut(wander.vx), cut(wander.vy)).state !== 'still') called++;
    }
    expect(called).toBe(0);
  });
  it('is still for uniform flow, white noise, a step, and a fast sway of 1 Hz', () => {
    let seed = 11;
    const noise = (): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed / 2 ** 31 - 0.5;
    };
    const cases: ((t: number) => readonly [number, number])[] = [
      () => [1, 0],
      () => [noise(), noise()],
      (t) => [t < 40 ? 0 : 0.5, 0],
      (t) => [t < 30 ? 0.4 : 1.2, t < 55 ? 0 : 0.8],
      (t) => [0.3 * Math.sin(2 * Math.PI * t), 0],
    ];
    for (const v of cases) {
      const s = series(80, 4, v);
      expect(detectOscillation(s.t, s.vx, s.vy).state).toBe('still');
    }
  });
  it('says unknown, not still, until the whole band could be looked at, or when samples are too few', () => {
    const s = series(15, 2, (t) => [0.3 * Math.cos(w * t), 0]);
    expect(detectOscillation(s.t, s.vx, s.vy)).toMatchObject({ state: 'unknown' });
    const slow = series(66, 2, () => [0.3, 0]);
    expect(detectOscillation(slow.t, slow.vx, slow.vy)).toMatchObject({ state: 'unknown' });
    const enough = series(67, 2, () => [0.3, 0]);
    expect(detectOscillation(enough.t, enough.vx, enough.vy)).toMatchObject({ state: 'still' });
    const rare = series(80, 2, (t) => [0.3 * Math.cos(w * t), 0]);
    const holes = rare.vx.map((v, k) => (k % 16 === 0 ? v : Number.NaN));
    expect(detectOscillation(rare.t, holes, rare.vy)).toMatchObject({ state: 'unknown' });
    expect(() => detectOscillation([1, 1], [0, 0], [0, 0])).toThrow(/times must rise/);
  });
});

describe('counterflow', () => {
  it('is 0 one way, 1 in balance, and the share in between', () => {
    expect(counterflow([1, 2, 1], [0, 0, 0])?.index).toBe(0);
    expect(counterflow([1, -1, 2, -2], [0, 0, 0, 0])?.index).toBeCloseTo(1, 12);
    // 3 m/s forward, 1 back: 1 - 2/4
    expect(counterflow([1, 2, -1, Number.NaN], [0, 0, 0, 0])?.index).toBeCloseTo(0.5, 12);
  });
  it('finds the axis of motion itself, or takes the one given', () => {
    const c = counterflow([1, -1], [1, -1]);
    expect(Math.abs(c?.axisX ?? 0)).toBeCloseTo(Math.SQRT1_2, 12);
    expect(c?.index).toBeCloseTo(1, 12);
    expect(counterflow([1, -1], [1, 1], [0, 5])?.index).toBe(0);
  });
  it('is unknown when nobody moves along the axis', () => {
    expect(counterflow([0, 0], [0, 0])).toBeUndefined();
    expect(counterflow([1], [0], [0, 1])).toBeUndefined();
  });
  it('does not change when the scene is turned', () => {
    const v = fc.double({ min: -2, max: 2, noNaN: true });
    const angle = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(v, v), { minLength: 1, maxLength: 30 }), angle, (list, a) => {
        const [c, s] = [Math.cos(a), Math.sin(a)];
        const vx = list.map((p) => p[0]);
        const vy = list.map((p) => p[1]);
        const turnedX = list.map((p) => c * p[0] - s * p[1]);
        const turnedY = list.map((p) => s * p[0] + c * p[1]);
        const before = counterflow(vx, vy, [1, 0]);
        const after = counterflow(turnedX, turnedY, [c, s]);
        // a velocity exactly across the axis may round to either side of it
        if (before && before.forward + before.backward > 1e-9)
          expect(after?.index).toBeCloseTo(before.index, 6);
      }),
    );
  });
});

describe('dispersal', () => {
  it('of v = k (r - c) + drift is k', () => {
    const f = field(4, (x, y) => [0.2 * (x - 2) + 1, 0.2 * (y - 2) - 3]);
    const d = dispersal(f.x, f.y, f.vx, f.vy);
    expect(d?.rate).toBeCloseTo(0.2, 12);
    expect(d?.outwardShare).toBe(1);
  });
  it('of a rotation is 0, of a gathering negative', () => {
    const turn = field(4, (x, y) => [-(y - 2), x - 2]);
    expect(dispersal(turn.x, turn.y, turn.vx, turn.vy)?.rate).toBeCloseTo(0, 12);
    const flock = field(4, (x, y) => [2 - x, 2 - y]);
    expect(dispersal(flock.x, flock.y, flock.vx, flock.vy)?.rate).toBeCloseTo(-1, 12);
  });
  it('needs three persons who are not on one point', () => {
    expect(dispersal([0, 1], [0, 0], [1, 1], [0, 0])).toBeUndefined();
    expect(dispersal([1, 1, 1], [2, 2, 2], [1, 0, 0], [0, 1, 0])).toBeUndefined();
  });
});

it('stop-and-go is a low outflow in a dense crowd; either alone is not, unknown is not a no', () => {
  expect(isStopAndGo(0.79, 3.6)).toBe(true);
  expect(isStopAndGo(0.8, 3.6)).toBe(false);
  expect(isStopAndGo(0.1, 3.5)).toBe(false);
  expect(isStopAndGo(Number.NaN, 5)).toBeUndefined();
  expect(isStopAndGo(0.9, 3, { flow: 1, density: 2 })).toBe(true);
});

describe('dwell and loitering', () => {
  it('keeps a stay through a short loss and ends it after the gap', () => {
    const d = new DwellTracker({ gap: 2, loitering: 10 });
    expect(d.update(0, [1, 2])).toEqual([]);
    expect(d.update(1, [1])).toEqual([]);
    expect(d.update(2, [1, 2])).toEqual([]);
    expect(d.update(4, [1])).toEqual([]);
    expect(d.update(5, [1])).toEqual([{ id: 2, entered: 0, left: 2 }]);
    expect(d.summary()).toEqual({ persons: 1, mean: 5, longest: 5 });
  });
  it('names loiterers, longest first, and starts anew for one who returns', () => {
    const d = new DwellTracker({ gap: 2, loitering: 10 });
    for (let t = 0; t <= 12; t++) d.update(t, t < 2 ? [7] : t < 9 ? [7, 8] : [7, 8, 9]);
    expect(d.loiterers()).toEqual([
      { id: 7, seconds: 12 },
      { id: 8, seconds: 10 },
    ]);
    expect(d.update(20, [7])).toHaveLength(3);
    expect(d.loiterers()).toEqual([]);
    expect(d.summary()).toEqual({ persons: 1, mean: 0, longest: 0 });
  });
  it('holds no absence against anybody while nobody watched', () => {
    const d = new DwellTracker({ gap: 2, loitering: 10 });
    d.see(0, [1, 2], 0);
    // blind from 1 s on: the time watched stands still
    expect(d.expire(20, 1)).toEqual([]);
    expect(d.see(21, [1], 1.5)).toEqual([]);
    expect(d.expire(23, 3)).toEqual([{ id: 2, entered: 0, left: 0 }]);
    expect(d.totals()).toEqual({ persons: 1, sum: 21, longest: 21, loiterers: 1 });
  });
  it('goes on from its state, and ends all stays when told to', () => {
    const d = new DwellTracker({ gap: 2 });
    d.update(5, [3, 4]);
    d.update(6, [4]);
    const again = new DwellTracker({ gap: 2 });
    again.restore(d.state());
    expect(again.update(8, [4])).toEqual(d.update(8, [4]));
    expect(again.state()).toEqual(d.state());
    expect(() => again.update(7, [])).toThrow(/comes after/);
    expect(again.close()).toEqual([{ id: 4, entered: 5, left: 8 }]);
    expect(again.summary()).toBeUndefined();
    expect(() => again.restore(new Float64Array(3))).toThrow(/no state/);
  });
  it('refuses time running backwards', () => {
    const d = new DwellTracker();
    d.update(5, []);
    expect(() => d.update(4, [])).toThrow(/comes after/);
  });
});
