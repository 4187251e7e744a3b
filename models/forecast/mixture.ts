// Which forecasters to believe: weights from each one's recent absolute error, per horizon.
import type { Memory } from './memory.ts';

/** Errors older than this many observations weigh less than 1/e. */
const SPAN = 150;
/** How sharply weight falls as an expert's error exceeds the best one's, as a share of it. */
const SHARPNESS = 8;
/** Observations an expert needs before it is heard beside others. */
const LEAST = 12;
/** An error of more units counts as this many: after a long standstill the first move must not outweigh all that follows. */
const MOST_UNITS = 1e4;

export class Mixture {
  readonly #loss: Float64Array;
  readonly #count: Float64Array;

  constructor(memory: Memory, experts: number) {
    this.#loss = memory.take(experts);
    this.#count = memory.take(experts);
  }

  /**
   * Weighted mean of the experts' values; NaN among them means silence. Experts with few observations are heard
   * only while none has many.
   */
  combine(values: Float64Array, offset: number): number {
    const n = this.#loss.length;
    let best = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(values[offset + i])) continue;
      most = Math.max(most, this.#count[i]);
    }
    const least = Math.min(LEAST, most);
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(values[offset + i]) || this.#count[i] < least) continue;
      const mean = this.#mean(i);
      if (mean < best) best = mean;
    }
    let sum = 0;
    let weights = 0;
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(values[offset + i]) || this.#count[i] < least) continue;
      const weight =
        best > 0 ? Math.exp(-SHARPNESS * (this.#mean(i) / best - 1)) : this.#mean(i) === 0 ? 1 : 0;
      sum += weight * values[offset + i];
      weights += weight;
    }
    return weights > 0 ? sum / weights : Number.NaN;
  }

  /** What the experts said and what came, in a unit that makes errors of different times comparable. */
  learn(values: Float64Array, offset: number, actual: number, unit: number): void {
    const keep = 1 - 1 / SPAN;
    for (let i = 0; i < this.#loss.length; i++) {
      const value = values[offset + i];
      if (Number.isNaN(value)) continue;
      this.#loss[i] = this.#loss[i] * keep + Math.min(MOST_UNITS, Math.abs(actual - value) / unit);
      this.#count[i] = this.#count[i] * keep + 1;
    }
  }

  #mean(i: number): number {
    return this.#count[i] > 0 ? this.#loss[i] / this.#count[i] : 0;
  }
}
