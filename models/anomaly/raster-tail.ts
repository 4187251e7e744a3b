// How rare the heaviest place of a slot is among the heaviest of all slots before. Ranking the maximum over the whole
// raster against its own past is what keeps thousands of blocks from raising thousands of alarms: whatever the number of
// blocks and however they depend on each other, a level p is passed by chance in a share p of the slots.

const BUCKETS = 160;
const GROWTH = Math.log(1.1);
/** Slots at full weight; then all are halved, so that old behaviour fades. Four days of slots of 10 s. */
const MEMORY = 40_000;
/** Largest bonus for exceeding everything seen, in factors of ten of rarity. */
const RECORD_BONUS = 1.5;
/** Slots whose masses count as they are, and how far above the largest one may count afterwards. */
const FREE = 60;
const GROWING = 1.3;
/** Mass of bucket 0's lower edge; a slot without any place is below it. */
const LEAST = 1;

/** Histogram of masses: bucket k holds [1.1^k, 1.1^(k+1)); then the weight of slots without a place, total, largest. */
export class MassTail {
  readonly #state = new Float64Array(BUCKETS + 3);

  get slots(): number {
    return this.#state[BUCKETS + 1];
  }

  /** -log10 of the share of slots with at least this mass, (larger + 1) / (slots + 1), and up to 1.5 for a record. */
  rarity(mass: number): number {
    if (mass < LEAST) return 0;
    const place = Math.log(mass) / GROWTH;
    const bucket = Math.min(BUCKETS - 1, Math.floor(place));
    let larger = 0;
    for (let k = BUCKETS - 1; k > bucket; k -= 1) larger += this.#state[k];
    // Within a bucket a mass is placed as if it were filled evenly.
    larger += this.#state[bucket] * Math.max(0, bucket + 1 - place);
    const largest = this.#state[BUCKETS + 2];
    const rare = Math.log10((this.slots + 1) / (Math.min(larger, this.slots) + 1));
    return mass > largest ? rare + Math.min(RECORD_BONUS, Math.log2(mass / Math.max(largest, LEAST))) : rare;
  }

  /** A mass counts at most a little above the largest before it: one slot must not make the next of its size ordinary. */
  learn(seen: number): void {
    const state = this.#state;
    const mass = this.slots < FREE ? seen : Math.min(seen, GROWING * Math.max(LEAST, state[BUCKETS + 2]));
    const bucket = mass < LEAST ? BUCKETS : Math.min(BUCKETS - 1, Math.floor(Math.log(mass) / GROWTH));
    state[bucket] += 1;
    state[BUCKETS + 1] += 1;
    state[BUCKETS + 2] = Math.max(state[BUCKETS + 2], mass);
    if (state[BUCKETS + 1] < MEMORY) return;
    let highest = 0;
    let total = 0;
    for (let k = 0; k <= BUCKETS; k += 1) {
      // Less than a fifth of one slot is forgotten.
      state[k] = state[k] < 0.4 ? 0 : state[k] / 2;
      total += state[k];
      if (k < BUCKETS && state[k] > 0) highest = k + 1;
    }
    state[BUCKETS + 1] = total;
    state[BUCKETS + 2] = Math.min(state[BUCKETS + 2], Math.exp(highest * GROWTH));
  }

  snapshot(): Uint8Array {
    return new Uint8Array(this.#state.buffer.slice(0));
  }

  /** False when the bytes are not a tail's. */
  restore(bytes: Uint8Array): boolean {
    if (bytes.byteLength !== this.#state.byteLength) return false;
    new Uint8Array(this.#state.buffer).set(bytes);
    return true;
  }
}
