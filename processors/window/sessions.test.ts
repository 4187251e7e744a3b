// Sessions by hand, and in any order against the obvious definition.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWindowError } from './errors.ts';
import { type SessionConfig, SessionOperator, type SessionOutput } from './sessions.ts';

const config: SessionConfig = { gapMs: 100, reportAfterMs: 250 };

describe('sessions', () => {
  it('a late sample joins two sessions into one', () => {
    const operator = new SessionOperator(config);
    operator.add(7, 1000);
    operator.add(7, 1190);
    expect(operator.open).toBe(2);
    operator.add(7, 1095);
    expect(operator.open).toBe(1);
    expect(operator.advance(1290).closed).toEqual([]); // a sample at 1290 could still extend it
    expect(operator.advance(1291).closed).toEqual([{ key: 7, startMs: 1000, endMs: 1190, samples: 3 }]);
    expect(operator.open).toBe(0);
  });

  it('loitering is reported once, while the session goes on', () => {
    const operator = new SessionOperator(config);
    const reports: number[] = [];
    for (let at = 1000; at <= 3000; at += 50) {
      operator.add(1, at);
      for (const { atMs, startMs } of operator.advance(at).lasting) reports.push(startMs, atMs, at);
    }
    expect(reports).toEqual([1000, 1250, 1400]); // a gap after it is due, on the next watermark
  });

  it('a sample behind the watermark is refused and counted', () => {
    const operator = new SessionOperator(config);
    operator.advance(1000);
    expect(operator.add(1, 999)).toBe(false);
    expect(operator.add(1, 1000)).toBe(true);
    expect([operator.late, operator.open]).toEqual([1, 1]);
  });

  it('memory is bounded by name', () => {
    const operator = new SessionOperator({ gapMs: 10, maxOpen: 2 });
    operator.add(1, 0);
    operator.add(2, 0);
    operator.add(2, 10);
    expect(() => operator.add(3, 0)).toThrow(/2 sessions are open/);
    expect(() => operator.add(1, 500)).toThrow(/2 sessions are open/);
  });

  it.each([
    ['another configuration', { ...config, gapMs: 99 }, (bytes: Uint8Array) => bytes],
    ['a lost tail', config, (bytes: Uint8Array) => bytes.subarray(0, -1)],
    ['another version', config, (bytes: Uint8Array) => bytes.fill(2, 4, 5)],
  ])('refuses a checkpoint of %s', (_, other, damage) => {
    const operator = new SessionOperator(config);
    operator.add(1, 5);
    let thrown: unknown;
    try {
      SessionOperator.restore(other, damage(operator.snapshot()));
    } catch (error) {
      thrown = error;
    }
    expect(isWindowError(thrown, 'snapshot-refused')).toBe(true);
  });
});

interface Sample {
  readonly key: number;
  readonly at: number;
}

/** Sessions of a sorted stream by definition: cut wherever two neighbours are more than a gap apart. */
function reference(samples: readonly Sample[]): SessionOutput {
  const closed: { key: number; startMs: number; endMs: number; samples: number }[] = [];
  for (const key of new Set(samples.map((sample) => sample.key))) {
    const times = samples
      .filter((sample) => sample.key === key)
      .map(({ at }) => at)
      .sort((a, b) => a - b);
    let from = 0;
    times.forEach((at, i) => {
      if (i + 1 < times.length && times[i + 1]! - at <= config.gapMs) return;
      closed.push({ key, startMs: times[from]!, endMs: at, samples: i + 1 - from });
      from = i + 1;
    });
  }
  const lasting = closed
    .filter(({ startMs, endMs }) => endMs - startMs >= 250)
    .map(({ key, startMs }) => ({ key, startMs, atMs: startMs + 250 }));
  return {
    closed: closed.sort((a, b) => a.endMs - b.endMs || a.key - b.key),
    lasting: lasting.sort((a, b) => a.atMs - b.atMs || a.key - b.key),
  };
}

it('any order within the bound, any watermarks, restored anywhere: the sessions of the definition', () => {
  const samples = fc.array(
    fc.record({
      key: fc.integer({ min: 0, max: 2 }),
      at: fc.integer({ min: 0, max: 1500 }),
      delay: fc.integer({ min: 0, max: 80 }),
      step: fc.constantFrom(0, 0, 1, 2),
    }),
    { minLength: 20, maxLength: 120 },
  );
  let reports = 0;
  fc.assert(
    fc.property(samples, (generated) => {
      const arrivals = [...generated].sort((a, b) => a.at + a.delay - (b.at + b.delay));
      let operator = new SessionOperator(config);
      const actual: { closed: unknown[]; lasting: unknown[] } = { closed: [], lasting: [] };
      const advance = (watermarkMs: number): void => {
        const { closed, lasting } = operator.advance(watermarkMs);
        actual.closed.push(...closed);
        actual.lasting.push(...lasting);
      };
      let newest = 0;
      for (const { key, at, step } of arrivals) {
        expect(operator.add(key, at)).toBe(true);
        newest = Math.max(newest, at);
        if (step > 0) advance(newest - 80);
        if (step === 2) operator = SessionOperator.restore(config, operator.snapshot());
      }
      advance(Number.MAX_SAFE_INTEGER);
      expect(actual).toEqual(reference(generated));
      reports += actual.lasting.length;
    }),
    { numRuns: 1000 },
  );
  expect(reports).toBeGreaterThan(200);
});
