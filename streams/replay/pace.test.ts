import { describe, expect, it } from 'vitest';
import { Pace, type WallClock } from './pace.ts';

class FakeClock implements WallClock {
  at = 1_000;
  readonly slept: number[] = [];
  now(): number {
    return this.at;
  }
  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.at += ms;
  }
}

describe('the pace of a replay', () => {
  it.each([
    [0.25, 4_000],
    [1, 1_000],
    [10, 100],
  ])('at %s a second of event time takes %s ms', async (speed, wallMs) => {
    const clock = new FakeClock();
    const pace = new Pace(speed, 50_000, clock);
    await pace.until(50_000);
    const startedAt = clock.at;
    for (let second = 1; second <= 5; second++) {
      await pace.until(50_000 + second * 1000);
      expect(clock.at - startedAt).toBeCloseTo(second * wallMs, 6);
    }
  });
  it('never waits at maximum speed', () => {
    const clock = new FakeClock();
    const pace = new Pace(Number.POSITIVE_INFINITY, 0, clock);
    expect(pace.until(1e12)).toBeUndefined();
    expect(clock.slept).toEqual([]);
  });
  it('does not wait for what is behind, such as a correction', async () => {
    const clock = new FakeClock();
    const pace = new Pace(1, 0, clock);
    await pace.until(10_000);
    expect(pace.until(4_000)).toBeUndefined();
  });
  it('catches up when the machine was slow, and says how far behind it was', async () => {
    const clock = new FakeClock();
    const pace = new Pace(1, 0, clock);
    await pace.until(1_000);
    clock.at += 5_000;
    expect(pace.until(2_000)).toBeUndefined();
    expect(pace.mostBehindMs).toBe(4_000);
    expect(pace.until(6_000)).toBeUndefined();
    await pace.until(7_000);
    expect(clock.slept).toEqual([1_000, 1_000]);
  });
  it('an abort ends the wait', async () => {
    const abort = new AbortController();
    const pace = new Pace(0.25, 0);
    const waiting = pace.until(1e9, abort.signal);
    abort.abort();
    await waiting;
  });
  it('sleeps long waits in parts, and refuses a speed that is none', async () => {
    const clock = new FakeClock();
    await new Pace(1, 0, clock).until(150_000);
    expect(clock.slept).toEqual([60_000, 60_000, 30_000]);
    expect(() => new Pace(0, 0)).toThrow(RangeError);
    expect(() => new Pace(Number.NaN, 0)).toThrow(RangeError);
  });
});
