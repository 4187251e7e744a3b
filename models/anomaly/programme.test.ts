// Where in an event a moment lies.
import { describe, expect, it } from 'vitest';
import { type EventProgramme, placeAt } from './programme.ts';

const match: EventProgramme = {
  event: 'match',
  phases: [
    { phase: 'ingress', fromMs: 0, toMs: 100 },
    { phase: 'play', fromMs: 100, toMs: 150 },
    { phase: 'half-time', fromMs: 150, toMs: 160 },
    { phase: 'play', fromMs: 160, toMs: 210 },
    { phase: 'egress', fromMs: 220, toMs: 260 },
  ],
};

describe('the place of a moment', () => {
  it('is the phase, which occurrence of it, and how far into it', () => {
    expect(placeAt([match], 0)).toEqual({
      event: 'match',
      phase: 'ingress',
      part: 'ingress-1',
      sinceMs: 0,
      wholeMs: 250,
    });
    expect(placeAt([match], 149)).toMatchObject({ part: 'play-1', sinceMs: 49 });
    expect(placeAt([match], 160)).toMatchObject({ part: 'play-2', sinceMs: 0 });
  });

  it('is nowhere before, between and after; the first of two events has it', () => {
    expect([-1, 215, 260].map((ms) => placeAt([match], ms))).toEqual([undefined, undefined, undefined]);
    const other = { event: 'other', phases: [{ phase: 'play', fromMs: 90, toMs: 300 }] } as const;
    expect(placeAt([match, other], 95)?.event).toBe('match');
    expect(placeAt([match, other], 280)?.event).toBe('other');
    expect(placeAt([], 5)).toBeUndefined();
  });
});
