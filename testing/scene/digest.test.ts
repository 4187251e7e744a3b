// The comparison that the kill tests stand on must itself be able to fail.
import { describe, expect, it } from 'vitest';
import { compareDigests, type Digest, isEqual } from './digest.ts';

const one = (messageId: string, subject = 'win.a', hash = messageId): Digest => ({
  messageId,
  subject,
  hash,
});
const wanted = [one('1'), one('2'), one('3', 'win.b'), one('4')];

describe('compareDigests', () => {
  it('finds equal streams equal, and equal when only subjects are interleaved otherwise', () => {
    expect(isEqual(compareDigests(wanted, wanted))).toBe(true);
    expect(isEqual(compareDigests(wanted, [wanted[2]!, wanted[0]!, wanted[1]!, wanted[3]!]))).toBe(true);
  });
  it.each([
    ['missing', [wanted[0]!, wanted[1]!, wanted[2]!]],
    ['extra', [...wanted, one('5')]],
    ['duplicates', [...wanted, wanted[3]!]],
    ['different', [wanted[0]!, wanted[1]!, one('3', 'win.b', 'other'), wanted[3]!]],
    ['outOfPlace', [wanted[1]!, wanted[0]!, wanted[2]!, wanted[3]!]],
  ] as const)('counts what is %s', (what, got) => {
    const comparison = compareDigests(wanted, got);
    expect(comparison[what]).toBeGreaterThan(0);
    expect(isEqual(comparison)).toBe(false);
  });
});
