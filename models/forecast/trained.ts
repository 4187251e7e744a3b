// The statistical forecaster corrected by trained networks, at those horizons where they were found to be better.
import { Calibration } from './calibration.ts';
import { ForecastError } from './errors.ts';
import { fromScale, INPUTS } from './features.ts';
import { StatisticalForecaster } from './forecaster.ts';
import { fromBase64, Memory, toBase64 } from './memory.ts';
import type { Network } from './network.ts';
import type { Band, Forecaster, ForecastOptions, ForecastSnapshot } from './types.ts';

/** Values the statistical forecaster learns from before a network is asked: its inputs mean nothing earlier. */
export const WARM_UP = 200;

export interface TrainedSnapshot {
  readonly statistical: ForecastSnapshot;
  readonly state: string;
}

/** A pending forecast: target time, median, size, low, high. */
const PENDING = 5;

export class TrainedForecaster implements Forecaster {
  readonly stepMs: number;
  readonly horizonsMs: readonly number[];
  #statistical: StatisticalForecaster;
  readonly #networks: readonly (Network | undefined)[];
  readonly #memory = new Memory();
  readonly #s: Float64Array;
  readonly #calibrations: Calibration[];
  readonly #pending: Float64Array[];
  readonly #bands: Float64Array;
  readonly #x = new Float64Array(INPUTS);
  readonly #out = new Float64Array(3);

  /** @param networks one per horizon, undefined where the statistical forecast stays */
  constructor(options: ForecastOptions, networks: readonly (Network | undefined)[]) {
    if (networks.length !== options.horizonsMs.length)
      throw new ForecastError(
        `${networks.length} networks for ${options.horizonsMs.length} horizons: give one for each`,
      );
    this.#statistical = new StatisticalForecaster(options);
    this.stepMs = options.stepMs;
    this.horizonsMs = this.#statistical.horizonsMs;
    this.#networks = networks;
    // [values seen, smallest value, newest time, first time]
    this.#s = this.#memory.take(4, Number.NaN);
    this.#s[0] = 0;
    this.#calibrations = networks.map(() => new Calibration(this.#memory));
    this.#pending = this.horizonsMs.map((ms) =>
      this.#memory.take(PENDING * Math.round(ms / options.stepMs), Number.NaN),
    );
    this.#bands = this.#memory.take(3 * networks.length, Number.NaN);
  }

  /** Horizons that networks forecast now, ms: none before WARM_UP values. */
  get trainedHorizonsMs(): readonly number[] {
    if (this.#s[0] < WARM_UP) return [];
    return this.horizonsMs.filter((_, i) => this.#networks[i] !== undefined);
  }

  /** What the statistical part has learned, as a statistical forecaster's own snapshot. */
  get statistical(): ForecastSnapshot {
    return this.#statistical.snapshot();
  }

  /**
   * Takes over what a statistical forecaster of the same options has learned. The networks' calibration begins, and with it
   * WARM_UP values of statistical forecasts. @throws ForecastError for other options
   */
  adopt(snapshot: ForecastSnapshot): void {
    this.#statistical = this.#same(StatisticalForecaster.restore(snapshot));
  }

  /** As StatisticalForecaster.update. */
  update(epochMs: number, value: number): void {
    const s = this.#s;
    this.#statistical.update(epochMs, value);
    if (s[0] === 0) s[3] = epochMs;
    s[0] += 1;
    s[1] = s[0] === 1 ? value : Math.min(s[1], value);
    const slot = Math.round((epochMs - s[3]) / this.stepMs);
    this.#networks.forEach((network, i) => {
      if (network !== undefined) this.#follow(network, i, slot, value);
    });
  }

  #follow(network: Network, i: number, slot: number, value: number): void {
    const steps = Math.round(this.horizonsMs[i] / this.stepMs);
    const pending = this.#pending[i];
    const calibration = this.#calibrations[i];
    // The place that held the forecast for this step is the one its successor takes.
    const at = (slot % steps) * PENDING;
    if (pending[at] === slot) {
      const [median, size, low, high] = pending.subarray(at + 1, at + PENDING);
      calibration.learn(value - median, size, value < low ? 'below' : value > high ? 'above' : 'neither');
    }
    if (this.#s[0] < WARM_UP) return;
    const { centre, unit } = this.#statistical.describe(i, this.#x);
    network.evaluate(this.#x, this.#out);
    const [z10, z50, z90] = this.#out;
    const floor = this.#s[1] >= 0 ? 0 : Number.NEGATIVE_INFINITY;
    const level = (z: number): number => fromScale('root', Math.max(floor, centre + unit * z));
    const median = level(z50);
    // Half the network's own band: what the calibration stretches, so that it also holds where the network is too sure.
    const size = (level(z90) - level(z10)) / 2;
    const low = Math.min(median, Math.max(floor, median + size * calibration.quantile('below')));
    const high = Math.max(median, median + size * calibration.quantile('above'));
    pending.set([slot + steps, median, size, low, high], at);
    this.#bands.set([low, median, high], 3 * i);
  }

  /** As StatisticalForecaster.forecast. */
  forecast(horizonsMs: readonly number[] = this.horizonsMs): Band[] | undefined {
    const bands = this.#statistical.forecast(horizonsMs);
    return bands?.map((band, j) => {
      const i = this.horizonsMs.indexOf(horizonsMs[j]);
      if (this.#networks[i] === undefined || this.#s[0] < WARM_UP) return band;
      const b = this.#bands;
      return { p10: b[3 * i], p50: b[3 * i + 1], p90: b[3 * i + 2] };
    });
  }

  snapshot(): TrainedSnapshot {
    return { statistical: this.#statistical.snapshot(), state: toBase64(this.#memory.save()) };
  }

  /** Takes the place of the state there is. @throws ForecastError for a state of other options */
  restore(snapshot: TrainedSnapshot): void {
    const statistical = this.#same(StatisticalForecaster.restore(snapshot.statistical));
    this.#memory.load(fromBase64(snapshot.state));
    this.#statistical = statistical;
  }

  #same(statistical: StatisticalForecaster): StatisticalForecaster {
    if (statistical.stepMs !== this.stepMs || statistical.horizonsMs.join() !== this.horizonsMs.join())
      throw new ForecastError('this state was saved with another step or other horizons: start anew');
    return statistical;
  }
}
