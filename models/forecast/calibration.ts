// Bands that hold what they promise: adaptive conformal quantiles of recent errors, per horizon.
// Each side follows Gibbs & Candès 2021 (adaptive conformal inference): the level asked of the empirical quantile moves
// by `GAIN * (miss - target)` after every outcome, so that the long-run share of misses is the target whatever the series.
import type { Memory } from './memory.ts';

const SCORES = 400;
const GAIN = 0.02;
const TAIL = 0.1;
/**
 * A score of more counts as this: the first move after a standstill is thousands of the errors before, and would keep the
 * band without meaning for as long as it is remembered.
 */
const MOST_SCORE = 8;
const DOUBLING = 0.25;
/** Errors of a size below this cannot divide; their sign is kept. */
const LEAST_SIZE = 1e-100;
/** Before errors are known the band reaches this many mean errors to each side, which counts as PRIOR_SCORES errors. */
const PRIOR_REACH = 2;
const PRIOR_SCORES = 10;

export class Calibration {
  readonly #sorted: Float64Array;
  readonly #ring: Float64Array;
  /** [count, next place in the ring, level below, level above] */
  readonly #s: Float64Array;

  constructor(memory: Memory) {
    this.#sorted = memory.take(SCORES);
    this.#ring = memory.take(SCORES);
    this.#s = memory.take(4);
    this.#s[2] = this.#s[3] = TAIL;
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
    // A level driven below zero by misses asks for more than any score kept: the band doubles with every DOUBLING of it.
    if (at <= 0) return this.#sorted[0] * 2 ** Math.max(0, -level / DOUBLING);
    if (at >= last) return this.#sorted[last] * 2 ** Math.max(0, (level - 1) / DOUBLING);
    const i = Math.floor(at);
    return this.#sorted[i] + (at - i) * (this.#sorted[i + 1] - this.#sorted[i]);
  }

  /** An outcome: the error of the median, the size it was expected to have, and the side on which the band missed it. */
  learn(error: number, size: number, missed: 'below' | 'above' | 'neither'): void {
    const s = this.#s;
    if (s[0] >= PRIOR_SCORES) {
      s[2] = bounded(s[2] + GAIN * (TAIL - (missed === 'below' ? 1 : 0)));
      s[3] = bounded(s[3] + GAIN * (TAIL - (missed === 'above' ? 1 : 0)));
    }
    const score = size > LEAST_SIZE ? error / size : Math.sign(error);
    this.#push(Math.min(MOST_SCORE, Math.max(-MOST_SCORE, score)));
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
