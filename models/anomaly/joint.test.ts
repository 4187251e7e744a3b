// The venue as a whole: what no zone shows alone, and what is ordinary in one phase of an event but not in another.
import { describe, expect, it } from 'vitest';
import {
  AnomalyInputError,
  createJointDetector,
  type EventPhase,
  type JointResult,
  restoreJointDetector,
} from './index.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 4, 6, 12);

function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Four zones that rise and fall together between 0 and 400 persons, with 5 % noise. */
function together(seed: number, minutes: number): number[][] {
  const random = uniform(seed);
  return Array.from({ length: minutes }, (_, minute) => {
    const size = 500 * (1.2 + Math.sin(minute / 40));
    return [0.4, 0.3, 0.2, 0.1].map((share) => Math.round(size * share * (0.95 + 0.1 * random())));
  });
}

function run(moments: number[][], phase: (minute: number) => EventPhase = () => 'none'): JointResult[] {
  const detector = createJointDetector(4);
  return moments.map((values, minute) => detector.update(START + minute * MINUTE, values, phase(minute)));
}

describe('joint detector', () => {
  it('finds persons in the wrong zone although total and every zone are within their range', () => {
    const moments = together(1, 2000);
    for (let minute = 1500; minute < 1520; minute += 1) {
      const total = moments[minute].reduce((sum, value) => sum + value, 0);
      moments[minute] = [0.1, 0.2, 0.3, 0.4].map((share) => Math.round(share * total));
    }
    const results = run(moments);
    const found = results.findIndex(
      ({ score, code }, minute) => minute >= 1500 && score >= 0.5 && code === 'spread',
    );
    expect(found).toBeGreaterThanOrEqual(1500);
    expect(found).toBeLessThan(1505);
    expect(
      results[found].departures
        .slice(0, 2)
        .map(({ zone }) => zone)
        .sort(),
    ).toEqual([0, 3]);
  });

  it('finds a sudden emptying of the venue', () => {
    const moments = together(2, 2000);
    for (let minute = 1600; minute < 1620; minute += 1)
      moments[minute] = moments[minute].map((value) => value * 0.02);
    const found = run(moments).findIndex(({ score }, minute) => minute >= 1600 && score >= 0.5);
    expect(found).toBeGreaterThanOrEqual(1600);
    expect(found).toBeLessThan(1605);
  });

  it('a full concourse is ordinary at half-time and not during play', () => {
    const random = uniform(3);
    const wiggle = () => 0.95 + 0.1 * random();
    const seats = () => [700, 200, 60, 40].map((value) => value * wiggle());
    const concourse = () => [200, 200, 300, 300].map((value) => value * wiggle());
    const phase = (minute: number): EventPhase =>
      minute % 120 >= 50 && minute % 120 < 70 ? 'half-time' : 'play';
    const moments = Array.from({ length: 2400 }, (_, minute) =>
      phase(minute) === 'play' ? seats() : concourse(),
    );
    const ordinary = run(moments, phase);
    const lastHalfTime = ordinary.filter((_, minute) => minute >= 2280 && phase(minute) === 'half-time');
    expect(lastHalfTime.every(({ code }) => code !== 'spread')).toBe(true);
    for (let minute = 2380; minute < 2400; minute += 1) moments[minute] = concourse();
    const wrong = run(moments, phase).slice(2380);
    expect(wrong.some(({ code, score }) => code === 'spread' && score >= 0.5)).toBe(true);
  });

  it('ordinary days give at most one alarm per zone and day, jointly and zone by zone', () => {
    const days = 4;
    const results = run(together(4, days * 1440));
    expect(results.filter(({ score }) => score >= 0.5).length).toBeLessThanOrEqual(4 * days);
    for (const zone of [0, 1, 2, 3]) {
      expect(results.filter(({ zones }) => zones[zone].score >= 0.5).length).toBeLessThanOrEqual(days);
    }
  });

  it('an unknown zone is missing and no emptying', () => {
    const moments = together(4, 2000);
    const unknown = moments.map((values, minute) =>
      minute === 1700 ? [Number.NaN, ...values.slice(1)] : values,
    );
    const at = run(unknown)[1700];
    expect(at.score).toBeLessThan(0.5);
    expect(at.zones[0].reason.code).toBe('missing');
  });

  it('a restored one goes on exactly as an uninterrupted one, in every phase', () => {
    const moments = together(5, 700);
    const phase = (minute: number): EventPhase => (minute % 100 < 60 ? 'play' : 'half-time');
    const whole = run(moments, phase);
    let detector = createJointDetector(4);
    moments.forEach((values, minute) => {
      if (minute % 97 === 0) detector = restoreJointDetector(structuredClone(detector.snapshot()));
      expect(detector.update(START + minute * MINUTE, values, phase(minute))).toEqual(whole[minute]);
    });
    const snapshot = detector.snapshot();
    expect(() => restoreJointDetector({ ...snapshot, zones: snapshot.zones.slice(1) })).toThrow(
      AnomalyInputError,
    );
  });

  it('refuses what is not one amount per zone', () => {
    const detector = createJointDetector(2);
    expect(() => detector.update(START, [1])).toThrow(AnomalyInputError);
    expect(() => detector.update(START, [1, -1])).toThrow(/negative/);
    expect(() => createJointDetector(1)).toThrow(AnomalyInputError);
  });
});
