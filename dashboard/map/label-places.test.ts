import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeLabels } from './label-places.ts';

const sizes = { full: { width: 100, height: 40 }, small: { width: 40, height: 20 } };
const pane = { width: 500, height: 300 };

describe('placeLabels', () => {
  it('keeps the most important label whole and shrinks or drops the others', () => {
    const placed = placeLabels(
      [
        { id: 'densest', x: 100, y: 100 },
        { id: 'beside', x: 172, y: 100 },
        { id: 'under', x: 102, y: 101 },
        { id: 'apart', x: 300, y: 200 },
        { id: 'outside', x: 600, y: 100 },
      ],
      sizes,
      pane,
    );
    expect(placed.map(({ id, form }) => [id, form])).toEqual([
      ['densest', 'full'],
      ['beside', 'small'],
      ['apart', 'full'],
    ]);
  });

  it('never lets two labels overlap', () => {
    const point = fc.record({
      id: fc.string(),
      x: fc.integer({ min: 0, max: 500 }),
      y: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 60 }), (points) => {
        const placed = placeLabels(points, sizes, pane);
        for (const a of placed) {
          for (const b of placed) {
            if (a === b) continue;
            const apartX = Math.abs(a.x - b.x) >= (sizes[a.form].width + sizes[b.form].width) / 2;
            const apartY = Math.abs(a.y - b.y) >= (sizes[a.form].height + sizes[b.form].height) / 2;
            expect(apartX || apartY).toBe(true);
          }
        }
      }),
    );
  });
});
