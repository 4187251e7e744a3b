// How rare a magnitude is among all the magnitudes of the same kind that one series has shown before: an empirical
// tail probability (the conformal p-value of Vovk, Gammerman & Shafer 2005), kept in a histogram with logarithmic buckets
// so that memory does not grow. One bank holds several kinds ("channels") of one series.

/** Buckets per channel: with the growth below they span a factor of about 19,000 under the largest value seen. */
export const BUCKETS = 128;
const LOG_GROWTH = Math.log(1.08);
/** Buckets left free above a new maximum, so that a growing series does not shift at every step. */
const HEADROOM = 4;
/** Values commoner than this share are not rare at all; the scan from the top stops there. */
const COMMON = 0.05;
/** Largest bonus for exceeding everything seen, in factors of ten of rarity. */
const RECORD_BONUS = 1.5;
/** Values remembered at full weight; then all weights are halved, so that old behaviour fades. */
const MEMORY = 40_000;
const META = 4;

/** Numbers of state a bank of `channels` needs: `counts` in float32, `meta` in float64. */
export function raritySize(channels: number): { counts: number; meta: number } {
  return { counts: channels * BUCKETS, meta: channels * META };
}

/** Histograms over given state arrays; zero-filled arrays are an empty bank. */
export class RarityBank {
  readonly #counts: Float32Array;
  /** Per channel: bucket number of bucket 0, highest used bucket + 1, total weight, largest value. */
  readonly #meta: Float64Array;

  constructor(counts: Float32Array, meta: Float64Array) {
    this.#counts = counts;
    this.#meta = meta;
  }

  /**
   * Rarity of `magnitude` (>= 0, finite) against what the channel has seen, then remembers it.
   * Returns -log10 of the tail probability (weight of larger values + 1) / (total + 1), plus a bounded bonus for a
   * record; 0 when the magnitude is common.
   */
  learn(channel: number, magnitude: number): number {
    const meta = channel * META;
    const place = magnitude > 0 ? Math.log(magnitude) / LOG_GROWTH : Number.NEGATIVE_INFINITY;
    const rarity = this.#rarity(channel, meta, magnitude, place);
    this.#insert(channel, meta, magnitude, place);
    return rarity;
  }

  /** What `learn` would return, without remembering the magnitude. */
  rarity(channel: number, magnitude: number): number {
    const place = magnitude > 0 ? Math.log(magnitude) / LOG_GROWTH : Number.NEGATIVE_INFINITY;
    return this.#rarity(channel, channel * META, magnitude, place);
  }

  /** `logPlace` is the magnitude's bucket number with its fraction. */
  #rarity(channel: number, meta: number, magnitude: number, logPlace: number): number {
    const total = this.#meta[meta + 2];
    if (total === 0 || magnitude <= 0) return 0;
    const used = this.#meta[meta + 1];
    const largest = this.#meta[meta + 3];
    if (largest === 0) return Math.log10(total + 1);
    const place = logPlace - this.#meta[meta];
    const enough = COMMON * total;
    const first = channel * BUCKETS;
    let larger = 0;
    if (magnitude <= largest) {
      const bucket = place < 0 ? 0 : Math.floor(place);
      for (let index = used - 1; index > bucket; index -= 1) {
        larger += this.#counts[first + index];
        if (larger > enough) return 0;
      }
      // Within its own bucket a value is placed as if the bucket were filled evenly.
      larger += place < 0 ? this.#counts[first] : this.#counts[first + bucket] * (bucket + 1 - place);
      if (larger > enough && larger > 1) return 0;
    }
    let rarity = Math.log10((total + 1) / (larger + 1));
    if (magnitude > largest) rarity += Math.min(RECORD_BONUS, Math.log2(magnitude / largest));
    return rarity;
  }

  #insert(channel: number, meta: number, magnitude: number, logPlace: number): void {
    const first = channel * BUCKETS;
    const state = this.#meta;
    let bucket = 0;
    if (magnitude > 0) {
      const number = Math.floor(logPlace);
      if (state[meta + 3] === 0) state[meta] = number - Math.floor(BUCKETS * 0.75);
      else if (number - state[meta] >= BUCKETS)
        this.#shift(first, meta, number - state[meta] - BUCKETS + 1 + HEADROOM);
      bucket = Math.max(0, number - state[meta]);
      if (magnitude > state[meta + 3]) state[meta + 3] = magnitude;
    }
    this.#counts[first + bucket] += 1;
    if (bucket + 1 > state[meta + 1]) state[meta + 1] = bucket + 1;
    state[meta + 2] += 1;
    if (state[meta + 2] >= MEMORY) this.#fade(first, meta);
  }

  /** Moves the range up by `by` buckets; the lowest ones fall together. */
  #shift(first: number, meta: number, by: number): void {
    const counts = this.#counts;
    let low = 0;
    for (let index = 0; index <= Math.min(by, BUCKETS - 1); index += 1) low += counts[first + index];
    if (by < BUCKETS) counts.copyWithin(first, first + by, first + BUCKETS);
    counts.fill(0, first + Math.max(0, BUCKETS - by), first + BUCKETS);
    counts[first] = low;
    this.#meta[meta] += by;
    this.#meta[meta + 1] = Math.max(1, this.#meta[meta + 1] - by);
  }

  /** Halves every weight; buckets that fall below a fifth of one value are emptied, and the largest value follows. */
  #fade(first: number, meta: number): void {
    let total = 0;
    let used = 0;
    for (let index = 0; index < BUCKETS; index += 1) {
      const halved = this.#counts[first + index] / 2;
      const kept = halved < 0.2 ? 0 : halved;
      this.#counts[first + index] = kept;
      total += kept;
      if (kept > 0) used = index + 1;
    }
    this.#meta[meta + 1] = used;
    this.#meta[meta + 2] = total;
    const edge = Math.exp((used + this.#meta[meta]) * LOG_GROWTH);
    if (this.#meta[meta + 3] > edge) this.#meta[meta + 3] = edge;
  }
}
