// Back-testing: what would have been forecast at every moment of a series, from what was known at that moment.
import { ForecastError } from './errors.ts';
import { StatisticalForecaster } from './forecaster.ts';
import type { Band, Forecaster } from './types.ts';

export interface Point {
  readonly epochMs: number;
  readonly value: number;
}

/** One forecast beside what came. */
export interface BacktestRow extends Band {
  /** Time of the newest value known when the forecast was made. */
  readonly originMs: number;
  readonly horizonMs: number;
  readonly actual: number;
}

/** Differences between timestamps from which the step is taken; no forecast is made before. */
export const STEP_SAMPLES = 8;

/**
 * The step of a series: the median of the first differences of its timestamps, so that nothing later bears on it.
 * @throws ForecastError for fewer than STEP_SAMPLES + 1 points or times out of order
 */
export function stepOf(points: readonly Point[]): number {
  if (points.length <= STEP_SAMPLES)
    throw new ForecastError(
      `${points.length} values: at least ${STEP_SAMPLES + 1} are needed to tell their step`,
    );
  const differences: number[] = [];
  for (let i = 1; i <= STEP_SAMPLES; i++) {
    const difference = points[i].epochMs - points[i - 1].epochMs;
    if (!(difference > 0))
      throw new ForecastError(`value ${i + 1} is not later than the one before: sort the series by time`);
    differences.push(difference);
  }
  differences.sort((a, b) => a - b);
  return differences[STEP_SAMPLES / 2 - 1];
}

export type MakeForecaster = (options: { stepMs: number; horizonsMs: readonly number[] }) => Forecaster;

export interface BacktestOptions {
  /** Horizons in ms, or in steps of the series. */
  readonly horizonsMs?: readonly number[];
  readonly horizonsSteps?: readonly number[];
  /** The statistical forecaster unless another is given. */
  readonly make?: MakeForecaster;
}

/**
 * Feeds `points` (in order of time, one per step) to a forecaster and pairs each forecast with the value that came at
 * its time, in order of origin, then horizon. Forecasts whose time has no value give no row. Rows are made only from
 * values up to their origin: those of a prefix of the series are the same whatever follows.
 * @throws ForecastError for points out of order or horizons that are not whole steps
 */
export function* backtest(points: readonly Point[], options: BacktestOptions): Generator<BacktestRow> {
  const stepMs = stepOf(points);
  const horizonsMs = options.horizonsMs ?? (options.horizonsSteps ?? []).map((n) => n * stepMs);
  const make = options.make ?? ((o) => new StatisticalForecaster(o));
  const forecaster = make({ stepMs, horizonsMs });
  const slotOf = (ms: number): number => Math.round(ms / stepMs);
  const longest = Math.max(...horizonsMs);
  // Values up to the longest horizon after an origin are read ahead here, never by the forecaster.
  const waiting: { originMs: number; bands: Band[] }[] = [];
  const values = new Map<number, number>();
  function* complete(upTo: number): Generator<BacktestRow> {
    while (waiting.length > 0 && slotOf(waiting[0].originMs) <= upTo) {
      const { originMs, bands } = waiting.shift()!;
      for (let i = 0; i < horizonsMs.length; i++) {
        const actual = values.get(slotOf(originMs) + slotOf(horizonsMs[i]));
        if (actual !== undefined) yield { originMs, horizonMs: horizonsMs[i], actual, ...bands[i] };
      }
      values.delete(slotOf(originMs));
    }
  }
  for (let i = 0; i < points.length; i++) {
    const { epochMs, value } = points[i];
    forecaster.update(epochMs, value);
    values.set(slotOf(epochMs), value);
    const bands = i >= STEP_SAMPLES ? forecaster.forecast() : undefined;
    waiting.push({ originMs: epochMs, bands: bands ?? [] });
    if (bands === undefined) waiting.pop();
    yield* complete(slotOf(epochMs) - slotOf(longest));
  }
  yield* complete(Number.POSITIVE_INFINITY);
}

/** Pinball loss of a quantile forecast: `level` times the shortfall, or `1 - level` times the excess. */
export function pinball(level: number, forecast: number, actual: number): number {
  return actual >= forecast ? level * (actual - forecast) : (1 - level) * (forecast - actual);
}

/** Mean errors of forecasts: in the unit of the series, and the share of values within the band (ends included). */
export class Score {
  count = 0;
  #absolute = 0;
  #pinball = 0;
  #covered = 0;

  add(band: Band, actual: number): void {
    this.count += 1;
    this.#absolute += Math.abs(actual - band.p50);
    this.#pinball +=
      (pinball(0.1, band.p10, actual) + pinball(0.5, band.p50, actual) + pinball(0.9, band.p90, actual)) / 3;
    this.#covered += actual >= band.p10 && actual <= band.p90 ? 1 : 0;
  }

  /** Mean absolute error of the median. */
  get mae(): number {
    return this.#absolute / this.count;
  }

  /** Mean pinball loss over the three quantiles. */
  get pinball(): number {
    return this.#pinball / this.count;
  }

  get coverage(): number {
    return this.#covered / this.count;
  }
}
