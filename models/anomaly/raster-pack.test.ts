// Packed words of a raster's state: they come back as they were, and damage is noticed or harmless.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packWords, unpackWords } from './raster-pack.ts';

describe('packed words', () => {
  it('come back as they were, and never from damaged bytes', () => {
    const word = fc.oneof(fc.constantFrom(0, 1, 0xffffffff, 0x80000000), fc.nat(0xffffffff));
    const runs = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 9 })), { maxLength: 40 });
    fc.assert(
      fc.property(runs, fc.nat(), fc.nat(255), (of, place, value) => {
        const words = Uint32Array.from(of.flatMap(([w, n]) => Array.from({ length: n }, () => w)));
        const bytes = packWords(words);
        expect(unpackWords(bytes, words.length)).toEqual(words);
        expect(unpackWords(bytes, words.length + 1)).toBeUndefined();
        for (let cut = 0; cut < bytes.length; cut += 3) unpackWords(bytes.subarray(0, cut), words.length);
        const damaged = bytes.slice();
        damaged[place % damaged.length] = value;
        const read = unpackWords(damaged, words.length);
        expect(read === undefined || read.length === words.length).toBe(true);
      }),
    );
  });
});
