import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareStep } from './share.ts';

/** All workers apply the rule in turn until nothing changes; a lease goes to who asks first. */
function settle(workers: readonly string[], items: readonly string[], holders: Map<string, string>): number {
  const freeFor = new Map<string, number>();
  for (let round = 1; round <= 500; round++) {
    let changed = false;
    for (const self of workers) {
      for (const item of items) freeFor.set(item, holders.has(item) ? 0 : (freeFor.get(item) ?? 0) + 1);
      const overdue = new Set(items.filter((item) => freeFor.get(item)! > 4 * workers.length));
      const { take, give } = shareStep({ self, workers, items, holders: new Map(holders), overdue });
      for (const item of give) {
        expect(holders.get(item)).toBe(self);
        holders.delete(item);
        changed = true;
      }
      for (const item of take) {
        if (!holders.has(item)) holders.set(item, self);
        changed = true;
      }
    }
    if (!changed && holders.size === items.length) return round;
  }
  throw new Error('it never settles');
}

describe('shareStep', () => {
  it('ends, from any beginning, with every item held and shares that differ by one at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 30 }),
        fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 30, maxLength: 30 }),
        (workerCount, itemCount, start) => {
          const workers = Array.from({ length: workerCount }, (_, i) => `w${i}`);
          const items = Array.from({ length: itemCount }, (_, i) => `v${i}`);
          const holders = new Map<string, string>();
          for (const [i, item] of items.entries()) {
            if (start[i]! >= 0 && start[i]! < workerCount) holders.set(item, `w${start[i]}`);
          }
          const rounds = settle(workers, items, holders);
          const counts = workers.map((w) => [...holders.values()].filter((holder) => holder === w).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          expect(rounds).toBeLessThan(100);
        },
      ),
    );
  });

  it('takes what a dead worker held, when its lease has expired', () => {
    const holders = new Map([['a', 'w1']]);
    expect(
      shareStep({ self: 'w1', workers: ['w1'], items: ['a', 'b'], holders, overdue: new Set() }),
    ).toEqual({
      take: ['b'],
      give: [],
    });
  });

  it('leaves alone what a worker holds that has not announced itself', () => {
    const holders = new Map([['a', 'stranger']]);
    expect(shareStep({ self: 'w1', workers: ['w1'], items: ['a'], holders, overdue: new Set() })).toEqual({
      take: [],
      give: [],
    });
  });
});
