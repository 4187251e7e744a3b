// The health of what observes: silence at once, a partial drop when it lasts, and one alarm for each.
import { describe, expect, it } from 'vitest';
import { AnomalyInputError } from './detector.ts';
import { HealthWatch } from './health.ts';

function well(slots = 200): HealthWatch {
  const watch = new HealthWatch(2);
  for (let k = 0; k < slots; k++) watch.update(0, 1 - 0.02 * (k % 2));
  return watch;
}
const alarms = (watch: HealthWatch, shares: readonly number[]): number[] =>
  shares.flatMap((share, k) => (watch.update(0, share).score >= 0.5 ? [k] : []));

describe('the health of a place', () => {
  it('alarms at the first slot of silence, once, and again after it was well', () => {
    const watch = well();
    expect(alarms(watch, [1, 0, 0, 0, 0.3, 1, 1, 1, 0])).toEqual([1, 8]);
  });

  it('alarms at a partial drop that lasts, not at one slot and not at little', () => {
    expect(alarms(well(), [0.5, 1, 0.9, 0.9, 0.9, 0.9])).toEqual([]);
    expect(alarms(well(), [0.6, 0.6, 0.6])).toEqual([1]);
  });

  it('alarms at one source of many that is newly silent, not at one that always was', () => {
    const of = (usual: number) => {
      const watch = new HealthWatch(1);
      for (let k = 0; k < 100; k++) watch.update(0, usual === 0 ? 1 : 0.9, usual);
      return [0.9, 0.9, 0.9].map((share) => watch.update(0, share, 1).score >= 0.5);
    };
    expect(of(0)).toEqual([false, true, false]);
    expect(of(1)).toEqual([false, false, false]);
  });

  it('says what is usual, and takes what always was little for usual', () => {
    const poor = new HealthWatch(1);
    for (let k = 0; k < 500; k++) expect(poor.update(0, 0.4).score).toBeLessThan(0.5);
    expect(poor.usual(0)).toBeCloseTo(0.4, 9);
    expect(poor.update(0, 0).reason).toMatchObject({ code: 'drop', observed: 0 });
    expect(new HealthWatch(1).usual(0)).toBeNaN();
  });

  it('refuses what is no share, and goes on after a restart', () => {
    expect(() => well().update(0, 1.2)).toThrow(AnomalyInputError);
    expect(() => well().update(0, Number.NaN)).toThrow(AnomalyInputError);
    const watch = well();
    watch.update(0, 0.6);
    const again = new HealthWatch(2);
    again.restore(watch.snapshot(), [0, 1]);
    expect(again.update(0, 0.6)).toEqual(watch.update(0, 0.6));
  });
});
