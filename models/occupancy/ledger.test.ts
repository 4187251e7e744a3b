// The ledger, safe capacity, the stop-ticket order and the drift: what each promises.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  OccupancyError,
  OccupancyLedger,
  type Reading,
  Reconciliation,
  StopTicket,
  safeCapacity,
} from './index.ts';

const MINUTE = 60_000;
const devices = [
  { id: 'a', lanes: 4 },
  { id: 'b', widthM: 3 },
];

describe('ledger', () => {
  it('is never negative, bounded in flow, and the sum of what it took; a restored one goes on alike', () => {
    const reading = fc.record({
      device: fc.constantFrom('a', 'b'),
      mode: fc.constantFrom('delta', 'cumulative'),
      in: fc.oneof(fc.nat(50), fc.nat(2 ** 32 - 1)),
      out: fc.oneof(fc.nat(50), fc.nat(2 ** 32 - 1)),
      ms: fc.integer({ min: -MINUTE, max: 2 * MINUTE }),
    });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 60 }), fc.nat(60), (readings, cut) => {
        const ledger = new OccupancyLedger(devices);
        let other = new OccupancyLedger(devices);
        let now = 10 * MINUTE;
        let balance = 0;
        readings.forEach(({ device, ms, ...counts }, i) => {
          now += ms;
          const one: Reading = { ...counts, at: device, epochMs: Math.max(0, now) };
          if (i === cut) {
            const next = new OccupancyLedger(devices);
            next.restore(other.snapshot());
            other = next;
          }
          const taken = ledger.take(one);
          expect(other.take(one)).toEqual(taken);
          expect(Math.min(taken.in, taken.out, ledger.present)).toBeGreaterThanOrEqual(0);
          const negative = taken.corrections.find(({ reason }) => reason === 'negative');
          balance += taken.in - taken.out - (negative?.raw ?? 0);
          expect(ledger.present).toBe(balance);
        });
        expect(other.snapshot()).toBe(ledger.snapshot());
      }),
    );
  });

  it('counts a delta sent twice once, and no more than can pass', () => {
    const ledger = new OccupancyLedger(devices);
    const delta = { at: 'a', mode: 'delta', in: 30, out: 0, epochMs: MINUTE, sinceMs: 0 } as const;
    expect(ledger.take(delta).in).toBe(30);
    expect(ledger.take(delta)).toMatchObject({ in: 0, corrections: [{ reason: 'conflict', device: 'a' }] });
    // 4 lanes for 10 s: 4 * 10 + 5 persons.
    const burst = ledger.take({ ...delta, epochMs: 2 * MINUTE, sinceMs: 2 * MINUTE - 10_000, in: 1000 });
    expect(burst).toMatchObject({ in: 45, corrections: [{ reason: 'over-bound', raw: 1000, counted: 45 }] });
    expect(ledger.present).toBe(75);
    const out = ledger.take({ ...delta, epochMs: 3 * MINUTE, in: 0, out: 100 });
    expect(out.corrections.at(-1)).toMatchObject({ reason: 'negative', raw: -25 });
    expect([ledger.present, ledger.unexplained]).toEqual([0, 25]);
  });

  it('refuses unknown devices, unbounded devices and counts that are none', () => {
    const ledger = new OccupancyLedger(devices);
    const one = { at: 'x', mode: 'delta', in: 1, out: 0, epochMs: 1 } as const;
    expect(() => ledger.take(one)).toThrow(OccupancyError);
    expect(() => ledger.take({ ...one, at: 'a', in: 1.5 })).toThrow(OccupancyError);
    expect(() => new OccupancyLedger([{ id: 'free' }])).toThrow(OccupancyError);
    expect(() => ledger.restore(new OccupancyLedger([]).snapshot())).toThrow(OccupancyError);
  });
});

describe('safe capacity', () => {
  const site = {
    entryLanes: 20,
    entryWidthM: 0,
    holding: [{ persons: 9000, areaM2: 0 }, { areaM2: 1000 }],
    exits: [
      { id: 'n', widthM: 8 },
      { id: 's', widthM: 10 },
      { id: 'e', widthM: 6, stepped: true },
    ],
    physical: 0.9,
    safetyManagement: 0.8,
    emergencyMin: 8,
  };

  it('is the least of four, by hand', () => {
    expect(safeCapacity(site)).toEqual({
      entry: 13_200, // 20 * 660
      holding: 10_960, // (9000 + 4700) * 0.8
      exit: 8416, // 8 min * (8 * 82 + 6 * 66), without the largest, s
      emergency: 8416,
      safe: 8416,
      limitedBy: 'exit',
      closed: [],
      discounted: 's',
    });
    expect(safeCapacity({ ...site, emergencyMin: 2.5 })).toMatchObject({
      safe: 2630,
      limitedBy: 'emergency',
    });
  });

  it('never rises when an exit closes, and is 0 with one exit left', () => {
    const open = safeCapacity(site).safe;
    for (const { id } of site.exits) {
      expect(safeCapacity(site, new Set([id])).safe).toBeLessThan(open);
    }
    expect(safeCapacity(site, new Set(['n', 'e']))).toMatchObject({ safe: 0, discounted: 's' });
    expect(() => safeCapacity(site, new Set(['x']))).toThrow(OccupancyError);
  });
});

it('orders the stop of tickets exactly once at the approved number, and again only after it was clearly below', () => {
  const stop = new StopTicket(1000);
  const changes: unknown[] = [];
  const walk = [998, 999, 1000, 1001, 999, 1000, 1003, 951, 1000, 950, 949, 999, 1000, 1001];
  walk.forEach((count, i) => {
    const change = stop.update(count);
    if (change) changes.push([i, change.state, change.count]);
  });
  expect(changes).toEqual([
    [2, 'stopped', 1000],
    [9, 'lifted', 950],
    [12, 'stopped', 1000],
  ]);
});

it('names the gate that counts wrongly: 10 % too many in at one of four, in noise', () => {
  const reconciliation = new Reconciliation();
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const entered = [0, 0, 0, 0];
  let present = 0;
  let gates = 0;
  let drift = reconciliation.add({
    epochMs: 0,
    gates,
    zones: present,
    entered: [...entered],
    left: [0, 0, 0, 0],
  });
  for (let k = 1; k <= 60; k++) {
    entered.forEach((_, g) => {
      const real = Math.floor(100 * random());
      const counted = g === 2 ? Math.round(1.1 * real) : real;
      entered[g] += counted;
      gates += counted;
      present += real;
    });
    const zones = present + Math.round(4 * (random() - 0.5));
    drift = reconciliation.add({
      epochMs: k * MINUTE,
      gates,
      zones,
      entered: [...entered],
      left: [0, 0, 0, 0],
    });
  }
  expect(drift.culprit).toMatchObject({ device: 2, direction: 'in' });
  expect(drift.culprit!.share).toBeCloseTo(0.1 / 1.1, 1);
  expect(drift.perHour).toBeCloseTo(gates - present, -1.5);
});
