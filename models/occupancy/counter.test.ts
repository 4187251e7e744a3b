// Counters that misbehave in every way known: what they add is never negative and never more than can pass; exact when clean.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recording } from '#testing/shared-data.ts';
import { type Correction, CumulativeCounter, flowBound, mostIn } from './index.ts';

const bound = flowBound({ lanes: 1 });
const MINUTE = 60_000;

/** Reads values one a minute; what was added at each and the corrections. */
function readAll(values: readonly number[], everyMs = MINUTE) {
  const counter = new CumulativeCounter(bound);
  const corrections: Correction[] = [];
  const added = values.map((value, i) => counter.read(i * everyMs, value, (c) => corrections.push(c)));
  return { added, corrections, reasons: corrections.map(({ reason }) => reason) };
}
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

// At most what a lane passes for long: a person every two seconds.
const step = fc.integer({ min: 0, max: 30 });
const fault = fc.constantFrom('none', 'reset', 'jump', 'blip', 'duplicate', 'backwards', 'miss');

describe('cumulative counters', () => {
  it('are exact when clean, whatever the steps and missed reads', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.array(fc.tuple(step, fc.boolean())),
        (start, steps) => {
          const counter = new CumulativeCounter(bound);
          const correct = (): never => expect.fail('nothing to correct');
          let value = start;
          let total = 0;
          counter.read(0, value, correct);
          let last = value;
          steps.forEach(([by, missed], i) => {
            value += by;
            if (missed) return;
            total += counter.read((i + 1) * MINUTE, value, correct);
            last = value;
          });
          expect(total).toBe(last - start);
        },
      ),
    );
  });

  it('never add less than nothing or more than can have passed, through resets, jumps, blips, duplicates and reversals', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.array(fc.tuple(step, fault, fc.integer({ min: 0, max: 2 ** 32 - 1 })), { maxLength: 60 }),
        (start, events) => {
          const counter = new CumulativeCounter(bound);
          let value = start;
          let [now, lastMs] = [0, 0];
          let real = 0;
          let total = counter.read(0, value, () => undefined);
          expect(total).toBe(0);
          let sinceReset = 0;
          for (const [by, kind, random] of events) {
            now += MINUTE;
            real += by;
            value =
              kind === 'reset'
                ? by
                : kind === 'jump'
                  ? random
                  : value + (kind === 'backwards' ? -Math.min(by, value) : by);
            const shown = kind === 'blip' ? random : value;
            if (kind === 'miss') continue;
            const at = kind === 'duplicate' ? lastMs : now;
            const added = counter.read(at, shown, () => undefined);
            expect(added).toBeGreaterThanOrEqual(0);
            expect(added).toBeLessThanOrEqual(mostIn(bound, now - lastMs));
            if (kind === 'duplicate') expect(added).toBe(0);
            else lastMs = now;
            total += added;
            sinceReset++;
          }
          expect(total).toBeLessThanOrEqual(
            mostIn(bound, now) + sinceReset * bound.burst + sinceReset * MINUTE * bound.peakPerS,
          );
          expect(real).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('lose nothing over a rollover of decimal wheels or binary words', () => {
    for (const modulus of [1e4, 1e6, 1e9, 2 ** 16, 2 ** 32]) {
      const { added, reasons } = readAll([modulus - 30, modulus - 10, 15, 40]);
      expect([modulus, added, reasons]).toEqual([modulus, [0, 20, 25, 25], ['rollover']]);
    }
  });

  it('go on from a reset with what has passed since', () => {
    const { added, reasons } = readAll([123_456, 123_460, 7, 20]);
    expect([added, reasons]).toEqual([[0, 4, 7, 13], ['reset']]);
  });

  it('lose nothing when a counter blinks to another level and comes back', () => {
    const { added, reasons } = readAll([123_456, 123_460, 900_000_000, 123_480, 123_490]);
    expect([sum(added), reasons]).toEqual([34, ['jump', 'recovered']]);
    const zero = readAll([123_456, 123_460, 0, 123_480, 123_490]);
    expect([sum(zero.added), zero.reasons]).toEqual([34, ['reset', 'recovered']]);
  });

  it('take a new level after a jump once a second reading confirms it, and count nothing of the jump', () => {
    const { added, reasons } = readAll([123_456, 900_000_000, 900_000_010, 900_000_030]);
    expect([added, reasons]).toEqual([
      [0, 0, 10, 20],
      ['jump', 'rebased'],
    ]);
  });

  it('count down with a counter that counts down, after three readings', () => {
    const { added, reasons } = readAll([5000, 4990, 4975, 4960, 4950, 4940]);
    expect([added, reasons]).toEqual([
      [0, 0, 0, 15, 10, 10],
      ['fell', 'fell', 'backwards'],
    ]);
  });

  it('ignore old readings and other readings of the same instant', () => {
    const counter = new CumulativeCounter(bound);
    const reasons: string[] = [];
    const read = (ms: number, value: number): number =>
      counter.read(ms, value, (c) => reasons.push(c.reason));
    expect([
      read(0, 10),
      read(60_000, 20),
      read(60_000, 20),
      read(60_000, 22),
      read(30_000, 15),
      read(90_000, 30),
    ]).toEqual([0, 10, 0, 0, 0, 10]);
    expect(reasons).toEqual(['conflict', 'out-of-order']);
  });
});

const mta = recording('mta', 'turnstile_230603.csv.gz');
it.skipIf(mta === undefined)('a week of New York turnstiles: no negative and no exploding flow', () => {
  const [, ...lines] = gunzipSync(readFileSync(mta!)).toString('utf8').trimEnd().split('\n');
  const counters = new Map<string, { in: CumulativeCounter; out: CumulativeCounter; lastMs: number }>();
  const reasons = new Map<string, number>();
  let [entries, exits, rawEntries, worst, negative, exploding] = [0, 0, 0, 0, 0, 0];
  const previous = new Map<string, number>();
  for (const line of lines) {
    const [, area, unit, scp, , , , date, time, , inText, outText] = line.split(',');
    const id = `${area} ${unit} ${scp}`;
    const [month, day, year] = date.split('/');
    const epochMs = Date.parse(`${year}-${month}-${day}T${time}Z`);
    const at = counters.get(id) ?? {
      in: new CumulativeCounter(bound),
      out: new CumulativeCounter(bound),
      lastMs: epochMs,
    };
    counters.set(id, at);
    const most = mostIn(bound, Math.max(0, epochMs - at.lastMs));
    const correct = ({ reason }: Correction): void => {
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    };
    const added = [
      at.in.read(epochMs, Number(inText), correct),
      at.out.read(epochMs, Number(outText), correct),
    ];
    for (const n of added) {
      if (n < 0) negative++;
      if (n > most) exploding++;
      worst = Math.max(worst, n);
    }
    rawEntries += Number(inText) - (previous.get(id) ?? Number(inText));
    previous.set(id, Number(inText));
    entries += added[0];
    exits += added[1];
    at.lastMs = Math.max(at.lastMs, epochMs);
  }
  console.log(
    `MTA: ${lines.length} readings of ${counters.size} turnstiles; entries ${entries}, exits ${exits}, largest step ${worst}; ` +
      `plain subtraction gives ${rawEntries} entries; corrections ${JSON.stringify(Object.fromEntries(reasons))}`,
  );
  expect([negative, exploding]).toEqual([0, 0]);
  // A turnstile's busiest four hours are below a person every 3 s; a week of the system is about 15 to 30 million entries.
  expect(worst).toBeLessThan(7_300);
  expect(entries).toBeGreaterThan(10e6);
  expect(entries).toBeLessThan(40e6);
});
