// Forecasting one horizon of one series: experts, their mixture, and the calibrated band around it.
import { Calibration } from './calibration.ts';
import { FEATURES, fromScale, type Scale, toScale, writeFeatures } from './features.ts';
import type { History, Levels } from './history.ts';
import type { Memory } from './memory.ts';
import { Mixture } from './mixture.ts';
import { Ridge } from './ridge.ts';
import { SPREAD_INPUTS, Spread } from './spread.ts';

const SCALES: readonly Scale[] = ['raw', 'root', 'log'];
const ROOT = SCALES.indexOf('root');
/** Observations a regression remembers: a slow one for what is stable, a fast one for what changes. */
const SPANS: readonly number[] = [3000, 300];
const SIMPLE = 9;
const EXPERTS = SIMPLE + SCALES.length * SPANS.length;
const RIDGE = 5;
/** Residuals beyond this many units weigh as one of this size (Huber). */
const HUBER = 1.5;

/** No unit of differences is below this share of the largest value, nor below a number that can still divide any other. */
const LEAST_SHARE = 1e-9;
const LEAST_UNIT = 1e-100;

/** Per pending forecast: slot, median, size, low, high, place in the event, then unit and target base per scale. */
const UNITS = 6;
const HEAD = UNITS + 2 * SCALES.length;

export class Horizon {
  readonly steps: number;
  readonly #history: History;
  readonly #ridges: Ridge[] = [];
  readonly #mixture: Mixture;
  readonly #calibration: Calibration;
  readonly #spread: Spread;
  readonly #sizes: Float64Array;
  readonly #units: Float64Array;
  /** Pending forecasts by origin step. */
  readonly #heads: Float64Array;
  readonly #experts: Float64Array;
  readonly #features: Float64Array;

  constructor(memory: Memory, history: History, steps: number) {
    this.steps = steps;
    this.#history = history;
    for (let i = 0; i < SCALES.length; i++)
      for (const span of SPANS) this.#ridges.push(new Ridge(memory, FEATURES, { span, ridge: RIDGE }));
    this.#mixture = new Mixture(memory, EXPERTS);
    this.#calibration = new Calibration(memory);
    this.#spread = new Spread(memory);
    this.#sizes = memory.take(SPREAD_INPUTS * steps);
    this.#units = memory.take(SCALES.length * 2);
    this.#heads = memory.take(HEAD * steps, Number.NaN);
    this.#experts = memory.take(EXPERTS * steps, Number.NaN);
    this.#features = memory.take(FEATURES * SCALES.length * steps);
  }

  /** Learns from the value of step `slot` what the forecast made for it was worth. */
  resolve(slot: number, actual: number): void {
    const origin = slot - this.steps;
    const at = this.#row(origin);
    const head = at * HEAD;
    if (this.#heads[head] !== origin) return;
    const [median, size, low, high, event] = this.#heads.subarray(head + 1, head + UNITS);
    const unit = this.#history.change > LEAST_UNIT ? this.#history.change : 1;
    this.#mixture.learn(this.#experts, at * EXPERTS, actual, unit);
    const missed = actual < low ? 'below' : actual > high ? 'above' : 'neither';
    this.#calibration.learn(actual - median, size, missed);
    const place = { day: this.#history.place(slot), event };
    this.#spread.learn(actual - median, place, this.#sizes, at * SPREAD_INPUTS);
    for (let i = 0; i < SCALES.length; i++) this.#learnScale(i, at, actual);
  }

  #learnScale(i: number, at: number, actual: number): void {
    const head = at * HEAD + UNITS + 2 * i;
    const unit = this.#heads[head];
    const base = this.#heads[head + 1];
    const difference = toScale(SCALES[i], actual) - base;
    const offset = (at * SCALES.length + i) * FEATURES;
    const y = difference / unit;
    for (let j = 0; j < SPANS.length; j++) {
      const ridge = this.#ridges[i * SPANS.length + j];
      const residual = Math.abs(y - ridge.predict(this.#features, offset));
      ridge.learn(this.#features, offset, y, residual > HUBER ? HUBER / residual : 1);
    }
    // The unit of a scale: a slow mean of absolute differences from what was expected.
    const n = this.#units[2 * i + 1] + 1;
    this.#units[2 * i + 1] = n;
    this.#units[2 * i] += (Math.abs(difference) - this.#units[2 * i]) * Math.max(0.005, 1 / n);
  }

  /** Whether the outcome of a forecast is known: until then the band rests on how the series moves in one step. */
  get proven(): boolean {
    return this.#spread.count > 0;
  }

  /**
   * Makes and remembers the forecast from the newest step. Values are written to [p10, p50, p90] of `out`.
   * @param nearer the band of the next nearer horizon: what is not proven yet is no surer than it
   */
  predict(levels: Levels, nearer: Float64Array | undefined, out: Float64Array): void {
    const history = this.#history;
    const slot = history.slot;
    history.describe(this.steps, levels);
    const at = this.#row(slot);
    const place = history.place(slot + this.steps);
    const head = at * HEAD;
    const e = at * EXPERTS;
    this.#simple(levels, e);
    const reach = history.max - history.min;
    const clamp = (v: number): number => {
      const low = history.min >= 0 ? Math.max(0, history.min - 0.2 * reach) : history.min - 0.2 * reach;
      return Math.min(history.max + 0.3 * reach, Math.max(low, v));
    };
    for (let i = 0; i < SCALES.length; i++) {
      const scale = SCALES[i];
      const unit = this.#unitOf(i);
      const offset = (at * SCALES.length + i) * FEATURES;
      const base = writeFeatures(levels, scale, unit, place, this.#features, offset);
      this.#heads[head + UNITS + 2 * i] = unit;
      this.#heads[head + UNITS + 1 + 2 * i] = base;
      for (let j = 0; j < SPANS.length; j++) {
        const r = i * SPANS.length + j;
        this.#experts[e + SIMPLE + r] = clamp(
          fromScale(scale, base + unit * this.#ridges[r].predict(this.#features, offset)),
        );
      }
    }
    const median = clamp(this.#mixture.combine(this.#experts, e));
    const event = history.eventPlace(slot + this.steps);
    const found = this.#spread.size(
      { day: place, event },
      median,
      this.#disagreement(e, median),
      Math.abs(median - levels.y0),
      this.#sizes,
      at * SPREAD_INPUTS,
    );
    // Unproven: as far as a random walk gets in so many steps.
    const size = this.proven ? found : history.change * Math.sqrt(this.steps);
    let low = Math.min(median, median + size * this.#calibration.quantile('below'));
    let high = Math.max(median, median + size * this.#calibration.quantile('above'));
    if (!this.proven && nearer !== undefined) {
      low = Math.min(low, median - (nearer[1] - nearer[0]));
      high = Math.max(high, median + (nearer[2] - nearer[1]));
    }
    out[0] = history.min >= 0 ? Math.max(0, low) : low;
    out[1] = median;
    out[2] = high;
    this.#heads[head] = slot;
    this.#heads[head + 1] = median;
    this.#heads[head + 2] = size;
    this.#heads[head + 3] = out[0];
    this.#heads[head + 4] = high;
    this.#heads[head + 5] = event;
  }

  /** Mean distance of the experts' values from the median. */
  #disagreement(e: number, median: number): number {
    let sum = 0;
    let heard = 0;
    for (let i = e; i < e + EXPERTS; i++) {
      if (Number.isNaN(this.#experts[i])) continue;
      sum += Math.abs(this.#experts[i] - median);
      heard += 1;
    }
    return heard > 0 ? sum / heard : 0;
  }

  /** Usual difference from expectation in scale `i`; 1 while none was seen. */
  #unitOf(i: number): number {
    const unit = this.#units[2 * i];
    if (unit === 0) return 1;
    const largest = Math.max(Math.abs(this.#history.min), Math.abs(this.#history.max));
    return Math.max(unit, LEAST_SHARE * toScale(SCALES[i], largest), LEAST_UNIT);
  }

  /** See StatisticalForecaster.describe. `band` is the forecast from the newest step. */
  inputs(band: Float64Array, x: Float64Array): { centre: number; unit: number } {
    const at = this.#row(this.#history.slot);
    const unit = this.#heads[at * HEAD + UNITS + 2 * ROOT];
    const offset = (at * SCALES.length + ROOT) * FEATURES;
    x.set(this.#features.subarray(offset, offset + FEATURES));
    const centre = toScale('root', band[1]);
    x[FEATURES] = (centre - this.#heads[at * HEAD + UNITS + 1 + 2 * ROOT]) / unit;
    x[FEATURES + 1] = (toScale('root', band[0]) - centre) / unit;
    x[FEATURES + 2] = (toScale('root', band[2]) - centre) / unit;
    return { centre, unit };
  }

  #simple(l: Levels, e: number): void {
    const x = this.#experts;
    x[e] = l.y0;
    x[e + 1] = l.trend;
    x[e + 2] = l.expected;
    x[e + 3] = l.carried;
    x[e + 4] = l.scaled;
    x[e + 5] = l.weekLast;
    x[e + 6] = l.dayLast;
    x[e + 7] = l.eventLast;
    x[e + 8] = l.eventMean;
  }

  #row(slot: number): number {
    return ((slot % this.steps) + this.steps) % this.steps;
  }
}
