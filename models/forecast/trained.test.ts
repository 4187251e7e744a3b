// Training, its files, and the forecaster that uses them: what is learned is better where it can be, is judged on days it
// never saw, is stored exactly, and is not used where it is worse.
import { describe, expect, it } from 'vitest';
import { INPUTS } from './features.ts';
import {
  backtest,
  ForecastError,
  forecasterOf,
  modelCard,
  Network,
  type Point,
  parseModel,
  TRAIN_DEFAULTS,
  trainModel,
} from './index.ts';
import { NETWORK_SHAPE } from './network.ts';
import { trainNetwork } from './train.ts';

const HOUR = 3_600_000;

function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Hourly counts with a day and noise. */
function counts(length: number): Point[] {
  const uniform = uniforms(7);
  return Array.from({ length }, (_, i) => ({
    epochMs: i * HOUR,
    value: Math.round(50 + 40 * Math.sin((2 * Math.PI * i) / 24) + 20 * uniform()),
  }));
}

/** Targets that depend on the product of two inputs, which nothing linear finds, with noise that grows with a third. */
function samples(seed: number, n: number): { x: Float64Array[]; z: number[] } {
  const uniform = uniforms(seed);
  const x = Array.from({ length: n }, () => Float64Array.from({ length: INPUTS }, () => 2 * uniform() - 1));
  return { x, z: x.map((r) => 3 * r[1] * r[2] + (0.1 + Math.abs(r[3])) * (2 * uniform() - 1)) };
}

describe('trainNetwork', () => {
  it('learns median and band, equal in plain arrays to what was validated, and the same again', async () => {
    const options = { ...TRAIN_DEFAULTS, epochs: 40 };
    const validation = samples(2, 400);
    const one = await trainNetwork(samples(1, 1500), validation, options);
    // Noise uniform within +-a has a least loss of a q (1 - q): 0.086 on average here, with a mean a of 0.6. The best that
    // ignores the product is near the start; half of the way between must be gone.
    const least = (0.6 * (0.09 + 0.25 + 0.09)) / 3;
    expect(one.validationBest).toBeGreaterThan(0.9 * least);
    expect(one.validationBest).toBeLessThan((one.validationBefore + least) / 2);
    // The network without TensorFlow.js has the loss that TensorFlow.js measured.
    const out = new Float64Array(3);
    let loss = 0;
    let covered = 0;
    validation.x.forEach((x, i) => {
      one.network.evaluate(x, out);
      [0.1, 0.5, 0.9].forEach((q, j) => {
        const short = validation.z[i] - out[j];
        loss += (short > 0 ? q * short : (q - 1) * short) / 3 / validation.x.length;
      });
      covered += validation.z[i] >= out[0] && validation.z[i] <= out[2] ? 1 / validation.x.length : 0;
    });
    expect(loss).toBeCloseTo(one.validationBest, 4);
    expect(covered).toBeGreaterThan(0.65);
    expect(covered).toBeLessThan(0.95);
    const again = await trainNetwork(samples(1, 1500), validation, options);
    expect(again.network.weights).toEqual(one.network.weights);
  });

  it('refuses too few samples', async () => {
    await expect(trainNetwork(samples(1, 50), samples(2, 60))).rejects.toThrow(/at least 200/);
  });
});

describe('a model', () => {
  const points = counts(1100);

  it('is judged on later days, stored exactly, and used only where it was better', async () => {
    const model = await trainModel(points, [HOUR, 3 * HOUR], { ...TRAIN_DEFAULTS, epochs: 3 });
    expect(model.training.to < model.validation.from && model.validation.to < model.heldOut.from).toBe(true);
    for (const h of model.horizons)
      expect(h.used).toBe(h.trained.mae < h.statistical.mae && h.trained.pinball < h.statistical.pinball);
    const read = parseModel(JSON.stringify(model));
    expect(read).toEqual(model);
    expect(modelCard(model, 'gate.csv')).toContain(model.heldOut.from);
    const use = (used: boolean) => ({ ...read, horizons: read.horizons.map((h) => ({ ...h, used })) });
    const run = (m: typeof read, of: Point[]) => [
      ...backtest(of, { horizonsSteps: [1, 3], make: (o) => forecasterOf(m, o.stepMs, o.horizonsMs) }),
    ];
    const statistical = [...backtest(points, { horizonsSteps: [1, 3] })];
    expect(run(use(false), points)).toEqual(statistical);
    const trained = run(use(true), points);
    expect(trained).not.toEqual(statistical);
    // No look-ahead through the network either.
    const newest = points[799].epochMs;
    expect(run(use(true), points.slice(0, 800))).toEqual(
      trained.filter((row) => row.originMs + row.horizonMs <= newest),
    );
    const one = forecasterOf(use(true), HOUR, [HOUR]);
    let other = forecasterOf(use(true), HOUR, [HOUR]);
    points.slice(0, 400).forEach(({ epochMs, value }, i) => {
      one.update(epochMs, value);
      other.update(epochMs, value);
      if (i % 150 === 149) {
        const saved = JSON.parse(JSON.stringify(other.snapshot()));
        other = forecasterOf(use(true), HOUR, [HOUR]);
        other.restore(saved);
      }
      expect(other.forecast()).toEqual(one.forecast());
    });
    expect(() => forecasterOf(read, 60_000, [HOUR])).toThrow(/trained on a step/);
    expect(() => forecasterOf(read, HOUR, [2 * HOUR])).toThrow(/not trained for/);
  });

  it('refuses a short series and files that are no model', async () => {
    await expect(trainModel(points.slice(0, 900), [HOUR])).rejects.toThrow(/at least 1000/);
    expect(() => parseModel('{')).toThrow(ForecastError);
    expect(() => parseModel('{"format":"other"}')).toThrow(/not a forecast model/);
    const length = NETWORK_SHAPE.reduce((a, b) => a + b, 0);
    expect(() => new Network(new Float64Array(length))).toThrow(/deviation/);
    expect(() => new Network(new Float64Array(3))).toThrow(/finite numbers/);
  });
});
