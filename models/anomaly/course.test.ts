// The usual course of an event: what departs from earlier events does, and what does not is the size and the hour of them.
import { describe, expect, it } from 'vitest';
import { Courses, EVENTS_TO_LEARN } from './course.ts';

const SERIES = 8;
const STEPS = 60;
const COUNT = { scale: 'count', sized: true, floor: 0.25 } as const;
/** A number in [-1,1] from whole numbers alone. */
const noise = (...of: readonly number[]): number => {
  const x = Math.sin(of.reduce((sum, n, k) => sum + n * (12.9898 + 65.233 * k), 1)) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
};
/** Persons of series `i` at `step` of event `e`: a bell, higher for later series. */
const persons = (e: number, step: number, i: number): number => {
  const mean = (10 + 5 * i) * Math.exp(-(((step - 30) / 15) ** 2));
  return Math.max(0, mean + Math.sqrt(mean) * noise(e, step, i));
};
const at = (e: number, step: number, size = 1): number[] =>
  Array.from({ length: SERIES }, (_, i) => size * persons(e, step, i));

function learned(events: number): Courses {
  const courses = new Courses(SERIES, COUNT);
  for (let e = 0; e < events; e++) {
    for (let step = 0; step < STEPS; step++) courses.compare('ingress-1', step, at(e, step));
    courses.complete();
  }
  return courses;
}
const largest = (courses: Courses, of: (step: number) => number[]): number => {
  let most = 0;
  for (let step = 0; step < STEPS; step++)
    for (const { t } of courses.compare('ingress-1', step, of(step))) most = Math.max(most, Math.abs(t));
  return most;
};

describe('the usual course of an event', () => {
  it(`is being learned for ${EVENTS_TO_LEARN} events, and another part of the event on its own`, () => {
    const first = learned(EVENTS_TO_LEARN - 1);
    expect(first.compare('ingress-1', 30, at(9, 30)).every(({ t }) => Number.isNaN(t))).toBe(true);
    const known = learned(EVENTS_TO_LEARN);
    expect(known.compare('ingress-1', 30, at(9, 30)).some(({ t }) => Number.isNaN(t))).toBe(false);
    for (const { t, expected } of known.compare('play-1', 30, at(9, 30)))
      expect([t, expected]).toEqual([Number.NaN, Number.NaN]);
  });

  it('expects what earlier events showed; an ordinary event does not depart, one place that differs does', () => {
    const courses = learned(6);
    const { expected } = courses.compare('ingress-1', 30, at(20, 30))[7]!;
    expect(Math.abs(expected - 45)).toBeLessThan(5);
    expect(largest(learned(6), (step) => at(20, step))).toBeLessThan(5);
    const crowded = learned(6);
    for (let step = 0; step < 40; step++) crowded.compare('ingress-1', step, at(20, step));
    const found = crowded.compare(
      'ingress-1',
      40,
      at(20, 40).map((n, i) => (i === 2 ? n + 30 : n)),
    );
    expect(found[2]!.t).toBeGreaterThan(6);
    found.forEach(({ t }, i) => {
      if (i !== 2) expect(Math.abs(t)).toBeLessThan(4);
    });
  });

  it('takes a larger event for one, and not for an anomaly of every place', () => {
    // Judged once its size is known.
    const courses = learned(6);
    let most = 0;
    for (let step = 0; step < STEPS; step++)
      for (const { t } of courses.compare('ingress-1', step, at(20, step, 2)))
        if (step > 25) most = Math.max(most, Math.abs(t));
    expect(most).toBeLessThan(5);
    // Where size is not taken out it is what departs.
    const fixed = new Courses(SERIES, { ...COUNT, sized: false });
    for (let e = 0; e < 6; e++) {
      for (let step = 0; step < STEPS; step++) fixed.compare('ingress-1', step, at(e, step));
      fixed.complete();
    }
    expect(largest(fixed, (step) => at(20, step, 2))).toBeGreaterThan(5);
  });

  it('forgives a step early or late, not five', () => {
    expect(largest(learned(6), (step) => at(20, Math.min(STEPS - 1, step + 1)))).toBeLessThan(5);
    expect(largest(learned(6), (step) => at(20, Math.min(STEPS - 1, step + 8)))).toBeGreaterThan(5);
  });

  it('learns the present event only when it is over, and a wild one only to a bound', () => {
    const courses = learned(6);
    const before = courses.compare('ingress-1', 30, at(20, 30))[4]!.expected;
    const wild = at(20, 30).map((n, i) => (i === 4 ? 2000 : n));
    const once = courses.compare('ingress-1', 30, wild)[4]!;
    expect(once.expected).toBeCloseTo(before, -1);
    expect(once.t).toBeGreaterThan(50);
    courses.complete();
    expect(courses.compare('ingress-1', 30, at(21, 30))[4]!.expected).toBeLessThan(before + 15);
  });

  it('does not count an event of which little was seen, and does not learn unknown for empty', () => {
    const courses = new Courses(SERIES, COUNT);
    courses.compare('ingress-1', 0, at(0, 30));
    courses.complete(false);
    expect(courses.events).toBe(0);
    const known = learned(6);
    const expected = known.compare(
      'ingress-1',
      30,
      at(9, 30).map(() => Number.NaN),
    )[3]!.expected;
    known.complete();
    // But for the size of the event, which is told from what is known.
    const after = known.compare('ingress-1', 30, at(9, 30))[3]!.expected;
    expect(Math.abs(after - expected)).toBeLessThan(2);
  });

  it('goes on after a restart to the bit, in the middle of an event, with series in another order', () => {
    const courses = learned(4);
    for (let step = 0; step < 30; step++) courses.compare('ingress-1', step, at(9, step));
    const again = new Courses(SERIES, COUNT);
    again.restore(
      courses.snapshot(),
      Array.from({ length: SERIES }, (_, i) => i),
    );
    expect(Buffer.compare(again.snapshot(), courses.snapshot())).toBe(0);
    expect(again.compare('ingress-1', 30, at(9, 30))).toEqual(courses.compare('ingress-1', 30, at(9, 30)));
    const turned = new Courses(2, COUNT);
    turned.restore(courses.snapshot(), [5, -1]);
    const [known, fresh] = turned.compare('ingress-1', 31, [at(9, 31)[5]!, 3]);
    expect(known!.expected).toBeGreaterThan(10);
    expect(fresh!.expected).toBeNaN();
    expect(() => turned.restore(new Uint8Array(12), [0, 1])).toThrow();
  });
});
