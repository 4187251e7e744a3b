import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partsOf, usefulWorkers } from './parts.ts';

it('parts follow each other without gap or overlap, and cut only at whole seconds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2e12 }),
      fc.integer({ min: 1, max: 1e8 }),
      fc.integer({ min: 1, max: 40 }),
      (fromMs, lengthMs, count) => {
        const parts = partsOf(fromMs, fromMs + lengthMs, count);
        expect(parts[0]!.fromMs).toBe(fromMs);
        expect(parts.at(-1)!.toMs).toBe(fromMs + lengthMs);
        for (const [i, part] of parts.entries()) {
          expect(part.fromMs).toBeLessThan(part.toMs);
          if (i === 0) continue;
          expect(part.fromMs).toBe(parts[i - 1]!.toMs);
          expect(part.fromMs % 1000).toBe(0);
        }
      },
    ),
  );
});

it('threads are as many as pay', () => {
  const hour = 3_600_000;
  const lookBack = 940_000;
  // Two cores: one is the server's.
  expect(usefulWorkers(hour, lookBack, 2)).toBe(1);
  expect(usefulWorkers(hour, lookBack, 16)).toBe(3);
  expect(usefulWorkers(24 * hour, lookBack, 16)).toBe(15);
  expect(usefulWorkers(60_000, lookBack, 16)).toBe(1);
  expect(usefulWorkers(hour, lookBack, 1)).toBe(1);
});
