import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeSeries } from './time-series.ts';

const ALL = [0, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY] as const;

describe('TimeSeries', () => {
  it('gives the newest points sorted whatever the order of arrival', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (times, capacity) => {
          const series = new TimeSeries(capacity);
          for (const time of times) series.set(time, time / 2, time * 2, 0);
          const expected = [...times].sort((a, b) => a - b).slice(-capacity);
          const [x, density, count] = series.columns(...ALL);
          expect(x).toEqual(expected.map((time) => time / 1000));
          expect(density).toEqual(expected.map((time) => Math.fround(time / 2)));
          expect(count).toEqual(expected.map((time) => Math.fround(time * 2)));
          expect(series.newest).toBe(expected[expected.length - 1]);
        },
      ),
    );
  });

  it('takes a correction and refuses an older revision', () => {
    const series = new TimeSeries(4);
    series.set(1000, 1, 10, 0);
    expect(series.set(1000, 2, 20, 1)).toBe(true);
    expect(series.set(1000, 3, 30, 0)).toBe(false);
    expect(series.columns(...ALL)).toEqual([[1], [2], [20]]);
  });

  it('draws unknown and holes as gaps, never as a line or a zero', () => {
    const series = new TimeSeries(8);
    series.set(1000, 1, 10, 0);
    series.set(2000, Number.NaN, Number.NaN, 0);
    series.set(60_000, 2, 20, 0);
    expect(series.columns(0, 100_000, 3000)).toEqual([
      [1, 2, 2.001, 60],
      [1, null, null, 2],
      [10, null, null, 20],
    ]);
  });

  it('cuts to the asked interval and refuses a capacity of nothing', () => {
    const series = new TimeSeries(8);
    for (let i = 1; i <= 5; i++) series.set(i * 1000, i, i, 0);
    expect(series.columns(2000, 4000, 1e9)[0]).toEqual([2, 3, 4]);
    expect(() => new TimeSeries(0)).toThrow(RangeError);
  });
});
