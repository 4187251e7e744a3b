// Watches the length of runs (the same value again and again, or no value at all) against the longest run that
// was normal so far, and speaks once per run: a stuck or silent sensor is itself something to look at.

const RUN = 0;
const LONGEST = 1;
const SPOKEN = 2;

/** Numbers of float64 state of one watch. */
export const runsSize = 3;

/** Run watch over a given state array; a zero-filled array has seen nothing. */
export class RunWatch {
  readonly #state: Float64Array;
  readonly #shortest: number;
  readonly #factor: number;

  /** Speaks at runs of at least `shortest`, and `factor` times the longest run before. */
  constructor(state: Float64Array, shortest: number, factor: number) {
    this.#state = state;
    this.#shortest = shortest;
    this.#factor = factor;
  }

  /** Length of the current run. */
  get length(): number {
    return this.#state[RUN];
  }

  /** Takes whether the run goes on; true exactly once per run, when it has become unusually long. */
  step(goesOn: boolean): boolean {
    const state = this.#state;
    if (!goesOn) {
      if (state[RUN] > state[LONGEST]) state[LONGEST] = state[RUN];
      state[RUN] = 0;
      state[SPOKEN] = 0;
      return false;
    }
    state[RUN] += 1;
    if (state[SPOKEN] === 1 || state[RUN] < Math.max(this.#shortest, this.#factor * state[LONGEST]))
      return false;
    state[SPOKEN] = 1;
    return true;
  }
}
