import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LEVEL_RULES } from './default-levels.ts';
import { INITIAL_LEVEL, LEVELS, type LevelRule, levelsOf, nextLevel } from './levels.ts';

const rule: LevelRule = {
  thresholds: { blue: 2, yellow: 3.5, orange: 5, red: 6 },
  hysteresis: 0.5,
  raiseAfterMs: 2_000,
  clearAfterMs: 3_000,
};

/** One sample a second. */
function levels(values: readonly (number | null)[], by = rule) {
  return levelsOf(
    by,
    values.map((value, i) => ({ atMs: i * 1000, value })),
  );
}

describe('levels', () => {
  it('rise after the hold, to the level that was held, not the highest that was touched', () => {
    expect(levels([1, 5.2, 5.2, 3.6, 3.6])).toEqual(['none', 'none', 'none', 'yellow', 'yellow']);
  });
  it('begin exactly at the threshold, and do not begin below it', () => {
    const at = { ...rule, raiseAfterMs: 0 };
    expect(levels([2, 3.5, 5, 6], at)).toEqual(['blue', 'yellow', 'orange', 'red']);
    expect(levels([1.999], at)).toEqual(['none']);
  });
  it('end only below threshold - hysteresis, for the hold', () => {
    const quick = { ...rule, raiseAfterMs: 0 };
    // 1.5 is the edge itself: not below it.
    expect(levels([2, 1.6, 1.5, 1.5, 1.5, 1.5], quick)).toEqual(Array(6).fill('blue'));
    expect(levels([2, 1.4, 1.4, 1.4, 1.4], quick)).toEqual(['blue', 'blue', 'blue', 'blue', 'none']);
    // One sample back above the edge starts the hold anew.
    expect(levels([2, 1.4, 1.4, 1.6, 1.4, 1.4, 1.4, 1.4], quick).at(-2)).toBe('blue');
  });
  it('a figure that flickers on the limit raises once and stays', () => {
    const flicker = Array.from({ length: 600 }, (_, i) => (i % 2 === 0 ? 3.6 : 3.4));
    const seen = levels([3.6, 3.6, 3.6, ...flicker]);
    const changes = seen.filter((level, i) => i > 0 && level !== seen[i - 1]);
    expect(changes).toEqual(['yellow']);
  });
  it('unknown is neither none nor the level before, and forgets nothing that is raised', () => {
    const quick = { ...rule, raiseAfterMs: 0 };
    expect(levels([6, null, 6, null, 1, 1, 1, 1], quick)).toEqual([
      'red',
      'unknown',
      'red',
      'unknown',
      'red',
      'red',
      'red',
      'none',
    ]);
    // It interrupts a rise: two seconds must be seen.
    expect(levels([6, 6, null, 6, 6, 6])).toEqual(['none', 'none', 'unknown', 'none', 'none', 'red']);
    expect(levels([null])).toEqual(['unknown']);
  });
  it('a level without a threshold does not occur', () => {
    const { standing } = DEFAULT_LEVEL_RULES;
    expect(levels([3.9, 3.9, 3.9, 3.9, 3.9, 3.9, 3.9], standing)).toEqual(Array(7).fill('none'));
    expect(levels([4, 4, 4, 4, 4, 4, 4], standing).at(-1)).toBe('yellow');
  });
  it('without hysteresis and holds is the plain comparison; and is a pure step', () => {
    const plain: LevelRule = { ...rule, hysteresis: 0, raiseAfterMs: 0, clearAfterMs: 0 };
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { maxLength: 40 }), (values) => {
        const expected = values.map((v) => LEVELS[[2, 3.5, 5, 6].filter((at) => v >= at).length]);
        expect(levels(values, plain)).toEqual(expected);
      }),
    );
    const frozen = Object.freeze(INITIAL_LEVEL);
    const once = nextLevel(rule, frozen, { atMs: 0, value: 9 });
    expect(nextLevel(rule, frozen, { atMs: 0, value: 9 })).toEqual(once);
  });
  it('higher thresholds never give a higher level', () => {
    const higher: LevelRule = { ...rule, thresholds: { blue: 2.5, yellow: 4, orange: 5.5, red: 7 } };
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { maxLength: 60 }), (values) => {
        const names: readonly string[] = LEVELS;
        const rank = (level: string): number => names.indexOf(level);
        const [low, high] = [levels(values), levels(values, higher)];
        for (let i = 0; i < low.length; i++) expect(rank(high[i]!)).toBeLessThanOrEqual(rank(low[i]!));
      }),
    );
  });
});
