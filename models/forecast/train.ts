// Trains a network with TensorFlow.js. The only file that loads it, and only when called: forecasting needs none of it.
// The layers package is loaded because it registers the gradients, which the core leaves out for Node.
import type * as TensorFlow from '@tensorflow/tfjs-core';
import { ForecastError } from './errors.ts';
import { INPUTS } from './features.ts';
import { HIDDEN, Network, standardise } from './network.ts';

/** Inputs (INPUTS numbers each) and the targets the network is to bracket. */
export interface Samples {
  readonly x: readonly Float64Array[];
  readonly z: readonly number[];
}

export interface TrainOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Epochs without a better validation loss before training stops. */
  readonly patience: number;
}

export const TRAIN_DEFAULTS: TrainOptions = {
  epochs: 60,
  batch: 256,
  learningRate: 0.003,
  seed: 1,
  patience: 8,
};

export interface Trained {
  readonly network: Network;
  /** Mean pinball loss over validation samples, in the network's unit: before training and at the best epoch. */
  readonly validationBefore: number;
  readonly validationBest: number;
  readonly epochs: number;
  /** TensorFlow.js back-end. */
  readonly backend: string;
}

const LEVELS = [0.1, 0.5, 0.9];
/** Targets beyond this many units teach the direction only. */
const MOST_TARGET = 20;

/** TensorFlow.js on the fastest back-end there is: native when `@tensorflow/tfjs-node` is installed, else WebAssembly. */
async function loadTensorFlow(): Promise<typeof TensorFlow> {
  const native: string = '@tensorflow/tfjs-node';
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-layers');
  try {
    await import(native);
    if (await tf.setBackend('tensorflow')) return tf;
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (!absent)
      throw new ForecastError('@tensorflow/tfjs-node is installed but does not load', { cause: error });
  }
  await import('@tensorflow/tfjs-backend-wasm');
  if (await tf.setBackend('wasm')) return tf;
  await import('@tensorflow/tfjs-backend-cpu');
  if (await tf.setBackend('cpu')) return tf;
  throw new ForecastError('no TensorFlow.js back-end starts here: install the packages again (npm ci)');
}

/** Uniform numbers in [0,1) from a seed (mulberry32). */
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function statistics(x: readonly Float64Array[]): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(INPUTS);
  const deviation = new Float64Array(INPUTS);
  for (const row of x) for (let i = 0; i < INPUTS; i++) mean[i] += row[i] / x.length;
  for (const row of x) for (let i = 0; i < INPUTS; i++) deviation[i] += (row[i] - mean[i]) ** 2 / x.length;
  // A constant input (the bias feature) becomes zero, whatever it is divided by.
  for (let i = 0; i < INPUTS; i++) deviation[i] = Math.sqrt(deviation[i]) || 1;
  return { mean, deviation };
}

/**
 * A network whose outputs minimise the mean pinball loss at 10, 50 and 90 %, stopped where validation is best.
 * The same samples, options and back-end give the same network.
 * @throws ForecastError for too few samples
 */
export async function trainNetwork(
  training: Samples,
  validation: Samples,
  options: TrainOptions = TRAIN_DEFAULTS,
): Promise<Trained> {
  if (training.x.length < 200 || validation.x.length < 50)
    throw new ForecastError(
      `${training.x.length} samples to train and ${validation.x.length} to validate with: ` +
        'at least 200 and 50 are needed, give a longer series',
    );
  const tf = await loadTensorFlow();
  const uniform = uniforms(options.seed);
  const { mean, deviation } = statistics(training.x);
  const kernel = (rows: number, columns: number, size: number): TensorFlow.Variable<TensorFlow.Rank> =>
    tf.variable(
      tf.tensor2d(
        Float32Array.from({ length: rows * columns }, () => (2 * uniform() - 1) * size),
        [rows, columns],
      ),
    );
  const [h1, h2] = HIDDEN;
  const variables = [
    kernel(INPUTS, h1, Math.sqrt(6 / INPUTS)),
    tf.variable(tf.zeros([h1])),
    kernel(h1, h2, Math.sqrt(6 / h1)),
    tf.variable(tf.zeros([h2])),
    // Last kernels of zero: training sets out from the statistical median.
    ...LEVELS.flatMap(() => [tf.variable(tf.zeros([h2, 1])), tf.variable(tf.zeros([1]))]),
  ];
  const tensors = (samples: Samples): [TensorFlow.Tensor2D, TensorFlow.Tensor2D] => {
    const x = new Float32Array(samples.x.length * INPUTS);
    samples.x.forEach((row, r) => {
      for (let i = 0; i < INPUTS; i++) x[r * INPUTS + i] = standardise(row[i], mean[i], deviation[i]);
    });
    const z = Float32Array.from(samples.z, (v) => Math.min(MOST_TARGET, Math.max(-MOST_TARGET, v)));
    return [tf.tensor2d(x, [samples.x.length, INPUTS]), tf.tensor2d(z, [z.length, 1])];
  };
  const loss = (x: TensorFlow.Tensor2D, z: TensorFlow.Tensor2D): TensorFlow.Scalar =>
    tf.tidy(() => {
      const [k1, b1, k2, b2, ...heads] = variables;
      const a = tf.relu(tf.add(tf.matMul(x, k1), b1));
      const b = tf.relu(tf.add(tf.matMul(a, k2), b2));
      const [below, middle, above] = [0, 2, 4].map((i) => tf.add(tf.matMul(b, heads[i]), heads[i + 1]));
      const outputs = [tf.sub(middle, tf.exp(below)), middle, tf.add(middle, tf.exp(above))];
      const losses = outputs.map((q, i) => {
        const short = tf.sub(z, q);
        return tf.add(tf.mul(tf.relu(short), LEVELS[i]), tf.mul(tf.relu(tf.neg(short)), 1 - LEVELS[i]));
      });
      return tf.mean<TensorFlow.Scalar>(tf.div(tf.addN(losses), LEVELS.length));
    });
  const optimizer = tf.train.adam(options.learningRate);
  const [validX, validZ] = tensors(validation);
  const validate = (): number => tf.tidy(() => loss(validX, validZ).dataSync()[0]);
  const read = (): Float64Array => {
    const [k1, b1, k2, b2, ...heads] = variables.map((v) => v.dataSync());
    const k3 = Float64Array.from({ length: h2 * 3 }, (_, i) => heads[2 * (i % 3)][Math.floor(i / 3)]);
    const b3 = [heads[1][0], heads[3][0], heads[5][0]];
    return Float64Array.from([...mean, ...deviation, ...k1, ...b1, ...k2, ...b2, ...k3, ...b3]);
  };
  const validationBefore = validate();
  let validationBest = validationBefore;
  let best = read();
  let since = 0;
  let epochs = 0;
  const order = Array.from(training.x.keys());
  while (epochs < options.epochs && since < options.patience) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    for (let from = 0; from < order.length; from += options.batch) {
      const rows = order.slice(from, from + options.batch);
      const [x, z] = tensors({ x: rows.map((r) => training.x[r]), z: rows.map((r) => training.z[r]) });
      optimizer.minimize(() => loss(x, z));
      tf.dispose([x, z]);
    }
    epochs += 1;
    since += 1;
    const now = validate();
    if (now < validationBest) {
      validationBest = now;
      best = read();
      since = 0;
    }
  }
  const backend = tf.getBackend();
  tf.dispose([validX, validZ, ...variables]);
  optimizer.dispose();
  return { network: new Network(best), validationBefore, validationBest, epochs, backend };
}
