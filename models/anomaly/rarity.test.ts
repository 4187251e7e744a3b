// The bounded histogram against exact counting over all values kept.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKETS, RarityBank, raritySize } from './rarity.ts';

function bank(channels = 1): RarityBank {
  const sizes = raritySize(channels);
  return new RarityBank(new Float32Array(sizes.counts), new Float64Array(sizes.meta));
}

describe('RarityBank', () => {
  it('agrees with the exact share of larger values, within one bucket of 8 %', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-3, max: 10, noNaN: true }), { minLength: 100, maxLength: 600 }),
        fc.double({ min: 1e-3, max: 9, noNaN: true }),
        (values, probe) => {
          const histogram = bank();
          for (const value of values) histogram.learn(0, value);
          const rarity = histogram.learn(0, probe);
          const share = (factor: number) =>
            Math.log10((values.length + 1) / (values.filter((value) => value > probe * factor).length + 1));
          // Below the share that counts as common the answer is 0.
          if (rarity > 0) {
            const record = probe > Math.max(...values) ? 1.5 : 0;
            expect(rarity).toBeGreaterThanOrEqual(share(1 / 1.081) - 1e-9);
            expect(rarity).toBeLessThanOrEqual(share(1.081) + record + 1e-9);
          } else expect(share(1)).toBeLessThan(Math.log10(1 / 0.05) + 0.4);
        },
      ),
    );
  });

  it('knows a record as rarer the further it lies beyond, and ordinary values as 0', () => {
    const near = bank();
    const far = bank();
    for (let k = 0; k < 1000; k += 1) {
      near.learn(0, 1 + (k % 100) / 100);
      far.learn(0, 1 + (k % 100) / 100);
    }
    expect(near.learn(0, 1.2)).toBe(0);
    const a = near.learn(0, 2.2);
    const b = far.learn(0, 10);
    expect(a).toBeGreaterThan(3);
    expect(b).toBeGreaterThan(a + 1);
    expect(b).toBeLessThanOrEqual(Math.log10(1001) + 1.5);
  });

  it('keeps the weight of all values when the range moves by more than it spans', () => {
    const histogram = bank(2);
    for (const magnitude of [1e-20, 1, 1e20, 1e-5, 1e28]) histogram.learn(1, magnitude);
    // Five earlier values, none larger.
    expect(histogram.learn(1, 1.0001e28)).toBeCloseTo(Math.log10(6) + Math.log2(1.0001), 6);
    expect(histogram.learn(0, 1)).toBe(0);
    expect(BUCKETS).toBeGreaterThan(64);
  });

  it('forgets: after long enough a former record is a record again', () => {
    const histogram = bank();
    histogram.learn(0, 1000);
    for (let k = 0; k < 200_000; k += 1) histogram.learn(0, 1 + (k % 10) / 10);
    expect(histogram.learn(0, 900)).toBeGreaterThan(4);
  });
});
