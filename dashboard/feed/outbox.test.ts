import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxContent } from './outbox.ts';

const taken = (content: OutboxContent<number, number, number, number> | null): number =>
  content === null ? 0 : (content.grid === null ? 0 : 1) + content.windows.length + content.outlooks.length;

describe('Outbox', () => {
  it('gives nothing without credit, and one content per credit', () => {
    const outbox = new Outbox<number, number, number, number>({ windows: 10, outlooks: 10 });
    outbox.putGrid(1);
    expect(outbox.take()).toBeNull();
    outbox.grant();
    outbox.grant();
    expect(outbox.take()).toEqual({ grid: 1, people: null, windows: [], outlooks: [] });
    outbox.putGrid(2);
    expect(outbox.take()).toBeNull();
  });

  it('keeps the credit while there is nothing to give', () => {
    const outbox = new Outbox<number, number, number, number>({ windows: 10, outlooks: 10 });
    outbox.grant();
    expect(outbox.take()).toBeNull();
    outbox.putWindow(7);
    expect(outbox.take()).toEqual({ grid: null, people: null, windows: [7], outlooks: [] });
  });

  it('lets no number of windows push out an outlook', () => {
    const outbox = new Outbox<number, number, number, number>({ windows: 2, outlooks: 2 });
    outbox.putOutlook(1);
    for (let i = 0; i < 10; i++) outbox.putWindow(i);
    outbox.grant();
    expect(outbox.take()).toEqual({ grid: null, people: null, windows: [8, 9], outlooks: [1] });
    expect(outbox.dropped).toBe(8);
  });

  it('loses nothing uncounted: given + dropped + waiting = put, and the newest raster always wins', () => {
    const step = fc.constantFrom('grid', 'window', 'outlook', 'take');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (steps, limit) => {
        const outbox = new Outbox<number, number, number, number>({ windows: limit, outlooks: limit });
        let put = 0;
        let given = 0;
        let lastGrid = 0;
        for (const what of steps) {
          if (what === 'grid') {
            lastGrid = ++put;
            outbox.putGrid(lastGrid);
          } else if (what === 'window') outbox.putWindow(++put);
          else if (what === 'outlook') outbox.putOutlook(++put);
          else {
            outbox.grant();
            const content = outbox.take();
            if (content?.grid != null) expect(content.grid).toBe(lastGrid);
            given += taken(content);
            expect(content?.windows.length ?? 0).toBeLessThanOrEqual(limit);
            expect(content?.outlooks.length ?? 0).toBeLessThanOrEqual(limit);
          }
        }
        outbox.grant();
        const rest = outbox.take();
        given += taken(rest);
        expect(given + outbox.dropped).toBe(put);
      }),
    );
  });
});
