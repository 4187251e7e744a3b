// Lines and devices at one passage: each person once, whichever counter counts; a corrected window replaces; what nobody saw is
// named and never taken for zero.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineTally, type LineWindow, OccupancyError, OccupancyLedger, type PassagePlan } from './index.ts';

const TICK = 500;
const START = 1_700_000_000_000;
const MINUTE = 60_000;
const wide = { id: 'gate', widthM: 20, lanes: 4, line: true } as const;

/** Window k of the line. */
const window = (k: number, counts: LineWindow['counts'], revision = 0): LineWindow => ({
  startMs: START + k * TICK,
  endMs: START + (k + 1) * TICK,
  revision,
  counts,
});
const passes = (k: number, n: number, out = 0, revision = 0): LineWindow =>
  window(k, { in: n, out }, revision);
const ledgerOf = (...plans: PassagePlan[]) => new OccupancyLedger(plans);
const atTick = (k: number): number => START + k * TICK;

describe('a line as the counter', () => {
  it('is the sum of the newest revision of every window, in whatever pieces, repeats and restarts', () => {
    const known = fc.tuple(fc.nat(6), fc.nat(6));
    const message = fc.record({
      counts: fc.option(known, { nil: null }),
      again: fc.nat(3),
      revised: fc.option(fc.record({ back: fc.nat(20), counts: fc.option(known, { nil: null }) }), {
        nil: null,
      }),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), fc.nat(60), (messages, cut) => {
        let ledger = ledgerOf(wide);
        const truth = new Map<number, { revision: number; counts: LineWindow['counts'] }>();
        const take = (k: number, counts: LineWindow['counts'], revision: number): void => {
          truth.set(k, { revision, counts });
          const before = [ledger.admitted, ledger.left];
          const entry = ledger.line('gate', window(k, counts, revision));
          expect([ledger.admitted, ledger.left]).toEqual([before[0]! + entry.in, before[1]! + entry.out]);
        };
        const of = (pair: readonly number[] | null) =>
          pair === null ? null : { in: pair[0]!, out: pair[1]! };
        messages.forEach(({ counts, again, revised }, k) => {
          if (k === cut) {
            const next = ledgerOf(wide);
            next.restore(ledger.snapshot());
            expect(next.snapshot()).toBe(ledger.snapshot());
            ledger = next;
          }
          for (let i = 0; i <= again; i++) take(k, of(counts), 0);
          if (revised === null || revised.back > k) return;
          const at = k - revised.back;
          take(at, of(revised.counts), truth.get(at)!.revision + 1);
        });
        const windows = [...truth.values()].map((one) => one.counts);
        const [entered, left] = (['in', 'out'] as const).map((way) =>
          windows.reduce((sum, counts) => sum + (counts?.[way] ?? 0), 0),
        );
        expect([ledger.admitted, ledger.left]).toEqual([entered, left]);
        expect(ledger.figures('gate')).toMatchObject({ counter: 'line', in: entered, out: left });
        expect(ledger.figures('gate').unseen.ms).toBe(TICK * windows.filter((one) => one === null).length);
        expect(ledger.present).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('counts no window twice, none over part of another, and no more than can pass', () => {
    const ledger = ledgerOf(wide);
    ledger.line('gate', passes(0, 3));
    ledger.line('gate', passes(1, 4));
    expect(ledger.line('gate', passes(1, 4))).toEqual({ in: 0, out: 0, corrections: [] });
    expect(ledger.line('gate', passes(1, 9, 0, 0))).toMatchObject({ in: 0 });
    const across = { ...passes(0, 50), endMs: START + 4 * TICK };
    expect(ledger.line('gate', across)).toMatchObject({
      in: 0,
      corrections: [{ reason: 'out-of-order', raw: 50 }],
    });
    expect(ledger.present).toBe(7);
    // 5 + 2.5 /(m s) * 20 m * 0.5 s = 30.
    expect(ledger.line('gate', passes(2, 500))).toMatchObject({
      in: 30,
      corrections: [{ reason: 'over-bound', raw: 500, counted: 30 }],
    });
    expect(() => ledger.line('gate', passes(3, 1.5))).toThrow(OccupancyError);
    expect(() => ledger.line('gate', { ...passes(3, 1), endMs: START })).toThrow(OccupancyError);
    expect(() => ledger.line('nowhere', passes(3, 1))).toThrow(OccupancyError);
  });

  it('names what it could not see with the persons to be expected, and adds none of them', () => {
    const ledger = ledgerOf(wide);
    let k = 0;
    // Two persons a second for five minutes, then a minute of darkness.
    for (; k < 600; k++) ledger.line('gate', passes(k, 1));
    expect(ledger.blind(atTick(k))).toEqual([]);
    for (; k < 720; k++) ledger.line('gate', window(k, null));
    expect(ledger.blind(atTick(k))).toEqual(['gate']);
    expect(ledger.present).toBe(600);
    expect(ledger.unseen(atTick(k)).ms).toBe(MINUTE);
    expect(ledger.unseen(atTick(k)).in).toBeCloseTo(120, 6);
    expect(ledger.unseen(atTick(k)).out).toBe(0);
    const [correction] = ledger.line('gate', passes(k++, 0)).corrections;
    expect(correction).toMatchObject({ reason: 'unseen', raw: 120, counted: 0, before: 600, after: 600 });
    expect(ledger.blind(atTick(k))).toEqual([]);
  });

  it('expects no more after a quarter of an hour of darkness: the rate of before says nothing then', () => {
    const ledger = ledgerOf(wide);
    for (let k = 0; k < 600; k++) ledger.line('gate', passes(k, 1));
    for (let k = 600; k < 600 + 4 * 3600; k++) ledger.line('gate', window(k, null));
    expect(ledger.unseen(atTick(15_000)).ms).toBe(7_200_000);
    expect(ledger.unseen(atTick(15_000)).in).toBeCloseTo(2 * 900, 6);
  });

  it('takes no single group for a steady stream', () => {
    const ledger = ledgerOf(wide);
    // Ten persons in half a second, and then darkness for a quarter of an hour: not 18,000, but 150.
    ledger.line('gate', passes(0, 10));
    ledger.line('gate', { ...window(1, null), endMs: START + TICK + 900_000 });
    expect(ledger.unseen(START + TICK + 900_000).in).toBeCloseTo(150, 6);
  });

  it('is blind where windows are missing or have stopped, and takes them in when they come after all', () => {
    const ledger = ledgerOf(wide);
    expect(ledger.blind(START)).toEqual(['gate']);
    for (let k = 0; k < 600; k++) ledger.line('gate', passes(k, 1));
    const end = atTick(600);
    expect(ledger.blind(end + 14_000)).toEqual([]);
    // Nothing comes: twenty seconds on, forty persons may have passed.
    expect(ledger.blind(end + 20_000)).toEqual(['gate']);
    expect(ledger.unseen(end + 20_000).in).toBeCloseTo(40, 6);
    // It was only late.
    for (let k = 600; k < 640; k++) ledger.line('gate', passes(k, 1));
    expect(ledger.unseen(end + 20_000)).toEqual({ ms: 0, in: 0, out: 0 });
    // These never came.
    ledger.line('gate', passes(660, 1));
    expect(ledger.unseen(atTick(661))).toMatchObject({ ms: 20 * TICK });
    expect(ledger.present).toBe(641);
  });
});

describe('a device and a line at one gate', () => {
  const device = (k: number, sinceK: number, n: number, out = 0) =>
    ({ at: 'gate', sinceMs: atTick(sinceK), epochMs: atTick(k), in: n, out }) as const;

  it('goes over from the line to the device at its first word, and counts each person once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 40, maxLength: 200 }),
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(6),
        (ticks, firstWord, every, lag) => {
          const ledger = ledgerOf({ ...wide, lanes: undefined as never, widthM: 50 });
          const reads = new Map<number, number>();
          for (let k = Math.min(firstWord, ticks.length - 1); k < ticks.length; k += every)
            reads.set(k + 1, Math.max(0, k + 1 - every));
          // The line is `lag` ticks behind the device, which says what passed since it spoke last.
          for (let k = 0; k < ticks.length + lag; k++) {
            const since = reads.get(k);
            if (since !== undefined && k <= ticks.length) {
              const sum = (way: 0 | 1) => ticks.slice(since, k).reduce((n, tick) => n + tick[way]!, 0);
              ledger.device(device(k, since, sum(0), sum(1)));
            }
            const [n, out] = ticks[k - lag] ?? [0, 0];
            if (k >= lag) ledger.line('gate', passes(k - lag, n!, out));
          }
          const lastRead = [...reads.keys()].at(-1)!;
          const real = (way: 0 | 1, to: number) => ticks.slice(0, to).reduce((n, tick) => n + tick[way]!, 0);
          // The device has counted everything up to its last word; before its first word the line has.
          const spoke = reads.size > 0 && lastRead <= ticks.length + lag - 1;
          if (!spoke) return;
          const { in: entered, out } = ledger.figures('gate');
          // Where the line had not begun to see, the device's first count stands for that time.
          if ([...reads.keys()][0]! <= lag) return;
          expect([entered, out]).toEqual([real(0, lastRead), real(1, lastRead)]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes the first count of a device whole where the line has never seen, and none of it twice where it has', () => {
    const dark = ledgerOf(wide);
    for (let k = 0; k < 120; k++) dark.line('gate', window(k, null));
    expect(dark.device(device(110, 0, 30)).in).toBe(30);
    const late = ledgerOf(wide);
    for (let k = 0; k < 100; k++) late.line('gate', passes(k, 1));
    // The line has just gone dark when a count of before arrives, and the device goes on from there.
    for (let k = 100; k < 120; k++) late.line('gate', window(k, null));
    expect(late.device(device(80, 0, 80))).toMatchObject({
      in: 0,
      corrections: [{ reason: 'covered', raw: 80 }],
    });
    expect(late.device(device(120, 80, 40)).in).toBe(0);
    expect(late.device(device(160, 120, 40)).in).toBe(40);
    expect(late.present).toBe(140);
  });

  it('counts nobody out of a device that comes late over what the line has counted, but for the count across that moment', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2), { minLength: 60, maxLength: 200 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 40 }),
        (ticks, every, late) => {
          const ledger = ledgerOf({ id: 'gate', widthM: 50, line: true });
          const real = (from: number, to: number) => ticks.slice(from, to).reduce((a, b) => a + b, 0);
          let [lastRead, twice] = [0, 0];
          for (let k = 0; k < ticks.length; k++) {
            ledger.line('gate', passes(k, ticks[k]!));
            const to = k + 1 - late;
            if (to <= 0 || to % every !== 0) continue;
            const since = to - every;
            ledger.device(device(to, since, real(since, to)));
            // The line had counted up to here when the device spoke first.
            const over = every + late;
            if (since < over && to > over) twice = real(since, over);
            lastRead = to;
          }
          const counted = Math.max(
            lastRead,
            Math.min(ticks.length, lastRead === 0 ? ticks.length : every + late),
          );
          expect(ledger.figures('gate').in).toBe(real(0, counted) + twice);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('compares them at the same instants, and says what a silent turnstile misses', () => {
    const ledger = ledgerOf({ ...wide, counter: 'device' });
    expect(ledger.blind(START)).toEqual(['gate']);
    let k = 0;
    const line = (ticks: number, n: number): void => {
      for (const end = k + ticks; k < end; k++) ledger.line('gate', passes(k, n));
    };
    line(120, 1);
    ledger.device(device(120, 0, 118));
    line(6, 1);
    expect(ledger.present).toBe(118);
    expect(ledger.blind(atTick(k))).toEqual([]);
    expect(ledger.figures('gate')).toMatchObject({
      counter: 'device',
      comparison: { device: { in: 118, out: 0 }, line: { in: 120, out: 0 } },
    });
    // The turnstile falls silent while 600 persons walk by.
    line(600, 1);
    expect(ledger.present).toBe(118);
    const { comparison } = ledger.figures('gate');
    expect(comparison!.line.in - comparison!.device.in).toBeGreaterThan(590);
  });

  it('takes the line and only compares the device where that is the setting', () => {
    const ledger = ledgerOf({ ...wide, counter: 'line' });
    for (let k = 0; k < 100; k++) ledger.line('gate', passes(k, 1));
    expect(ledger.device(device(100, 0, 50))).toEqual({ in: 0, out: 0, corrections: [] });
    for (let k = 100; k < 220; k++) ledger.line('gate', passes(k, 1));
    ledger.device(device(220, 100, 60));
    expect(ledger.present).toBe(220);
    expect(ledger.figures('gate')).toMatchObject({
      counter: 'line',
      comparison: { line: { in: 120 }, device: { in: 60 } },
    });
    expect(() => ledgerOf({ id: 'door', widthM: 2, line: false, counter: 'line' })).toThrow(OccupancyError);
  });

  it('drops below zero by nobody, and begins a new day with who is there', () => {
    const ledger = ledgerOf(wide);
    ledger.line('gate', passes(0, 5));
    expect(ledger.line('gate', passes(1, 0, 8)).corrections).toMatchObject([{ reason: 'negative', raw: -3 }]);
    expect([ledger.present, ledger.unexplained]).toEqual([0, 3]);
    ledger.line('gate', passes(2, 6));
    ledger.begin(atTick(3));
    expect([ledger.initial, ledger.present, ledger.admitted, ledger.left]).toEqual([6, 6, 0, 0]);
    // A correction of yesterday: one fewer was there this morning, and nobody less has been admitted since.
    ledger.line('gate', passes(2, 5, 0, 1));
    ledger.line('gate', passes(3, 2));
    expect([ledger.initial, ledger.present, ledger.admitted]).toEqual([5, 7, 2]);
    ledger.begin(atTick(4), true);
    ledger.line('gate', passes(3, 9, 0, 1));
    expect([ledger.present, ledger.admitted]).toEqual([0, 0]);
  });

  it('refuses a snapshot of other passages', () => {
    const other = ledgerOf({ ...wide, line: false });
    expect(() => other.restore(ledgerOf(wide).snapshot())).toThrow(OccupancyError);
  });
});

it('keeps no more windows than it needs', () => {
  const tally = new LineTally({ peakPerS: 10, sustainedPerS: 5, burst: 5 });
  for (let k = 0; k < 10_000; k++) tally.take(passes(k, 1));
  expect(JSON.stringify(tally.state).length).toBeLessThan(5_000);
});
