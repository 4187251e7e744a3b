// What is usual in each block: a robust mean and deviation per block, learned online. A value far off moves them no
// further than one of three deviations would (Huber's psi), so that an anomaly does not become the reference at once.

/** A residual counts at most this many deviations. */
const CLIP = 3;
/** Values that a block takes as they are: there is no deviation yet to clip by. */
const UNCLIPPED = 10;

export class BlockReference {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly seen: Uint16Array;
  readonly #memory: number;
  readonly #least: number;

  /** @param memory values after which a block forgets; @param least smallest deviation it may have */
  constructor(blocks: number, memory: number, least: number) {
    this.mean = new Float32Array(blocks);
    this.variance = new Float32Array(blocks);
    this.seen = new Uint16Array(blocks);
    this.#memory = memory;
    this.#least = least;
  }

  /** Deviation of a block, never below the least. */
  deviation(block: number): number {
    return Math.max(this.#least, Math.sqrt(this.variance[block]));
  }

  /** How many deviations `value` lies above (below: negative) what is usual. */
  distance(block: number, value: number): number {
    return (value - this.mean[block]) / this.deviation(block);
  }

  learn(block: number, value: number): void {
    const seen = this.seen[block];
    const weight = 1 / Math.min(seen + 1, this.#memory);
    if (seen === 0) {
      this.mean[block] = value;
      this.seen[block] = 1;
      return;
    }
    const most = seen < UNCLIPPED ? Number.POSITIVE_INFINITY : CLIP * this.deviation(block);
    const residual = Math.min(most, Math.max(-most, value - this.mean[block]));
    this.mean[block] += weight * residual;
    this.variance[block] += weight * (residual * residual - this.variance[block]);
    if (seen < 0xffff) this.seen[block] = seen + 1;
  }

  get bytes(): number {
    return this.mean.byteLength + this.variance.byteLength + this.seen.byteLength;
  }

  snapshot(): Uint8Array {
    const bytes = new Uint8Array(this.bytes);
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of [this.mean, this.variance, this.seen]) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return bytes;
  }

  /** False when the bytes are of another number of blocks. */
  restore(bytes: Uint8Array): boolean {
    if (bytes.byteLength !== this.bytes) return false;
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of [this.mean, this.variance, this.seen]) {
      new Uint8Array(buffer, byteOffset, byteLength).set(bytes.subarray(at, at + byteLength));
      at += byteLength;
    }
    return true;
  }
}
