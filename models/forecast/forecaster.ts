// The statistical forecaster: works from the first values of a series, learns online, holds a bounded memory, reads no
// clock and draws no random number, so that the same values give the same forecasts to the bit.
import { ForecastError } from './errors.ts';
import { History, type Levels, unknownLevels } from './history.ts';
import { Horizon } from './horizon.ts';
import { fromBase64, Memory, toBase64 } from './memory.ts';
import type { Band, Forecaster, ForecastOptions, ForecastSnapshot } from './types.ts';

/** Steps that a horizon may have. */
export const MOST_STEPS = 1000;

/** @throws ForecastError unless the step is positive and every horizon a whole number of steps */
export function checkOptions(options: ForecastOptions): void {
  const { stepMs, horizonsMs } = options;
  if (!(Number.isFinite(stepMs) && stepMs > 0))
    throw new ForecastError(`a step of ${stepMs} ms has no meaning: give the time between values, above 0`);
  if (horizonsMs.length === 0) throw new ForecastError('no horizon: give at least one');
  for (const horizon of horizonsMs) {
    const steps = horizon / stepMs;
    if (!(Math.abs(steps - Math.round(steps)) < 1e-6 && steps >= 1 && steps <= MOST_STEPS + 0.5))
      throw new ForecastError(
        `${horizon} ms ahead is not a whole number from 1 to ${MOST_STEPS} of steps of ${stepMs} ms: ` +
          'give a multiple of the time between values',
      );
  }
  if (new Set(horizonsMs).size !== horizonsMs.length) throw new ForecastError('a horizon is given twice');
}

export class StatisticalForecaster implements Forecaster {
  readonly stepMs: number;
  readonly horizonsMs: readonly number[];
  readonly #memory = new Memory();
  readonly #history: History;
  readonly #horizons: Horizon[];
  /** Numbers of the horizons, the nearest first. */
  readonly #byReach: readonly number[];
  readonly #bands: Float64Array;
  readonly #levels: Levels = unknownLevels();

  /** @throws ForecastError for options without meaning */
  constructor(options: ForecastOptions) {
    checkOptions(options);
    this.stepMs = options.stepMs;
    this.horizonsMs = [...options.horizonsMs];
    this.#history = new History(this.#memory, options.stepMs);
    this.#horizons = options.horizonsMs.map(
      (ms) => new Horizon(this.#memory, this.#history, Math.round(ms / options.stepMs)),
    );
    this.#byReach = this.#horizons
      .map((_, i) => i)
      .sort((a, b) => this.#horizons[a].steps - this.#horizons[b].steps);
    this.#bands = this.#memory.take(3 * options.horizonsMs.length, Number.NaN);
  }

  /** Bytes of state, the same from the first value to the last. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  /**
   * The value at `epochMs` (UTC). Steps may be missing; a step that is not newer than the newest is refused.
   * @throws ForecastError for a value or time that is not finite, or a time not after the newest
   */
  update(epochMs: number, value: number): void {
    if (!Number.isFinite(epochMs) || !Number.isFinite(value))
      throw new ForecastError(`value ${value} at ${epochMs}: both must be finite; leave unknown values out`);
    const slot = this.#history.slotOf(epochMs);
    if (slot <= this.#history.slot)
      throw new ForecastError(
        `${new Date(epochMs).toISOString()} is not at least one step of ${this.stepMs} ms after the value before: ` +
          'values come in order of time, one per step',
      );
    for (const horizon of this.#horizons) horizon.resolve(slot, value);
    this.#history.learn(slot, value);
    let nearer: Float64Array | undefined;
    for (const i of this.#byReach) {
      const band = this.#bands.subarray(3 * i, 3 * i + 3);
      this.#horizons[i].predict(this.#levels, nearer, band);
      nearer = band;
    }
  }

  /** Says that an event (doors open) begins at `epochMs`; else it is taken to begin after an hour's break or quiet. */
  beginEvent(epochMs: number): void {
    this.#history.beginEvent(epochMs);
  }

  /**
   * Bands for the time of the newest value plus each horizon; undefined before the first value.
   * @throws ForecastError for a horizon that is not among the options
   */
  forecast(horizonsMs: readonly number[] = this.horizonsMs): Band[] | undefined {
    if (this.#history.count === 0) return undefined;
    return horizonsMs.map((ms) => {
      const i = this.horizonsMs.indexOf(ms);
      if (i < 0)
        throw new ForecastError(
          `${ms} ms ahead is not forecast here: choose among ${this.horizonsMs.join(', ')}`,
        );
      const b = this.#bands;
      return { p10: b[3 * i], p50: b[3 * i + 1], p90: b[3 * i + 2] };
    });
  }

  /**
   * What a trained network is told about the forecast for horizon number `i` from the newest value: INPUTS numbers into
   * `x`. It answers in square roots of the value, less `centre`, in units of `unit`.
   */
  describe(i: number, x: Float64Array): { centre: number; unit: number } {
    return this.#horizons[i].inputs(this.#bands.subarray(3 * i, 3 * i + 3), x);
  }

  snapshot(): ForecastSnapshot {
    const { stepMs, horizonsMs } = this;
    return { version: 1, stepMs, horizonsMs, state: toBase64(this.#memory.save()) };
  }

  /** @throws ForecastError for a state of another version or other options */
  static restore(snapshot: ForecastSnapshot): StatisticalForecaster {
    if (snapshot.version !== 1)
      throw new ForecastError(
        `state of version ${snapshot.version}: this program reads version 1, start anew`,
      );
    const forecaster = new StatisticalForecaster(snapshot);
    forecaster.#memory.load(fromBase64(snapshot.state));
    return forecaster;
  }
}
