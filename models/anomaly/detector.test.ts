// The detector on made series of the kinds a venue has, and the properties that must hold on any series.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AnomalyInputError,
  type AnomalyResult,
  createDetector,
  describeReason,
  detectorStateBytes,
  restoreDetector,
} from './index.ts';

const STEP = 300_000;
const START = Date.UTC(2024, 4, 6);

/** A seeded uniform generator in [0,1). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function run(values: ArrayLike<number>, detector = createDetector()): AnomalyResult[] {
  return Array.from(values, (value, row) => detector.update(START + row * STEP, value));
}

const alarms = (results: AnomalyResult[]) => results.flatMap(({ score }, row) => (score >= 0.5 ? [row] : []));
const noise = (random: () => number) => random() + random() + random() - 1.5;
/** Ten days of a daily wave with noise, in values of five minutes. */
const daily = (seed: number, days = 10) => {
  const random = uniform(seed);
  return Array.from(
    { length: days * 288 },
    (_, row) => 50 + 30 * Math.sin((row / 288) * 2 * Math.PI) + 3 * noise(random),
  );
};

describe('what it finds, with a reason', () => {
  it('a spike, at once', () => {
    const values = daily(1);
    values[2000] += 60;
    const result = run(values)[2000];
    expect(result.score).toBeGreaterThanOrEqual(0.5);
    expect(result.reason.code).toMatch(/^(spike|high-for-time)$/);
    expect(result.reason.probability).toBeLessThan(0.002);
    expect(describeReason(result.reason)).toMatch(/where .* is usual \(1 in \d+\)$/);
  });

  it('a drop to nothing of a busy sensor', () => {
    const values = daily(2);
    for (let row = 2400 + 60; row < 2400 + 90; row += 1) values[row] = 0;
    const found = alarms(run(values)).filter((row) => row >= 2460 && row < 2470);
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(run(values)[found[0]].reason.code).toMatch(/^(drop|level-down|low-for-time)$/);
  });

  it('a crowd at an hour that is usually empty, although its size is ordinary at other hours', () => {
    const values = daily(3);
    const night = 8 * 288 + 216;
    for (let row = night; row < night + 24; row += 1) values[row] = 75;
    const results = run(values);
    const found = alarms(results).filter((row) => row >= night && row < night + 24);
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(results[found[0]].evidence).toBeGreaterThan(1.2);
  });

  it('a lasting change of level, once and not all day', () => {
    const random = uniform(4);
    const values = Array.from({ length: 3000 }, (_, row) => 20 + noise(random) + (row >= 2000 ? 12 : 0));
    const found = alarms(run(values)).filter((row) => row >= 2000);
    expect(found[0]).toBeLessThan(2010);
    expect(found.length).toBeLessThanOrEqual(4);
  });

  it('a value that no longer moves', () => {
    const random = uniform(5);
    const values = Array.from({ length: 2500 }, () => 20 + noise(random));
    const stuck = values.map((value, row) => (row >= 1500 ? values[1500] : value));
    const results = run(stuck);
    const flat = results.findIndex(({ reason }) => reason.code === 'flat-line');
    expect(flat).toBeGreaterThan(1600);
    expect(flat).toBeLessThan(1800);
    expect(results[flat].score).toBeGreaterThanOrEqual(0.5);
    expect(results.filter(({ reason }) => reason.code === 'flat-line')).toHaveLength(1);
  });

  it('missing values: said at each, an alarm once when they go on, never learned', () => {
    const values = daily(6, 4);
    const gap = values.map((value, row) => (row >= 800 && row < 830 ? Number.NaN : value));
    const results = run(gap);
    for (let row = 800; row < 830; row += 1) {
      expect(results[row].reason.code).toBe('missing');
      expect(Number.isFinite(results[row].score)).toBe(true);
    }
    expect(alarms(results).filter((row) => row >= 800 && row < 830)).toEqual([804]);
    expect(describeReason(results[804].reason)).toBe('missing: no value for 5 in a row');
  });
});

describe('what it leaves alone', () => {
  it.each([1, 2, 3, 4, 5])('ordinary days give few alarms (seed %i)', (seed) => {
    expect(alarms(run(daily(seed, 14))).length).toBeLessThanOrEqual(14);
  });

  it.each([7, 0, 0.1, 1e9 + 0.3])('a constant series gives none, from the first value on (%d)', (value) => {
    expect(alarms(run(new Float64Array(9000).fill(value)))).toEqual([]);
  });

  it('a series that alarms again and again must show more each time', () => {
    const random = uniform(9);
    const values = Array.from({ length: 8000 }, (_, row) => noise(random) + (row % 400 === 399 ? 40 : 0));
    const found = alarms(run(values));
    const half = (from: number, to: number) => found.filter((row) => row >= from && row < to).length;
    expect(half(0, 4000)).toBeGreaterThan(half(4000, 8000));
  });
});

describe('properties', () => {
  const anything = fc.array(
    fc.oneof(
      fc.double({ min: -1e30, max: 1e30, noNaN: true }),
      fc.integer({ min: -5, max: 5 }),
      fc.constant(Number.NaN),
      fc.constantFrom(Number.MIN_VALUE, 1e-300, -1e30, 1e30),
    ),
    { minLength: 1, maxLength: 300 },
  );

  it('scores are numbers in [0,1] on any input', () => {
    fc.assert(
      fc.property(anything, (values) => {
        for (const { score, evidence } of run(values)) {
          expect(score >= 0 && score <= 1).toBe(true);
          expect(Number.isFinite(evidence) && evidence >= 0).toBe(true);
        }
      }),
    );
  });

  it('a restored detector goes on exactly as an uninterrupted one, and the snapshot has a fixed size', () => {
    fc.assert(
      fc.property(anything, fc.nat(300), (values, at) => {
        const cut = Math.min(at, values.length);
        const whole = run(values);
        const first = createDetector();
        const results = values.slice(0, cut).map((value, row) => first.update(START + row * STEP, value));
        const bytes = first.snapshot();
        expect(bytes.byteLength - detectorStateBytes).toBe(8 * 11);
        // An odd offset and later changes of the source must not matter.
        const shifted = new Uint8Array(bytes.byteLength + 1).subarray(1);
        shifted.set(bytes);
        const second = restoreDetector(shifted);
        shifted.fill(0);
        first.update(START, 1);
        for (let row = cut; row < values.length; row += 1)
          results.push(second.update(START + row * STEP, values[row]));
        expect(results).toEqual(whole);
      }),
    );
  });

  it('a different unit of the same series changes no alarm', () => {
    const values = daily(11, 6);
    values[1200] += 70;
    const plain = alarms(run(values));
    expect(plain).toContain(1200);
    expect(alarms(run(values.map((value) => value * 1024)))).toContain(1200);
  });

  it('later values change no earlier score', () => {
    const values = daily(12, 3);
    const other = values.map((value, row) => (row < 500 ? value : value * -3));
    expect(run(other).slice(0, 500)).toEqual(run(values).slice(0, 500));
  });
});

describe('refusals', () => {
  it('times that are no numbers, infinite values, wrong options, foreign snapshots', () => {
    const detector = createDetector();
    expect(() => detector.update(Number.NaN, 1)).toThrow(AnomalyInputError);
    expect(() => detector.update(0, Number.POSITIVE_INFINITY)).toThrow(/give NaN/);
    expect(() => createDetector({ bar: 0 })).toThrow(AnomalyInputError);
    expect(() => createDetector({ rest: Number.NaN })).toThrow(/rest/);
    expect(() => restoreDetector(new Uint8Array(10))).toThrow(AnomalyInputError);
    expect(() => restoreDetector(new Uint8Array(detector.snapshot().byteLength))).toThrow(/layout/);
  });
});
