// A small seeded generator, so that the same seed gives the same evening: xoshiro128** (Blackman & Vigna 2018), seeded
// by splitmix32. Normal deviates come from a table of quantiles: fast, bounded at 3.9 sigma, unit variance.

const TABLE_BITS = 13;
const TABLE = normalQuantiles(1 << TABLE_BITS);

export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  constructor(seed: number) {
    let s = seed >>> 0;
    const next = (): number => {
      s = (s + 0x9e3779b9) >>> 0;
      let t = s ^ (s >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      return (t ^ (t >>> 15)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** 32 random bits as an unsigned integer. */
  uint32(): number {
    const m = Math.imul(this.#b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.uint32() / 4_294_967_296;
  }

  /** Uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal deviate. */
  normal(): number {
    return TABLE[this.uint32() >>> (32 - TABLE_BITS)]!;
  }

  /** 0..n-1 in random order (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const out = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const t = out[i]!;
      out[i] = out[j]!;
      out[j] = t;
    }
    return out;
  }
}

/** Quantiles of the standard normal at (i + 1/2)/n by bisection of the error function, scaled to unit variance. */
function normalQuantiles(n: number): Float64Array {
  const out = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n / 2; i++) {
    const p = (i + 0.5) / n;
    let low = -6;
    let high = 0;
    for (let k = 0; k < 50; k++) {
      const mid = (low + high) / 2;
      if (normalCdf(mid) < p) low = mid;
      else high = mid;
    }
    out[i] = low;
    out[n - 1 - i] = -low;
    sum += 2 * low * low;
  }
  const scale = Math.sqrt(n / sum);
  for (let i = 0; i < n; i++) out[i]! *= scale;
  return out;
}

/** Lower tail for z <= 0, Abramowitz & Stegun 7.1.26 (error below 1.5e-7). */
function normalCdf(z: number): number {
  const x = -z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return 0.5 * poly * Math.exp(-x * x);
}
