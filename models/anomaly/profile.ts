// What a series usually shows at this time of day and of the week, learned online: a mean per quarter of an hour for
// each, updated once per visit, with the level of the whole series before a full day is known. Times are taken in UTC, so a
// venue that changes its clock sees its profile shifted by an hour until it has relearned.

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Bins per day. */
export const DAY_BINS = 96;
const WEEK_BINS = 7 * DAY_BINS;
const BIN_MS = DAY_MS / DAY_BINS;
/** Share of a new visit in a bin's mean, at least; 1/visits while there are few. */
const VISIT_SHARE = 0.2;
/** Floor of the share of a new value in the level. */
const LEVEL_SHARE = 0.01;

// Layout of the scalar state.
const STARTED = 0;
const FIRST_MS = 1;
const SEEN = 2;
const LEVEL = 3;
const BIN = 4;
const BIN_SUM = 5;
const BIN_COUNT = 6;
const ORIGIN = 7;
const SCALARS = 8;

/** Numbers of state: `scalars` in float64; `means` and `visits` in float32 for day bins, then week bins. */
export const profileSize = { scalars: SCALARS, bins: 2 * (DAY_BINS + WEEK_BINS) } as const;

/** Where an expectation came from. */
export type ExpectationBasis = 'level' | 'time-of-day' | 'time-of-week';

/** Learns the profile over given state arrays; zero-filled arrays are an empty profile. */
export class Profile {
  readonly #scalars: Float64Array;
  readonly #bins: Float32Array;
  /** Where the latest expectation came from. */
  basis: ExpectationBasis = 'level';

  constructor(scalars: Float64Array, bins: Float32Array) {
    this.#scalars = scalars;
    this.#bins = bins;
  }

  /** Expected value at `epochMs` from what came before, then learns `value`. The first value expects itself. */
  learn(epochMs: number, value: number): number {
    const state = this.#scalars;
    if (state[STARTED] === 0) {
      state[STARTED] = 1;
      state[FIRST_MS] = epochMs;
      state[LEVEL] = value;
      // Bins hold differences from the first value: in float32 a large constant part would hide small changes.
      state[ORIGIN] = value;
      state[BIN] = -1;
    }
    const bin = Math.floor((((epochMs % WEEK_MS) + WEEK_MS) % WEEK_MS) / BIN_MS);
    if (bin !== state[BIN]) {
      this.#closeVisit();
      state[BIN] = bin;
    }
    const expected = this.#expect(epochMs, bin);
    state[SEEN] += 1;
    state[LEVEL] += Math.max(LEVEL_SHARE, 1 / state[SEEN]) * (value - state[LEVEL]);
    state[BIN_SUM] += value - state[ORIGIN];
    state[BIN_COUNT] += 1;
    return expected;
  }

  #expect(epochMs: number, bin: number): number {
    const bins = this.#bins;
    const state = this.#scalars;
    const known = epochMs - state[FIRST_MS];
    const week = 2 * DAY_BINS + 2 * bin;
    if (known >= 2 * WEEK_MS && bins[week + 1] >= 2) {
      this.basis = 'time-of-week';
      return state[ORIGIN] + bins[week];
    }
    const day = 2 * (bin % DAY_BINS);
    if (known >= DAY_MS && bins[day + 1] > 0) {
      this.basis = 'time-of-day';
      return state[ORIGIN] + bins[day];
    }
    this.basis = 'level';
    return state[LEVEL];
  }

  /** Folds the mean of the visit that has ended into its day bin and its week bin. */
  #closeVisit(): void {
    const state = this.#scalars;
    const count = state[BIN_COUNT];
    if (count === 0) return;
    const mean = state[BIN_SUM] / count;
    this.#fold(2 * (state[BIN] % DAY_BINS), mean);
    this.#fold(2 * DAY_BINS + 2 * state[BIN], mean);
    state[BIN_SUM] = 0;
    state[BIN_COUNT] = 0;
  }

  #fold(at: number, mean: number): void {
    const bins = this.#bins;
    bins[at + 1] += 1;
    bins[at] += Math.max(VISIT_SHARE, 1 / bins[at + 1]) * (mean - bins[at]);
  }
}
