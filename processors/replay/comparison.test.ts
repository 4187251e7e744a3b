import { describe, expect, it } from 'vitest';
import type { Zone } from '#models/venue/index.ts';
import type { LevelRule } from '#processors/rules/index.ts';
import { compareLevels, type Judged } from './comparison.ts';

const START = 1_700_000_000_000;
const area = { exterior: Float64Array.of(0, 0, 1, 0, 1, 1, 0, 1), holes: [] };
const zone = (id: string): Zone => ({
  id,
  level: 0,
  name: { zh: id, en: id },
  area,
  areaM2: 1,
  use: 'moving',
});

function judged(zones: readonly string[], values: readonly (number | null)[], blue: number): Judged {
  const rule: LevelRule = { thresholds: { blue, red: 6 }, hysteresis: 0, raiseAfterMs: 0, clearAfterMs: 0 };
  return {
    zones: zones.map(zone),
    hopMs: 1000,
    levelOf: () => rule,
    samples: () => values.map((value, i) => ({ atMs: START + (i + 1) * 1000, value })),
  };
}

describe('comparison of rules', () => {
  it('counts seconds, first crossings and the intervals that differ', () => {
    const values = [1, 2.2, 2.2, 7, 2.2, null, 2.8];
    const { zones, differences } = compareLevels(
      'density',
      judged(['a'], values, 2),
      judged(['a'], values, 2.5),
    );
    expect(zones).toEqual([
      {
        zone: 'a',
        present: {
          seconds: { none: 1, blue: 4, red: 1, unknown: 1 },
          firstMs: { blue: START + 2000, yellow: START + 4000, orange: START + 4000, red: START + 4000 },
        },
        changed: {
          seconds: { none: 4, red: 1, unknown: 1, blue: 1 },
          firstMs: { blue: START + 4000, yellow: START + 4000, orange: START + 4000, red: START + 4000 },
        },
      },
    ]);
    expect(differences).toEqual([
      { zone: 'a', fromMs: START + 1000, toMs: START + 3000, present: 'blue', changed: 'none' },
      { zone: 'a', fromMs: START + 4000, toMs: START + 5000, present: 'blue', changed: 'none' },
    ]);
  });
  it('names zones that only one side has', () => {
    const { zones, differences } = compareLevels('density', judged(['a'], [1], 2), judged(['b'], [3], 2));
    expect(zones.map(({ zone: id, present, changed }) => [id, !!present, !!changed])).toEqual([
      ['a', true, false],
      ['b', false, true],
    ]);
    expect(differences).toEqual([
      { zone: 'a', fromMs: START, toMs: START + 1000, present: 'none', changed: 'absent' },
      { zone: 'b', fromMs: START, toMs: START + 1000, present: 'absent', changed: 'blue' },
    ]);
  });
  it('equal rules differ nowhere', () => {
    const values = [1, 3, null, 7];
    expect(compareLevels('density', judged(['a'], values, 2), judged(['a'], values, 2)).differences).toEqual(
      [],
    );
  });
});
