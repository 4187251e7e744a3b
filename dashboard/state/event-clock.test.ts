import { describe, expect, it } from 'vitest';
import { AHEAD_MS, EventClock, OTHER_TIME_MS } from './event-clock.ts';

describe('EventClock', () => {
  it('is the wall clock while data are live, however slow', () => {
    const clock = new EventClock();
    expect(clock.read(5000)).toEqual({ mode: 'live', nowMs: 5000, silentMs: Number.POSITIVE_INFINITY });
    clock.observe(1_000_000, 1_000_000 + OTHER_TIME_MS);
    expect(clock.read(1_700_000)).toEqual({
      mode: 'live',
      nowMs: 1_700_000,
      silentMs: 1_700_000 - 1_600_000,
    });
  });

  it('says so when the feed is of another time, and goes on from its newest event', () => {
    const clock = new EventClock();
    clock.observe(1000, 1_000_000_000);
    clock.observe(900, 1_000_000_500);
    expect(clock.read(1_000_002_000)).toEqual({ mode: 'other-time', nowMs: 3000, silentMs: 1500 });
  });

  it('treats event times from the future as another time', () => {
    const clock = new EventClock();
    clock.observe(100_000 + AHEAD_MS + 1, 100_000);
    expect(clock.read(100_000).mode).toBe('other-time');
    clock.reset();
    clock.observe(100_000 + AHEAD_MS, 100_000);
    expect(clock.read(100_000).mode).toBe('live');
  });

  it('follows a recording that starts again', () => {
    const clock = new EventClock();
    clock.observe(10_000_000, 1e9);
    clock.observe(1000, 1e9 + 1000);
    expect(clock.read(1e9 + 1000).nowMs).toBe(1000);
  });
});
