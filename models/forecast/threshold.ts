// When a forecast value will reach a level: minutes to threshold, with a band.
import { ForecastError } from './errors.ts';
import type { Band } from './types.ts';

/** Minutes until a level is crossed; undefined where it is not within the longest horizon. */
export interface TimeToThreshold {
  /** Earliest: the high side of the band crosses. One time in ten it is crossed sooner. */
  readonly earliestMinutes: number | undefined;
  /** As likely sooner as later. */
  readonly medianMinutes: number | undefined;
  /** Latest: the low side of the band crosses too. */
  readonly latestMinutes: number | undefined;
}

/**
 * Time until the value is at or above `level` (`rising`), or at or below it (`falling`), by straight lines between now and
 * the horizons. A level already reached is 0 minutes away.
 * @param now newest value, in the unit of `level`
 * @throws ForecastError unless there is one band per horizon, horizons ascending
 */
export function minutesToThreshold(
  now: number,
  level: number,
  horizonsMs: readonly number[],
  bands: readonly Band[],
  direction: 'rising' | 'falling' = 'rising',
): TimeToThreshold {
  if (bands.length !== horizonsMs.length || bands.length === 0)
    throw new ForecastError(`${bands.length} bands for ${horizonsMs.length} horizons: give one for each`);
  if (horizonsMs.some((ms, i) => ms <= (i === 0 ? 0 : horizonsMs[i - 1])))
    throw new ForecastError('horizons must be above zero and ascend');
  if (!Number.isFinite(now) || !Number.isFinite(level))
    throw new ForecastError(`value ${now} and level ${level} must be finite`);
  const sign = direction === 'rising' ? 1 : -1;
  const cross = (pick: (band: Band) => number): number | undefined => {
    let beforeMs = 0;
    let before = now;
    if (sign * (before - level) >= 0) return 0;
    for (let i = 0; i < bands.length; i++) {
      const value = pick(bands[i]);
      if (sign * (value - level) >= 0) {
        const share = (level - before) / (value - before);
        return (beforeMs + share * (horizonsMs[i] - beforeMs)) / 60_000;
      }
      before = value;
      beforeMs = horizonsMs[i];
    }
    return undefined;
  };
  const high = (b: Band): number => (direction === 'rising' ? b.p90 : b.p10);
  const low = (b: Band): number => (direction === 'rising' ? b.p10 : b.p90);
  return {
    earliestMinutes: cross(high),
    medianMinutes: cross((b) => b.p50),
    latestMinutes: cross(low),
  };
}
