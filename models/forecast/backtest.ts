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
 * The step of a series: the median of the first differences above zero of its timestamps, so that nothing later bears on it.
 * @throws ForecastError for fewer than STEP_SAMPLES + 1 different times in order
 */
export function stepOf(points: readonly Point[]): number {
  const differences: number[] = [];
  let newest = points[0]?.epochMs;
  for (const { epochMs } of points) {
    if (epochMs <= newest) continue;
    differences.push(epochMs - newest);
    newest = epochMs;
    if (differences.length === STEP_SAMPLES) return differences.sort((a, b) => a - b)[STEP_SAMPLES / 2 - 1];
  }
  throw new ForecastError(
    `${differences.length + (points.length > 0 ? 1 : 0)} values in order of time: ` +
      `at least ${STEP_SAMPLES + 1} are needed to tell how far apart they are`,
  );
}

export type MakeForecaster = (options: { stepMs: number; horizonsMs: readonly number[] }) => Forecaster;

export interface BacktestOptions {
  /** Horizons in ms, or in steps of the series. */
  readonly horizonsMs?: readonly number[];
  readonly horizonsSteps?: readonly number[];
  /** The statistical forecaster unless another is given. */
  readonly make?: MakeForecaster;
  /** Called with each point that is not a step later than the one before; without it such a point is an error. */
  readonly onLeftOut?: (point: Point) => void;
}

interface Waiting {
  readonly originMs: number;
  readonly bands: readonly Band[];
}

/**
 * Feeds `points` to a forecaster and pairs each forecast with the value that came at its time, in order of origin, then
 * horizon. Forecasts whose time has no value give no row. A row is made only from values up to its origin: those of a
 * prefix of the series are the same whatever follows.
 * @throws ForecastError for points out of order without `onLeftOut`, or horizons that are not whole steps
 */
export function* backtest(points: readonly Point[], options: BacktestOptions): Generator<BacktestRow> {
  const stepMs = stepOf(points);
  const horizonsMs = options.horizonsMs ?? (options.horizonsSteps ?? []).map((n) => n * stepMs);
  const make = options.make ?? ((o) => new StatisticalForecaster(o));
  const forecaster = make({ stepMs, horizonsMs });
  const anchor = points[0].epochMs;
  const slotOf = (ms: number): number => Math.round((ms - anchor) / stepMs);
  const steps = horizonsMs.map((ms) => Math.round(ms / stepMs));
  const longest = Math.max(...steps);
  // Outcomes are kept here until the longest horizon has passed; the forecaster never sees them early.
  const waiting: Waiting[] = [];
  const values = new Map<number, number>();
  let newest = Number.NEGATIVE_INFINITY;
  let learned = 0;
  function* complete(upTo: number): Generator<BacktestRow> {
    while (waiting.length > 0 && slotOf(waiting[0].originMs) <= upTo) {
      const { originMs, bands } = waiting.shift()!;
      const origin = slotOf(originMs);
      for (let i = 0; i < bands.length; i++) {
        const actual = values.get(origin + steps[i]);
        if (actual !== undefined) yield { originMs, horizonMs: horizonsMs[i], actual, ...bands[i] };
      }
      values.delete(origin);
    }
  }
  for (const point of points) {
    const slot = slotOf(point.epochMs);
    if (slot <= newest && options.onLeftOut !== undefined) {
      options.onLeftOut(point);
      continue;
    }
    forecaster.update(point.epochMs, point.value);
    newest = slot;
    learned += 1;
    values.set(slot, point.value);
    // The step is known once STEP_SAMPLES differences were seen: an earlier forecast would have looked ahead.
    const bands = learned > STEP_SAMPLES ? forecaster.forecast() : undefined;
    waiting.push({ originMs: point.epochMs, bands: bands ?? [] });
    yield* complete(slot - longest);
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
