// How large the errors of a forecast will be here: by place of day, by time into the event, and by how far the
// forecasters disagree. Only the shape matters; the calibration that follows scales it to the share promised.
import type { Memory } from './memory.ts';
import { Ridge } from './ridge.ts';

/** Inputs of the size: one, three cells or levels, and two disagreements, as logarithms of shares of the overall size. */
export const SPREAD_INPUTS = 6;

const DAY_CELLS = 24;
const EVENT_CELLS = 144;
const CELL_RATE = 0.06;
const OVERALL_RATE = 0.02;
/** A cell counts as much as the overall size after this many errors. */
const CELL_PRIOR = 8;
/** Errors needed before the regression is asked. */
const LEAST = 50;
/** Sizes are told apart between these shares of the overall one. */
const SMALLEST = 0.02;
const LARGEST = 20;

/** Where a forecast's target lies: in its day, and in its event (NaN outside any), both in [0,1). */
export interface Place {
  readonly day: number;
  readonly event: number;
}

export class Spread {
  /** [errors seen, overall mean absolute error] */
  readonly #s: Float64Array;
  readonly #day: Cells;
  readonly #event: Cells;
  readonly #ridge: Ridge;

  constructor(memory: Memory) {
    this.#s = memory.take(2);
    this.#day = new Cells(memory, DAY_CELLS);
    this.#event = new Cells(memory, EVENT_CELLS);
    this.#ridge = new Ridge(memory, SPREAD_INPUTS, { span: 1000, ridge: 5 });
  }

  get count(): number {
    return this.#s[0];
  }

  /**
   * Writes the inputs of a forecast at `offset` and returns its size, in the unit of the series; 0 before any error.
   * @param disagreement mean distance of the experts from the median
   * @param move distance of the median from the newest value
   */
  size(
    place: Place,
    median: number,
    disagreement: number,
    move: number,
    x: Float64Array,
    offset: number,
  ): number {
    const overall = this.#s[1];
    if (!(overall > 0)) {
      x.fill(0, offset, offset + SPREAD_INPUTS);
      return 0;
    }
    const log = (value: number): number => Math.log(Math.min(LARGEST, Math.max(SMALLEST, value / overall)));
    const day = this.#day.read(place.day, overall);
    const event = this.#event.read(place.event, day);
    x[offset] = 1;
    x[offset + 1] = log(day);
    x[offset + 2] = log(event);
    x[offset + 3] = log(disagreement);
    x[offset + 4] = log(move);
    x[offset + 5] = Math.log1p(Math.min(1e6, Math.abs(median) / overall));
    if (this.#s[0] < LEAST) return event;
    const found = this.#ridge.predict(x, offset);
    return overall * Math.exp(Math.min(Math.log(LARGEST), Math.max(Math.log(SMALLEST), found)));
  }

  learn(error: number, place: Place, x: Float64Array, offset: number): void {
    const s = this.#s;
    const absolute = Math.abs(error);
    s[0] += 1;
    if (s[1] > 0)
      this.#ridge.learn(x, offset, Math.log(Math.min(LARGEST, Math.max(SMALLEST, absolute / s[1]))), 1);
    s[1] += (absolute - s[1]) * Math.max(OVERALL_RATE, 1 / s[0]);
    this.#day.learn(place.day, absolute);
    this.#event.learn(place.event, absolute);
  }
}

/** Mean absolute error per cell of a cycle. */
class Cells {
  readonly #mean: Float64Array;
  readonly #count: Float64Array;

  constructor(memory: Memory, cells: number) {
    this.#mean = memory.take(cells);
    this.#count = memory.take(cells);
  }

  /** The cell's size, drawn towards `prior` while it has few errors. */
  read(place: number, prior: number): number {
    const c = this.#cell(place);
    if (c === undefined) return prior;
    return (this.#count[c] * this.#mean[c] + CELL_PRIOR * prior) / (this.#count[c] + CELL_PRIOR);
  }

  learn(place: number, size: number): void {
    const c = this.#cell(place);
    if (c === undefined) return;
    this.#count[c] += 1;
    this.#mean[c] += (size - this.#mean[c]) * Math.max(CELL_RATE, 1 / this.#count[c]);
  }

  #cell(place: number): number | undefined {
    const c = Math.floor(place * this.#mean.length);
    return c >= 0 && c < this.#mean.length ? c : undefined;
  }
}
