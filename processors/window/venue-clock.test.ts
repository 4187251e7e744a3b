// Several cameras with the same wrong clock, beside a clock that is right, dead, or not there.
import { describe, expect, it } from 'vitest';
import { VenueClock } from './venue-clock.ts';

const HOUR_MS = 3_600_000;
const START_MS = 1_000_000_000;
const camera = (name: string) => ({ name, kind: 'frames' as const, rateHz: 2 });
const CLOCK = 3;
const clock = () =>
  new VenueClock({
    sources: [camera('a'), camera('b'), camera('c'), { name: 'clock', kind: 'clock' }],
    disorderMs: 500,
    idleMs: 3_000,
    futureMs: 5_000,
  });

function send(to: VenueClock, source: number, epochMs: number): boolean {
  const believed = to.claim(source, epochMs);
  if (believed) to.reach(source, epochMs);
  return believed;
}

/** All cameras and the clock, rightly, for a while. */
function begin(to: VenueClock, seconds = 5): number {
  for (let ms = 0; ms <= seconds * 1_000; ms += 500) {
    for (const source of [CLOCK, 0, 1, 2])
      if (source !== CLOCK || ms % 1_000 === 0) send(to, source, START_MS + ms);
  }
  return START_MS + seconds * 1_000;
}

describe('venue clock', () => {
  it('is not moved by two cameras with the same wrong clock while the venue has a clock', () => {
    const time = clock();
    const from = begin(time);
    for (let ms = 500; ms <= 60_000; ms += 500) {
      if (ms % 1_000 === 0) send(time, CLOCK, from + ms);
      expect(send(time, 0, from + ms)).toBe(true);
      expect(send(time, 1, from + ms + HOUR_MS)).toBe(false);
      expect(send(time, 2, from + ms + HOUR_MS)).toBe(false);
    }
    expect(time.venueMs).toBe(from + 60_000);
  });

  it('follows cameras that come back after a long silence although the clock is dead', () => {
    const time = clock();
    const from = begin(time) + HOUR_MS;
    let followed: number | undefined;
    for (let ms = 0; ms <= 10_000 && followed === undefined; ms += 500) {
      for (const source of [0, 1, 2]) if (send(time, source, from + ms)) followed = ms;
    }
    expect(followed).toBeDefined();
    expect(followed!).toBeLessThanOrEqual(4_000);
  });
});
