// A forecast as the fan that a chart draws ahead of now, and the columns of past and fan together. Pure.
import type { ForecastMessage } from '#streams/schema/forecast.ts';

/** One moment of the fan: epoch seconds, and the 80 % band with its median, p/m2. */
export interface FanPoint {
  readonly time: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** Upper ends a density axis may have, p/m2: safety levels, so that the eye learns them. */
const TOPS = [0.1, 0.25, 0.5, 1, 2, 3.5, 5, 7, 10, 15];

/** Upper end of the axis that shows densities up to `max`. */
export function densityTop(max: number): number {
  return TOPS.find((top) => top >= max) ?? Math.ceil(max);
}

/** A column entry: null ends a line (unknown), undefined is no point of this line. */
type Entry = number | null | undefined;
/** Epoch seconds ascending, measured density, then p10, p50 and p90 of the forecast, p/m2. */
export type ChartColumns = [number[], Entry[], Entry[], Entry[], Entry[]];

/**
 * The fan opens at the value the forecast was made from. Persons are spread over the zone's area, as in the measured
 * density.
 * @param areaM2 walkable area of the zone
 */
export function fan(forecast: ForecastMessage | null, areaM2: number): FanPoint[] {
  if (forecast === null || forecast.value === null || forecast.bands.length === 0) return [];
  const { end, value, bands } = forecast;
  const now = value / areaM2;
  return [
    { time: end / 1000, p10: now, p50: now, p90: now },
    ...bands.map(({ aheadMs, p10, p50, p90 }) => ({
      time: (end + aheadMs) / 1000,
      p10: p10 / areaM2,
      p50: p50 / areaM2,
      p90: p90 / areaM2,
    })),
  ];
}

/** Both lines on one time axis, as uPlot wants them; where only one has a point, the other goes on unbroken. */
export function chartColumns(
  times: readonly number[],
  densities: readonly (number | null)[],
  points: readonly FanPoint[],
): ChartColumns {
  const columns: ChartColumns = [[], [], [], [], []];
  const push = (...entries: readonly [number, Entry, Entry, Entry, Entry]): void => {
    columns[0].push(entries[0]);
    columns[1].push(entries[1]);
    columns[2].push(entries[2]);
    columns[3].push(entries[3]);
    columns[4].push(entries[4]);
  };
  let next = 0;
  for (let i = 0; i < times.length; i++) {
    const time = times[i]!;
    for (; next < points.length && points[next]!.time < time; next++) {
      const { time: at, p10, p50, p90 } = points[next]!;
      push(at, undefined, p10, p50, p90);
    }
    const same = next < points.length && points[next]!.time === time ? points[next++]! : undefined;
    push(time, densities[i], same?.p10, same?.p50, same?.p90);
  }
  for (; next < points.length; next++) {
    const { time, p10, p50, p90 } = points[next]!;
    push(time, undefined, p10, p50, p90);
  }
  return columns;
}
