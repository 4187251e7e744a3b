// What a series did at the same place of earlier cycles: days, weeks, or events counted from their beginning.
import type { Memory } from './memory.ts';

/** What earlier cycles say about one place of the cycle; NaN where they say nothing. */
export interface SeasonView {
  /** Value in the newest cycle that had one. */
  last: number;
  /** Value in the cycle before that one. */
  previous: number;
  /** Exponentially weighted mean over cycles. */
  mean: number;
  /** Cycles seen at this place. */
  cycles: number;
}

export const emptyView = (): SeasonView => ({
  last: Number.NaN,
  previous: Number.NaN,
  mean: Number.NaN,
  cycles: 0,
});

/** Cells per cycle at most: 5-minute cells of a week. Finer series are averaged into cells and read by interpolation. */
export const MOST_CELLS = 2016;

/**
 * One cyclic memory. A cell keeps the newest two cycles and a mean of all earlier ones whose weights fall by
 * `1 - rate` per cycle (plain mean until `1 / rate` cycles were seen).
 */
export class Season {
  readonly periodMs: number;
  readonly cellMs: number;
  readonly #cells: number;
  readonly #wraps: boolean;
  readonly #rate: number;
  readonly #interpolates: boolean;
  readonly #last: Float64Array;
  readonly #previous: Float64Array;
  readonly #mean: Float64Array;
  readonly #cycles: Float64Array;
  readonly #cycle: Float64Array;
  readonly #inCell: Float64Array;

  constructor(memory: Memory, options: { periodMs: number; stepMs: number; rate: number; wraps: boolean }) {
    this.periodMs = options.periodMs;
    this.#cells = Math.min(MOST_CELLS, Math.max(1, Math.round(options.periodMs / options.stepMs)));
    this.cellMs = options.periodMs / this.#cells;
    this.#interpolates = this.cellMs > options.stepMs * 1.01;
    this.#wraps = options.wraps;
    this.#rate = options.rate;
    this.#last = memory.take(this.#cells, Number.NaN);
    this.#previous = memory.take(this.#cells, Number.NaN);
    this.#mean = memory.take(this.#cells, Number.NaN);
    this.#cycles = memory.take(this.#cells);
    this.#cycle = memory.take(this.#cells, Number.NaN);
    this.#inCell = memory.take(this.#cells);
  }

  /** Adds a value at `offsetMs` into cycle number `cycle`. Offsets past the end of a cycle that does not wrap are ignored. */
  learn(cycle: number, offsetMs: number, value: number): void {
    const c = Math.floor(offsetMs / this.cellMs);
    if (c < 0 || c >= this.#cells) return;
    if (this.#cycle[c] === cycle) {
      this.#inCell[c] += 1;
      this.#last[c] += (value - this.#last[c]) / this.#inCell[c];
      return;
    }
    if (this.#cycles[c] > 0) {
      const rate = Math.max(this.#rate, 1 / this.#cycles[c]);
      this.#mean[c] =
        this.#cycles[c] === 1 ? this.#last[c] : this.#mean[c] + rate * (this.#last[c] - this.#mean[c]);
      this.#previous[c] = this.#last[c];
    }
    this.#cycle[c] = cycle;
    this.#cycles[c] += 1;
    this.#inCell[c] = 1;
    this.#last[c] = value;
  }

  /** Fills `out` with what is known at `offsetMs` into the cycle. */
  read(offsetMs: number, out: SeasonView): void {
    const at = offsetMs / this.cellMs;
    const c = Math.floor(at);
    if (!this.#interpolates) {
      this.#cell(c, out);
      return;
    }
    const left = Math.floor(at - 0.5);
    const share = at - 0.5 - left;
    this.#cell(left, out);
    if (out.cycles === 0 || share === 0) {
      this.#cell(c, out);
      return;
    }
    const { last, previous, mean, cycles } = out;
    this.#cell(left + 1, out);
    if (out.cycles === 0) {
      out.last = last;
      out.previous = previous;
      out.mean = mean;
      out.cycles = cycles;
      return;
    }
    out.last = last + share * (out.last - last);
    out.mean = mean + share * (out.mean - mean);
    out.previous = previous + share * (out.previous - previous);
    out.cycles = Math.min(cycles, out.cycles);
  }

  #cell(index: number, out: SeasonView): void {
    const c = this.#wraps ? ((index % this.#cells) + this.#cells) % this.#cells : index;
    const cycles = c >= 0 && c < this.#cells ? this.#cycles[c] : 0;
    out.cycles = cycles;
    if (cycles === 0) {
      out.last = out.previous = out.mean = Number.NaN;
      return;
    }
    out.last = this.#last[c];
    out.previous = this.#previous[c];
    // The newest cycle joins the mean only once it is complete at this place, so it is blended in here.
    out.mean =
      cycles === 1
        ? this.#last[c]
        : this.#mean[c] + Math.max(this.#rate, 1 / cycles) * (this.#last[c] - this.#mean[c]);
  }
}
