// The usual course of an event: for every series (a zone's persons, a line's flow) and every minute of every part of an
// event, what earlier events showed then and how much they differed. A value is compared with the same minute of the same
// part of earlier events, never with quiet time and never with the present event's own past.
//
// - Counts are compared as 2 sqrt(x + 3/8), where a Poisson count has a deviation of 1 whatever its mean (Anscombe 1948).
// - A well-attended evening is not an anomaly of every zone: the size of the present event relative to the usual is the
//   weighted median over all series, and is taken out. What is left is a departure of one place from the others.
// - A course may be a step early or late: a value within the range of the neighbouring steps departs by nothing.
// - Few events are known, so a series' own spread is moderated by that of all series of similar size (Smyth 2004).
//
// The present event is learned when it is over, and what departed wildly is learned only to a bound.

/** Steps of one part that are told apart; what lasts longer is compared with the last. */
const MOST_STEPS = 240;
/** A new event's weight in the mean and in the spread, at least. */
const MEAN_WEIGHT = 0.2;
const SPREAD_WEIGHT = 0.1;
/** Departures are learned up to so many deviations. */
const LEARNED_UP_TO = 4;
/** Steps to each side whose spread counts as a step's own. */
const NEAR = 2;
/** Weight of the spread of similar series, in values. */
const PRIOR_VALUES = 8;
/** Classes of similar size: expected values up to 1, 3, 9, 27, 81 and above. */
const CLASSES = 6;
/** Memory of the event's size, in steps. */
const SIZE_MEMORY = 10;
const SIZE_RANGE = [0.25, 4] as const;
/** Complete events before departures can be told: one for the course, one for how much it varies. */
export const EVENTS_TO_LEARN = 2;

export interface CourseOptions {
  /** `count`: persons or crossings, compared by root and freed of the event's size. `level`: compared as it is. */
  readonly scale: 'count' | 'level';
  /** Whether the size of the event is taken out. */
  readonly sized: boolean;
  /** Variance of a departure below which no spread is believed, on the scale compared. */
  readonly floor: number;
}

/** What a step says of one series. */
export interface Departure {
  /** Departure from the usual in deviations, signed; NaN while learning or unknown. */
  readonly t: number;
  /** What was expected, in the unit of the series; NaN where nothing is known. */
  readonly expected: number;
}

/** Steps of one part, step by step, series by series. */
interface Part {
  steps: number;
  /** Mean course on the scale compared, and events behind it. */
  mean: Float32Array;
  events: Float32Array;
  /** Mean squared departure and events behind it. */
  square: Float32Array;
  squares: Float32Array;
  /** The present event: value (size taken out) and departure; NaN where there is none. */
  now: Float32Array;
  left: Float32Array;
}
const COLUMNS = ['mean', 'events', 'square', 'squares', 'now', 'left'] as const;

/** Thrown for options without meaning or a snapshot that does not fit. */
export class CourseError extends Error {
  override readonly name = 'CourseError';
}

export class Courses {
  readonly #series: number;
  readonly #options: CourseOptions;
  readonly #parts = new Map<string, Part>();
  /** Per class of size: sum of squared departures and their number. */
  #similar = new Float64Array(2 * CLASSES);
  #completed = 0;
  /** Root of the present event's size relative to the usual, and steps behind it. */
  #size = 1;
  #sizeSteps = 0;

  constructor(series: number, options: CourseOptions) {
    this.#series = series;
    this.#options = options;
  }

  /** Events learned so far. */
  get events(): number {
    return this.#completed;
  }

  /**
   * Compares `values` (NaN: unknown) with the usual at `step` of `part`, and keeps them to be learned when the event is over.
   * @param weights how much is behind each value, relative to one: a departure counts by the root of it
   */
  compare(part: string, step: number, values: ArrayLike<number>, weights?: ArrayLike<number>): Departure[] {
    const at = Math.min(step, MOST_STEPS - 1);
    const of = this.#part(part, at);
    const n = this.#series;
    const row = at * n;
    const y = Float64Array.from({ length: n }, (_, i) => this.#up(values[i]!));
    if (this.#options.sized) this.#follow(of, row, y);
    const known = this.#completed >= EVENTS_TO_LEARN;
    return Array.from(y, (value, i): Departure => {
      const place = row + i;
      of.now[place] = value / this.#size;
      of.left[place] = Number.NaN;
      const events = of.events[place]!;
      if (events === 0) return { t: Number.NaN, expected: Number.NaN };
      const usual = this.#size * of.mean[place]!;
      const expected = this.#down(usual);
      if (Number.isNaN(value)) return { t: Number.NaN, expected };
      const [low, high] = this.#range(of, at, i);
      const nearest = Math.min(Math.max(value, this.#size * low), this.#size * high);
      const left = (value - nearest) * Math.sqrt(weights?.[i] ?? 1);
      const spread = 1 + 1 / Math.min(events, 1 / MEAN_WEIGHT);
      of.left[place] = left / Math.sqrt(spread);
      if (!known) return { t: Number.NaN, expected };
      return { t: left / Math.sqrt(spread * this.#variance(of, at, i)), expected };
    });
  }

  /**
   * The event is over: learns it.
   * @param whole whether most of it was seen; what was seen of another is learned, but it does not count as complete
   */
  complete(whole = true): void {
    const n = this.#series;
    for (const of of this.#parts.values()) {
      // First all spreads as they were, then the change.
      const bound = Float64Array.from(of.now, (_, place) =>
        Number.isNaN(of.left[place]!)
          ? Number.POSITIVE_INFINITY
          : LEARNED_UP_TO *
            Math.sqrt(this.#completed > 1 ? this.#variance(of, Math.floor(place / n), place % n) : 1e30),
      );
      of.now.forEach((value, place) => {
        if (Number.isNaN(value)) return;
        const left = of.left[place]!;
        const clipped = Math.max(-bound[place]!, Math.min(bound[place]!, left));
        if (!Number.isNaN(left)) {
          const weight = Math.max(SPREAD_WEIGHT, 1 / (of.squares[place]! + 1));
          of.square[place]! += weight * (clipped * clipped - of.square[place]!);
          of.squares[place] = Math.min(of.squares[place]! + 1, 1 / SPREAD_WEIGHT);
        }
        const weight = Math.max(MEAN_WEIGHT, 1 / (of.events[place]! + 1));
        const share = left === 0 || Number.isNaN(left) ? 1 : clipped / left;
        of.mean[place]! += weight * share * (value - of.mean[place]!);
        of.events[place]!++;
      });
      of.now.fill(Number.NaN);
      of.left.fill(Number.NaN);
    }
    if (whole) this.#completed++;
    this.#size = 1;
    this.#sizeSteps = 0;
    this.#learnSimilar();
  }

  #learnSimilar(): void {
    this.#similar.fill(0);
    for (const of of this.#parts.values())
      of.square.forEach((square, place) => {
        const squares = of.squares[place]!;
        if (squares === 0) return;
        const k = 2 * this.#class(of.mean[place]!);
        this.#similar[k]! += squares * square;
        this.#similar[k + 1]! += squares;
      });
  }

  /** Moderated variance of a departure at a step. */
  #variance(of: Part, at: number, i: number): number {
    let sum = 0;
    let values = 0;
    for (let k = Math.max(0, at - NEAR); k <= Math.min(of.steps - 1, at + NEAR); k++) {
      const place = k * this.#series + i;
      sum += of.squares[place]! * of.square[place]!;
      values += of.squares[place]!;
    }
    const k = 2 * this.#class(of.mean[at * this.#series + i]!);
    const similar =
      this.#similar[k + 1]! > 0 ? this.#similar[k]! / this.#similar[k + 1]! : this.#options.floor;
    return Math.max(this.#options.floor, (PRIOR_VALUES * similar + sum) / (PRIOR_VALUES + values));
  }

  #class(y: number): number {
    if (this.#options.scale === 'level') return 0;
    const value = this.#down(y);
    return value <= 1 ? 0 : Math.min(CLASSES - 1, 1 + Math.floor(Math.log(value) / Math.log(3)));
  }

  /** Least and most of the usual course at a step and its neighbours. */
  #range(of: Part, at: number, i: number): [number, number] {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let k = Math.max(0, at - 1); k <= Math.min(of.steps - 1, at + 1); k++) {
      const place = k * this.#series + i;
      if (of.events[place] === 0) continue;
      low = Math.min(low, of.mean[place]!);
      high = Math.max(high, of.mean[place]!);
    }
    return [low, high];
  }

  /** Follows the event's size: the median over series of present to usual, weighted by the usual. */
  #follow(of: Part, row: number, y: Float64Array): void {
    const ratios: { ratio: number; weight: number }[] = [];
    let all = 0;
    for (let i = 0; i < y.length; i++) {
      const usual = of.mean[row + i]!;
      // Where hardly anybody is, the ratio says nothing.
      if (of.events[row + i] === 0 || Number.isNaN(y[i]!) || this.#down(usual) < 3) continue;
      ratios.push({ ratio: y[i]! / usual, weight: usual });
      all += usual;
    }
    if (ratios.length < 3) return;
    ratios.sort((a, b) => a.ratio - b.ratio);
    let median = ratios[0]!.ratio;
    for (let k = 0, sum = 0; sum < all / 2; k++) {
      median = ratios[k]!.ratio;
      sum += ratios[k]!.weight;
    }
    this.#sizeSteps = Math.min(this.#sizeSteps + 1, SIZE_MEMORY);
    // Begins at the usual size and moves away from it as the event says.
    this.#size += (median - this.#size) / (this.#sizeSteps + 1);
    this.#size = Math.min(SIZE_RANGE[1], Math.max(SIZE_RANGE[0], this.#size));
  }

  #up(value: number): number {
    return this.#options.scale === 'count' ? 2 * Math.sqrt(value + 0.375) : value;
  }

  #down(y: number): number {
    return this.#options.scale === 'count' ? Math.max(0, (y * y) / 4 - 0.375) : y;
  }

  #part(part: string, at: number): Part {
    let of = this.#parts.get(part);
    if (of === undefined) {
      of = emptyPart();
      this.#parts.set(part, of);
    }
    if (at >= of.steps) grow(of, at + 1, this.#series);
    return of;
  }

  snapshot(): Uint8Array {
    const head = new TextEncoder().encode(
      JSON.stringify({
        layout: 1,
        series: this.#series,
        completed: this.#completed,
        size: this.#size,
        sizeSteps: this.#sizeSteps,
        parts: [...this.#parts].map(([name, { steps }]) => ({ name, steps })),
      }),
    );
    const numbers = [...this.#parts.values()].flatMap((of) => COLUMNS.map((column) => of[column]));
    const floats = numbers.reduce((sum, { length }) => sum + length, 0);
    const bytes = new Uint8Array(4 + head.length + 4 * floats);
    new DataView(bytes.buffer).setUint32(0, head.length, true);
    bytes.set(head, 4);
    let at = 4 + head.length;
    for (const { buffer, byteOffset, byteLength } of numbers) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return bytes;
  }

  /**
   * @param from for each series its place in the snapshot's, or -1 for a new one
   * @throws CourseError when the bytes are no snapshot of this layout
   */
  restore(bytes: Uint8Array, from: readonly number[]): void {
    const copy = bytes.slice();
    const length = copy.length < 4 ? 0 : new DataView(copy.buffer).getUint32(0, true);
    const head: unknown = JSON.parse(new TextDecoder().decode(copy.subarray(4, 4 + length)));
    if (!isHead(head)) throw new CourseError('not a snapshot of courses of this layout: start again');
    const floats = new Float32Array(copy.slice(4 + length).buffer);
    const wanted = head.parts.reduce((sum, { steps }) => sum + COLUMNS.length * steps * head.series, 0);
    if (floats.length !== wanted)
      throw new CourseError(`a snapshot of ${floats.length} numbers, not ${wanted}`);
    this.#completed = head.completed;
    this.#size = head.size;
    this.#sizeSteps = head.sizeSteps;
    this.#parts.clear();
    let at = 0;
    for (const { name, steps } of head.parts) {
      const of = emptyPart();
      grow(of, steps, this.#series);
      for (const column of COLUMNS) {
        for (let step = 0; step < steps; step++)
          from.forEach((place, i) => {
            if (place >= 0) of[column][step * this.#series + i] = floats[at + step * head.series + place]!;
          });
        at += steps * head.series;
      }
      this.#parts.set(name, of);
    }
    this.#learnSimilar();
  }
}

function emptyPart(): Part {
  const none = new Float32Array(0);
  return { steps: 0, mean: none, events: none, square: none, squares: none, now: none, left: none };
}

function grow(of: Part, steps: number, series: number): void {
  for (const column of COLUMNS) {
    const more = new Float32Array(steps * series);
    if (column === 'now' || column === 'left') more.fill(Number.NaN);
    more.set(of[column]);
    of[column] = more;
  }
  of.steps = steps;
}

interface Head {
  readonly series: number;
  readonly completed: number;
  readonly size: number;
  readonly sizeSteps: number;
  readonly parts: readonly { readonly name: string; readonly steps: number }[];
}

function isHead(value: unknown): value is Head {
  return (
    typeof value === 'object' &&
    value !== null &&
    'layout' in value &&
    value.layout === 1 &&
    'series' in value &&
    Number.isInteger(value.series) &&
    'parts' in value &&
    Array.isArray(value.parts)
  );
}
