// Bands that hold what they promise: adaptive conformal quantiles of recent errors, per horizon.
// Each side follows Gibbs & Candès 2021 (adaptive conformal inference): the level asked of the empirical quantile moves
// by `GAIN * (miss - target)` after every outcome, so that the long-run share of misses is the target whatever the series.
import type { Memory } from './memory.ts';

const SCORES = 400;
const GAIN = 0.02;
const TAIL = 0.1;
/** Place-of-day cells for the local size of errors, and how fast they learn. */
const CELLS = 24;
const CELL_RATE = 0.06;
const RATE = 0.02;
/** A cell counts as much as the overall size after this many errors. */
const CELL_PRIOR = 8;
/** Errors of a size below this cannot divide; their sign is kept. */
const LEAST_SIZE = 1e-100;
/** Before errors are known the band reaches this many mean errors to each side, which counts as PRIOR_SCORES errors. */
const PRIOR_REACH = 2;
const PRIOR_SCORES = 10;

export class Calibration {
  readonly #sorted: Float64Array;
  readonly #ring: Float64Array;
  /** [count, next place in the ring, level below, level above, overall error size] */
  readonly #s: Float64Array;
  readonly #cell: Float64Array;
  readonly #cellCount: Float64Array;

  constructor(memory: Memory) {
    this.#sorted = memory.take(SCORES);
    this.#ring = memory.take(SCORES);
    this.#s = memory.take(5);
    this.#s[2] = this.#s[3] = TAIL;
    this.#cell = memory.take(CELLS);
    this.#cellCount = memory.take(CELLS);
  }

  /** Errors seen. */
  get count(): number {
    return this.#s[0];
  }

  /** Local size of errors in the series' unit: a mean absolute error at this place of the day (`place` in [0,1)). */
  size(place: number): number {
    const c = Math.min(CELLS - 1, Math.floor(place * CELLS));
    const share = this.#cellCount[c] / (this.#cellCount[c] + CELL_PRIOR);
    return share * this.#cell[c] + (1 - share) * this.#s[4];
  }

  /** Lower and upper offset from the median, in units of `size`. */
  quantile(side: 'below' | 'above'): number {
    const n = Math.min(this.#s[0], SCORES);
    const prior = side === 'below' ? -PRIOR_REACH : PRIOR_REACH;
    if (n === 0) return prior;
    const found = this.#empirical(side === 'below' ? this.#s[2] : 1 - this.#s[3], n);
    return this.#s[0] >= SCORES ? found : (n * found + PRIOR_SCORES * prior) / (n + PRIOR_SCORES);
  }

  /** Quantile of the kept scores at plotting positions (i + 0.5) / n. */
  #empirical(level: number, n: number): number {
    const at = level * n - 0.5;
    const last = n - 1;
    // Beyond the extreme scores the band widens in proportion, so that a level driven below zero still has an effect.
    if (at <= 0) return this.#sorted[0] * (1 - at / n);
    if (at >= last) return this.#sorted[last] * (1 + (at - last) / n);
    const i = Math.floor(at);
    return this.#sorted[i] + (at - i) * (this.#sorted[i + 1] - this.#sorted[i]);
  }

  /** An outcome: the error of the median and whether it fell out of the band on either side. */
  learn(error: number, size: number, place: number, missed: 'below' | 'above' | 'neither'): void {
    const s = this.#s;
    if (s[0] >= PRIOR_SCORES) {
      s[2] = bounded(s[2] + GAIN * (TAIL - (missed === 'below' ? 1 : 0)));
      s[3] = bounded(s[3] + GAIN * (TAIL - (missed === 'above' ? 1 : 0)));
    }
    this.#push(size > LEAST_SIZE ? error / size : Math.sign(error));
    const absolute = Math.abs(error);
    s[4] += (absolute - s[4]) * Math.max(RATE, 1 / s[0]);
    const c = Math.min(CELLS - 1, Math.floor(place * CELLS));
    this.#cellCount[c] += 1;
    this.#cell[c] += (absolute - this.#cell[c]) * Math.max(CELL_RATE, 1 / this.#cellCount[c]);
  }

  #push(score: number): void {
    const s = this.#s;
    let n = Math.min(s[0], SCORES);
    const sorted = this.#sorted;
    if (n === SCORES) {
      const gone = this.#find(this.#ring[s[1]], n);
      sorted.copyWithin(gone, gone + 1, n);
      n -= 1;
    }
    const at = this.#find(score, n);
    sorted.copyWithin(at + 1, at, n);
    sorted[at] = score;
    this.#ring[s[1]] = score;
    s[1] = (s[1] + 1) % SCORES;
    s[0] += 1;
  }

  /** First place among `n` sorted scores that is not below `score`. */
  #find(score: number, n: number): number {
    let low = 0;
    let high = n;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle] < score) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function bounded(level: number): number {
  return Math.min(0.5, Math.max(-0.5, level));
}
