import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import { chartColumns, fan } from './fan.ts';

const forecast: ForecastMessage = {
  metric: 'count',
  org: 'o',
  venue: 'v',
  key: 'a',
  level: 0,
  start: 0,
  end: 60_000,
  hopMs: 60_000,
  value: 100,
  completeness: 1,
  bands: [
    { aheadMs: 300_000, p10: 90, p50: 110, p90: 150 },
    { aheadMs: 900_000, p10: 80, p50: 120, p90: 200 },
  ],
  thresholds: [],
};

describe('fan', () => {
  it('opens at the value it was made from, in p/m2', () => {
    expect(fan(forecast, 50)).toEqual([
      { time: 60, p10: 2, p50: 2, p90: 2 },
      { time: 360, p10: 1.8, p50: 2.2, p90: 3 },
      { time: 960, p10: 1.6, p50: 2.4, p90: 4 },
    ]);
  });

  it('is nothing where nothing is forecast', () => {
    expect(fan(null, 50)).toEqual([]);
    expect(fan({ ...forecast, value: null }, 50)).toEqual([]);
    expect(fan({ ...forecast, bands: [] }, 50)).toEqual([]);
  });
});

describe('chartColumns', () => {
  it('keeps gaps of the past and goes on unbroken where only one line has a point', () => {
    const points = [{ time: 2.5, p10: 1, p50: 1, p90: 1 }];
    expect(chartColumns([1, 2, 3], [5, null, 6], points)).toEqual([
      [1, 2, 2.5, 3],
      [5, null, undefined, 6],
      [undefined, undefined, 1, undefined],
      [undefined, undefined, 1, undefined],
      [undefined, undefined, 1, undefined],
    ]);
  });

  it('gives every point once, in order of time, whatever the two overlap', () => {
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 40 })).map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(times, times, (past, ahead) => {
        const points = ahead.map((time) => ({ time, p10: time, p50: time + 1, p90: time + 2 }));
        const [x, density, p10, p50, p90] = chartColumns(
          past,
          past.map((time) => -time),
          points,
        );
        expect(x).toEqual([...new Set([...past, ...ahead])].sort((a, b) => a - b));
        x.forEach((time, i) => {
          expect(density[i]).toBe(past.includes(time) ? -time : undefined);
          const has = ahead.includes(time);
          expect([p10[i], p50[i], p90[i]]).toEqual(
            has ? [time, time + 1, time + 2] : Array(3).fill(undefined),
          );
        });
      }),
    );
  });
});
