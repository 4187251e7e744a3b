import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, placeLabels } from './label-places.ts';

const sizes = { full: { width: 100, height: 40 }, small: { width: 40, height: 20 } };
const pane = { width: 800, height: 500 };

/** A zone of the given size about (x, y). */
function zone(id: string, x: number, y: number, width: number, height: number, important = false): Candidate {
  return { id, x, y, important, box: [x - width / 2, y - height / 2, x + width / 2, y + height / 2] };
}

describe('placeLabels', () => {
  it('puts the whole label inside a large zone and a small one on a small zone', () => {
    const placed = placeLabels(
      [zone('plaza', 200, 200, 200, 100), zone('kiosk', 500, 200, 50, 50)],
      sizes,
      pane,
    );
    expect(placed).toEqual([
      { id: 'plaza', form: 'full', x: 200, y: 200, beside: false },
      { id: 'kiosk', form: 'small', x: 500, y: 200, beside: false },
    ]);
  });

  it('puts the whole label of an important small zone beside it, not over another important zone', () => {
    const gate = zone('gate', 300, 200, 40, 40, true);
    expect(placeLabels([gate], sizes, pane)).toEqual([
      { id: 'gate', form: 'full', x: 300 + 20 + 10 + 50, y: 200, beside: true },
    ]);
    const right = zone('right', 360, 200, 60, 60, true);
    const [first] = placeLabels([gate, right], sizes, pane);
    expect(first).toMatchObject({ id: 'gate', form: 'full', x: 300 - 20 - 10 - 50, beside: true });
  });

  it('moves the label of a large zone aside, with a line, when another stands in its middle', () => {
    const placed = placeLabels(
      [zone('kiosk', 200, 200, 20, 20, false), zone('plaza', 200, 200, 300, 200)],
      sizes,
      pane,
    );
    expect(placed[1]).toEqual({ id: 'plaza', form: 'full', x: 200, y: 124, beside: true });
  });

  it('keeps labels on the pane and leaves out zones that are not', () => {
    const [corner] = placeLabels([zone('corner', 790, 10, 20, 20, true)], sizes, pane);
    expect(corner).toMatchObject({ form: 'full', x: 790 - 10 - 10 - 50 });
    expect(placeLabels([zone('away', 900, 10, 20, 20, true)], sizes, pane)).toEqual([]);
  });

  it('never lets two labels overlap, and always places the first', () => {
    const any = fc.record({
      x: fc.integer({ min: 0, max: 800 }),
      y: fc.integer({ min: 0, max: 500 }),
      width: fc.integer({ min: 5, max: 300 }),
      height: fc.integer({ min: 5, max: 200 }),
      important: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 60 }), (zones) => {
        const candidates = zones.map((z, i) => zone(String(i), z.x, z.y, z.width, z.height, z.important));
        const placed = placeLabels(candidates, sizes, pane);
        expect(placed[0]?.id).toBe('0');
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
