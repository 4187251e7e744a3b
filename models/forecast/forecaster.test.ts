// What a forecaster promises: nothing from the future, the same values the same forecasts, a state that can be moved,
// bands that hold 80 %, and errors below those of persistence and of the same time a cycle ago.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backtest, ForecastError, type Point, Score, StatisticalForecaster, stepOf } from './index.ts';

const HOUR = 3_600_000;

/** Hourly counts with a day, a week, a slow drift and noise, from a seed. */
function counts(seed: number, length: number): Point[] {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let drift = 0;
  return Array.from({ length }, (_, i) => {
    const hour = i % 24;
    const weekend = Math.floor(i / 24) % 7 >= 5 ? 0.4 : 1;
    drift = 0.95 * drift + 0.15 * (uniform() - 0.5);
    const shape = Math.exp(-(((hour - 13) / 4) ** 2));
    const noise = 1 + 0.2 * (uniform() + uniform() - 1);
    return { epochMs: i * HOUR, value: Math.round(20 + 1000 * shape * weekend * Math.exp(drift) * noise) };
  });
}

const anySeries = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })), {
    minLength: 12,
    maxLength: 60,
  })
  .map((rows) => {
    let slot = 0;
    return rows.map(([gap, value], i) => {
      slot += i < 10 ? 1 : gap;
      return { epochMs: slot * 60_000, value };
    });
  });

describe('StatisticalForecaster', () => {
  it('forecasts for a prefix what it forecasts for the whole series', () => {
    fc.assert(
      fc.property(anySeries, fc.integer({ min: 10, max: 60 }), (points, cut) => {
        const short = points.slice(0, cut);
        const whole = [...backtest(points, { horizonsSteps: [1, 4] })];
        const part = [...backtest(short, { horizonsSteps: [1, 4] })];
        const newest = short[short.length - 1].epochMs;
        expect(part).toEqual(whole.filter((row) => row.originMs + row.horizonMs <= newest + 0.5));
      }),
      { numRuns: 40 },
    );
  });

  it('is no surer of what it has never seen come true than of what is nearer', () => {
    const forecaster = new StatisticalForecaster({
      stepMs: 60_000,
      horizonsMs: [1_800_000, 300_000, 900_000],
    });
    const widths = (side: 'below' | 'above'): number[] =>
      [300_000, 900_000, 1_800_000].map((ms) => {
        const [{ p10, p50, p90 }] = forecaster.forecast([ms])!;
        return side === 'above' ? p90 - p50 : p50 - p10;
      });
    // Far from zero, where no side of a band is cut off.
    counts(3, 30).forEach(({ value }, i) => {
      forecaster.update(i * 60_000, 1e6 + value);
      for (const side of ['below', 'above'] as const) {
        const [near, middle, far] = widths(side);
        // A horizon is proven by the first value that comes true at it.
        if (i < 15) expect(middle).toBeGreaterThanOrEqual(near - 1e-6);
        expect(far).toBeGreaterThanOrEqual(middle - 1e-6);
        if (i > 2) expect(far).toBeGreaterThan(0);
      }
    });
  });

  it('gives ordered finite bands for any finite series', () => {
    fc.assert(
      fc.property(anySeries, (points) => {
        for (const { p10, p50, p90 } of backtest(points, { horizonsSteps: [1, 3] })) {
          expect(Number.isFinite(p10) && Number.isFinite(p90)).toBe(true);
          expect(p10 <= p50 && p50 <= p90).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('goes on after a restart as if there had been none, in the same memory', () => {
    const points = counts(3, 600);
    const horizonsMs = [HOUR, 6 * HOUR];
    const one = new StatisticalForecaster({ stepMs: HOUR, horizonsMs });
    let other = new StatisticalForecaster({ stepMs: HOUR, horizonsMs });
    const bytes = one.bytes;
    points.forEach(({ epochMs, value }, i) => {
      one.update(epochMs, value);
      other.update(epochMs, value);
      if (i % 97 === 0) other = StatisticalForecaster.restore(JSON.parse(JSON.stringify(other.snapshot())));
      expect(other.forecast()).toEqual(one.forecast());
    });
    expect(one.bytes).toBe(bytes);
    expect(one.snapshot()).toEqual(other.snapshot());
  });

  it('beats persistence and the same hour last week, and its band holds 75-85 % after a week', () => {
    const points = counts(11, 24 * 7 * 12);
    const value = new Map(points.map((p) => [p.epochMs, p.value]));
    for (const steps of [1, 3, 12]) {
      const own = new Score();
      const persistence = new Score();
      const lastWeek = new Score();
      for (const row of backtest(points, { horizonsSteps: [steps] })) {
        const week = value.get(row.originMs + row.horizonMs - 168 * HOUR);
        if (week === undefined) continue;
        const now = value.get(row.originMs) ?? Number.NaN;
        own.add(row, row.actual);
        persistence.add({ p10: now, p50: now, p90: now }, row.actual);
        lastWeek.add({ p10: week, p50: week, p90: week }, row.actual);
      }
      expect(own.mae).toBeLessThan(0.9 * Math.min(persistence.mae, lastWeek.mae));
      expect(own.coverage).toBeGreaterThan(0.77);
      expect(own.coverage).toBeLessThan(0.83);
    }
  });

  it('never forecasts a count below zero, and a constant as itself', () => {
    for (const { p10 } of backtest(counts(5, 500), { horizonsSteps: [1, 5] }))
      expect(p10).toBeGreaterThanOrEqual(0);
    const flat = Array.from({ length: 60 }, (_, i) => ({ epochMs: i * 60_000, value: 7 }));
    for (const row of backtest(flat, { horizonsSteps: [1, 5] }))
      expect([row.p10, row.p50, row.p90]).toEqual([7, 7, 7]);
  });

  it('says what is wrong with its input', () => {
    const make = (stepMs: number, ...horizonsMs: number[]) =>
      new StatisticalForecaster({ stepMs, horizonsMs });
    expect(() => make(0, 1)).toThrow(/time between values/);
    expect(() => make(60_000)).toThrow(/no horizon/);
    expect(() => make(60_000, 90_000)).toThrow(/not a whole number/);
    expect(() => make(60_000, 60_000, 60_000)).toThrow(/twice/);
    const forecaster = make(60_000, 60_000);
    expect(forecaster.forecast()).toBeUndefined();
    forecaster.update(0, 1);
    expect(() => forecaster.update(0, 2)).toThrow(ForecastError);
    expect(() => forecaster.update(60_000, Number.NaN)).toThrow(/finite/);
    expect(() => forecaster.forecast([120_000])).toThrow(/choose among 60000/);
    const state = forecaster.snapshot();
    expect(() => StatisticalForecaster.restore({ ...state, state: state.state.slice(16) })).toThrow(
      ForecastError,
    );
    expect(() => StatisticalForecaster.restore({ ...state, horizonsMs: [120_000] })).toThrow(/other|holds/);
  });
});

describe('backtest', () => {
  it('takes the step from the first times only and refuses too few', () => {
    const points = [0, 1, 2, 4, 5, 6, 7, 8, 9, 100, 200].map((m) => ({ epochMs: m * 60_000, value: 1 }));
    expect(stepOf(points)).toBe(60_000);
    expect(() => stepOf(points.slice(0, 5))).toThrow(/at least 9/);
  });

  it('refuses a point that is not later, or hands it over', () => {
    const points = counts(1, 30);
    const twice = [...points.slice(0, 20), points[19], ...points.slice(20)];
    expect(() => [...backtest(twice, { horizonsSteps: [1] })]).toThrow(ForecastError);
    const left: Point[] = [];
    const rows = [...backtest(twice, { horizonsSteps: [1], onLeftOut: (p) => left.push(p) })];
    expect(left).toEqual([points[19]]);
    expect(rows).toEqual([...backtest(points, { horizonsSteps: [1] })]);
  });

  it('pairs a forecast with the value of its time only', () => {
    const points = counts(2, 40).filter((_, i) => i !== 30);
    const rows = [...backtest(points, { horizonsSteps: [2] })];
    expect(rows.some((row) => row.originMs === 28 * HOUR)).toBe(false);
    for (const row of rows)
      expect(points.find((p) => p.epochMs === row.originMs + row.horizonMs)?.value).toBe(row.actual);
  });
});
