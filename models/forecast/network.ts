// A small trained network as plain arrays, evaluated without any library: two hidden layers, three outputs that cannot cross.
import { ForecastError } from './errors.ts';
import { INPUTS } from './features.ts';

export const HIDDEN = [32, 16] as const;

/** Doubles of a network, in this order: input mean, input deviation, then kernel (inputs x outputs, row-major) and bias per layer. */
export const NETWORK_SHAPE: readonly number[] = [
  INPUTS,
  INPUTS,
  INPUTS * HIDDEN[0],
  HIDDEN[0],
  HIDDEN[0] * HIDDEN[1],
  HIDDEN[1],
  HIDDEN[1] * 3,
  3,
];

const LENGTH = NETWORK_SHAPE.reduce((a, b) => a + b, 0);
/** Standardised inputs are held within this, so that no jump leaves the range the network was trained on by far. */
export const MOST_INPUT = 6;

/** Standardised input, as training and forecasting both see it. */
export function standardise(value: number, mean: number, deviation: number): number {
  return Math.min(MOST_INPUT, Math.max(-MOST_INPUT, (value - mean) / deviation));
}

export class Network {
  readonly weights: Float64Array;
  readonly #parts: Float64Array[] = [];
  readonly #x = new Float64Array(INPUTS);
  readonly #a = new Float64Array(HIDDEN[0]);
  readonly #b = new Float64Array(HIDDEN[1]);

  /** @throws ForecastError unless `weights` are as many finite numbers as NETWORK_SHAPE says, deviations above zero */
  constructor(weights: Float64Array) {
    if (weights.length !== LENGTH || !weights.every(Number.isFinite))
      throw new ForecastError(
        `a network of ${weights.length} weights: ${LENGTH} finite numbers are needed; train the model anew`,
      );
    this.weights = weights;
    let at = 0;
    for (const length of NETWORK_SHAPE) {
      this.#parts.push(weights.subarray(at, at + length));
      at += length;
    }
    if (this.#parts[1].some((deviation) => deviation <= 0))
      throw new ForecastError(
        'a network with an input deviation that is not above zero: train the model anew',
      );
  }

  /** Writes [p10, p50, p90], in the network's own unit, for INPUTS numbers. */
  evaluate(inputs: Float64Array, out: Float64Array): void {
    const [mean, deviation, k1, b1, k2, b2, k3, b3] = this.#parts;
    for (let i = 0; i < INPUTS; i++) this.#x[i] = standardise(inputs[i], mean[i], deviation[i]);
    dense(this.#x, k1, b1, this.#a);
    relu(this.#a);
    dense(this.#a, k2, b2, this.#b);
    relu(this.#b);
    dense(this.#b, k3, b3, out);
    const [below, middle, above] = out;
    out[0] = middle - Math.exp(below);
    out[2] = middle + Math.exp(above);
  }
}

function dense(x: Float64Array, kernel: Float64Array, bias: Float64Array, out: Float64Array): void {
  for (let j = 0; j < out.length; j++) {
    let sum = bias[j];
    for (let i = 0; i < x.length; i++) sum += x[i] * kernel[i * out.length + j];
    out[j] = sum;
  }
}

function relu(x: Float64Array): void {
  for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0;
}
