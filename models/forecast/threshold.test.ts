// Minutes to threshold against hand-made bands.
import { describe, expect, it } from 'vitest';
import { ForecastError, minutesToThreshold } from './index.ts';

const horizons = [5, 15, 30].map((m) => m * 60_000);
const bands = [
  { p10: 3.1, p50: 3.5, p90: 4 },
  { p10: 3.2, p50: 4.5, p90: 6 },
  { p10: 3.3, p50: 4.6, p90: 7 },
];

describe('minutesToThreshold', () => {
  it('crosses each side of the band on straight lines', () => {
    expect(minutesToThreshold(3, 5, horizons, bands)).toEqual({
      earliestMinutes: 10,
      medianMinutes: undefined,
      latestMinutes: undefined,
    });
    const four = minutesToThreshold(3, 4, horizons, bands);
    expect(four.earliestMinutes).toBeCloseTo(5, 9);
    expect(four.medianMinutes).toBeCloseTo(10, 9);
  });

  it('is 0 when the level is reached, and works downwards', () => {
    expect(minutesToThreshold(5, 5, horizons, bands).latestMinutes).toBe(0);
    const falling = bands.map(({ p10, p50, p90 }) => ({ p10: -p90, p50: -p50, p90: -p10 }));
    const down = minutesToThreshold(-3, -4, horizons, falling, 'falling');
    const up = minutesToThreshold(3, 4, horizons, bands);
    expect(down).toEqual(up);
  });

  it('refuses what has no meaning', () => {
    expect(() => minutesToThreshold(1, 2, horizons, bands.slice(1))).toThrow(ForecastError);
    expect(() => minutesToThreshold(1, 2, [...horizons].reverse(), bands)).toThrow(/ascend/);
    expect(() => minutesToThreshold(Number.NaN, 2, horizons, bands)).toThrow(/finite/);
  });
});
