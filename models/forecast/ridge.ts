// Linear regression that forgets: normal equations with exponential weights and a constant ridge, solved by Cholesky.
// Unlike recursive least squares it cannot wind up while nothing happens, because the ridge does not fade.
import type { Memory } from './memory.ts';

export class Ridge {
  readonly #n: number;
  readonly #keep: number;
  readonly #ridge: number;
  readonly #a: Float64Array;
  readonly #b: Float64Array;
  readonly #w: Float64Array;
  readonly #work: Float64Array;

  /** @param span number of observations after which a weight has fallen to 1/e */
  constructor(memory: Memory, dimensions: number, options: { span: number; ridge: number }) {
    this.#n = dimensions;
    this.#keep = 1 - 1 / options.span;
    this.#ridge = options.ridge;
    this.#a = memory.take(dimensions * dimensions);
    this.#b = memory.take(dimensions);
    this.#w = memory.take(dimensions);
    this.#work = new Float64Array(dimensions * dimensions);
  }

  predict(x: Float64Array, offset: number): number {
    let sum = 0;
    for (let i = 0; i < this.#n; i++) sum += this.#w[i] * x[offset + i];
    return sum;
  }

  /** One observation of `x` (at `offset`) and `y`, with a weight. */
  learn(x: Float64Array, offset: number, y: number, weight: number): void {
    const n = this.#n;
    const a = this.#a;
    for (let i = 0; i < n; i++) {
      const xi = x[offset + i] * weight;
      const row = i * n;
      for (let j = 0; j <= i; j++) a[row + j] = a[row + j] * this.#keep + xi * x[offset + j];
      this.#b[i] = this.#b[i] * this.#keep + xi * y;
    }
    this.#solve();
  }

  #solve(): void {
    const n = this.#n;
    const l = this.#work;
    const a = this.#a;
    const w = this.#w;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = a[i * n + j] + (i === j ? this.#ridge : 0);
        for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
        // The ridge keeps the matrix positive definite; the floor only guards against rounding.
        l[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / l[j * n + j];
      }
    }
    for (let i = 0; i < n; i++) {
      let sum = this.#b[i];
      for (let k = 0; k < i; k++) sum -= l[i * n + k] * w[k];
      w[i] = sum / l[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = w[i];
      for (let k = i + 1; k < n; k++) sum -= l[k * n + i] * w[k];
      w[i] = sum / l[i * n + i];
    }
  }
}
