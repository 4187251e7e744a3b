import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

describe('Outbox', () => {
  it('gives nothing without credit, and one content per credit', () => {
    const outbox = new Outbox<number, number, number>(10);
    outbox.putGrid(1);
    expect(outbox.take()).toBeNull();
    outbox.grant();
    outbox.grant();
    expect(outbox.take()).toEqual({ grid: 1, people: null, windows: [] });
    outbox.putGrid(2);
    expect(outbox.take()).toBeNull();
  });

  it('keeps the credit while there is nothing to give', () => {
    const outbox = new Outbox<number, number, number>(10);
    outbox.grant();
    expect(outbox.take()).toBeNull();
    outbox.putWindow(7);
    expect(outbox.take()).toEqual({ grid: null, people: null, windows: [7] });
  });

  it('loses nothing uncounted: given + dropped + waiting = put, and the newest raster always wins', () => {
    const step = fc.oneof(fc.constant('grid'), fc.constant('window'), fc.constant('take'));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (steps, limit) => {
        const outbox = new Outbox<number, number, number>(limit);
        let put = 0;
        let given = 0;
        let lastGrid = 0;
        for (const what of steps) {
          if (what === 'grid') {
            lastGrid = ++put;
            outbox.putGrid(lastGrid);
          } else if (what === 'window') outbox.putWindow(++put);
          else {
            outbox.grant();
            const content = outbox.take();
            if (content?.grid != null) expect(content.grid).toBe(lastGrid);
            given += (content?.grid == null ? 0 : 1) + (content?.windows.length ?? 0);
            expect(content?.windows.length ?? 0).toBeLessThanOrEqual(limit);
          }
        }
        outbox.grant();
        const rest = outbox.take();
        given += (rest?.grid == null ? 0 : 1) + (rest?.windows.length ?? 0);
        expect(given + outbox.dropped).toBe(put);
      }),
    );
  });
});
