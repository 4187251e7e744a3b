import { describe, expect, it } from 'vitest';
import type { VenueEntry } from '../feed/messages.ts';
import { defaultSelection, nearestLevel, queryWith, selectionFromQuery } from './selection.ts';

const entry = (org: string, id: string, zones: number, levels = [0]): VenueEntry => ({
  org,
  id,
  zones,
  name: { zh: id, en: id },
  levels: levels.map((ordinal) => ({ ordinal, name: { zh: '', en: '' } })),
});

describe('selection', () => {
  it('survives the address bar', () => {
    const selection = { org: 'stadium-centre', venue: 'harbour', level: -1 };
    const query = queryWith('?lang=zh', selection);
    expect(query).toContain('lang=zh');
    expect(selectionFromQuery(query)).toEqual(selection);
  });

  it('takes nothing from a malformed address', () => {
    for (const query of ['', '?venue=a', '?venue=a.b.c', '?venue=A.b', '?venue=a.>', '?venue=*.b']) {
      expect(selectionFromQuery(query), query).toBeNull();
    }
    expect(selectionFromQuery('?venue=a.b&level=x')).toEqual({ org: 'a', venue: 'b', level: 0 });
  });

  it('begins with the largest venue at a level it has', () => {
    expect(defaultSelection([])).toBeNull();
    expect(defaultSelection([entry('a', 'small', 2), entry('b', 'large', 9, [-1, 1])])).toMatchObject({
      org: 'b',
      venue: 'large',
    });
    expect(nearestLevel(entry('b', 'x', 1, [3, -1]), 0)).toBe(-1);
  });
});
