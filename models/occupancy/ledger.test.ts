// Counters of gates, safe capacity, the stop-ticket order and the drift: what each promises. The ledger: passages.test.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GateCounters,
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

describe('counters of gates', () => {
  it('are never negative, bounded in flow, and the sum of what they took; restored ones go on alike', () => {
    const reading = fc.record({
      device: fc.constantFrom('a', 'b'),
      mode: fc.constantFrom('delta', 'cumulative'),
      in: fc.oneof(fc.nat(50), fc.nat(2 ** 32 - 1)),
      out: fc.oneof(fc.nat(50), fc.nat(2 ** 32 - 1)),
      ms: fc.integer({ min: -MINUTE, max: 2 * MINUTE }),
    });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 60 }), fc.nat(60), (readings, cut) => {
        const counters = new GateCounters(devices);
        let other = new GateCounters(devices);
        const ledger = new OccupancyLedger(devices.map((device) => ({ ...device, line: false })));
        let now = 10 * MINUTE;
        let balance = 0;
        readings.forEach(({ device, ms, ...counts }, i) => {
          now += ms;
          const one: Reading = { ...counts, at: device, epochMs: Math.max(0, now) };
          if (i === cut) {
            const next = new GateCounters(devices);
            next.restore(other.snapshot());
            other = next;
          }
          const taken = counters.take(one);
          expect(other.take(one)).toEqual(taken);
          const entry = ledger.device({ ...taken, at: device, epochMs: one.epochMs });
          expect(Math.min(taken.in, taken.out, ledger.present)).toBeGreaterThanOrEqual(0);
          const negative = entry.corrections.find(({ reason }) => reason === 'negative');
          balance += entry.in - entry.out - (negative?.raw ?? 0);
          expect(ledger.present).toBe(balance);
        });
        expect(other.snapshot()).toBe(counters.snapshot());
      }),
    );
  });

  it('count a delta sent twice once, and no more than can pass', () => {
    const counters = new GateCounters(devices);
    const delta = { at: 'a', mode: 'delta', in: 30, out: 0, epochMs: MINUTE, sinceMs: 0 } as const;
    expect(counters.take(delta)).toMatchObject({ in: 30, sinceMs: 0 });
    expect(counters.take(delta)).toMatchObject({ in: 0, corrections: [{ reason: 'conflict' }] });
    // 4 lanes for 10 s: 4 * 10 + 5 persons.
    const burst = counters.take({ ...delta, epochMs: 2 * MINUTE, sinceMs: 2 * MINUTE - 10_000, in: 1000 });
    expect(burst).toMatchObject({ in: 45, corrections: [{ reason: 'over-bound', raw: 1000, counted: 45 }] });
    expect(counters.totals('a')).toMatchObject({ in: 75, out: 0, corrections: 2 });
  });

  it('refuse unknown devices, unbounded devices and counts that are none', () => {
    const counters = new GateCounters(devices);
    const one = { at: 'x', mode: 'delta', in: 1, out: 0, epochMs: 1 } as const;
    expect(() => counters.take(one)).toThrow(OccupancyError);
    expect(() => counters.take({ ...one, at: 'a', in: 1.5 })).toThrow(OccupancyError);
    expect(() => new GateCounters([{ id: 'free' }])).toThrow(OccupancyError);
    expect(() => counters.restore(new GateCounters([]).snapshot())).toThrow(OccupancyError);
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

it('stops before the approved number by the margin that counters known to miss people need', () => {
  const stop = new StopTicket(1000, 0.0625);
  expect(stop.update(936)).toBeUndefined();
  expect(stop.update(937)).toEqual({ state: 'stopped', count: 937, approved: 1000 });
  expect([stop.update(891), stop.update(890)?.state]).toEqual([undefined, 'lifted']);
  for (const margin of [-0.1, 0.6, Number.NaN])
    expect(() => new StopTicket(1000, margin)).toThrow(OccupancyError);
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

describe('two counters at one gate', () => {
  // The turnstile of gate 1 or the line over it is wrong; 40 minutes of arrivals at three gates, zones in noise.
  function checked(
    wrong: 'turnstile misses a fifth' | 'turnstile is dead' | 'line misses a fifth' | 'neither',
    readEvery = 1,
  ) {
    const reconciliation = new Reconciliation();
    let state = 5;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const turnstiles = [0, 0, 0];
    let [line, present, gates, read, lineThen] = [0, 0, 0, 0, 0];
    let drift = reconciliation.add({ epochMs: 0, gates, zones: 0, entered: [0, 0, 0], left: [0, 0, 0] });
    for (let k = 1; k <= 40; k++) {
      turnstiles.forEach((_, g) => {
        const real = Math.floor(60 * random());
        let counted = real;
        if (g === 1 && wrong === 'turnstile misses a fifth') counted = Math.round(0.8 * real);
        if (g === 1 && wrong === 'turnstile is dead') counted = 0;
        if (g === 1) line += wrong === 'line misses a fifth' ? Math.round(0.8 * real) : real;
        turnstiles[g]! += counted;
        gates += counted;
        present += real;
      });
      // The ledger knows of the turnstile what was read last, and compares at that instant.
      if (k % readEvery === 0) [read, lineThen] = [turnstiles[1]!, line];
      drift = reconciliation.add({
        epochMs: k * MINUTE,
        gates: gates - (turnstiles[1]! - read),
        zones: present + Math.round(4 * (random() - 0.5)),
        entered: [turnstiles[0]!, read, turnstiles[2]!],
        left: [0, 0, 0],
        excess: [null, { in: read - lineThen, out: 0 }, null],
      });
    }
    return drift;
  }

  it('names the turnstile that misses a fifth, and a dead one, which has no flow to be known by', () => {
    const slow = checked('turnstile misses a fifth');
    expect(slow.checks).toMatchObject([{ device: 1, suspect: 'record', out: 0 }]);
    expect(slow.culprit).toMatchObject({ device: 1, direction: 'in' });
    expect(slow.culprit!.share).toBeCloseTo(-0.25, 1);
    const dead = checked('turnstile is dead');
    expect(dead.culprit).toMatchObject({ device: 1, direction: 'in', share: -1, by: 'check' });
    expect(dead.checks[0]!.in).toBeLessThan(-1000);
  });

  it('knows which of the two also where the turnstile is read every five minutes only', () => {
    expect(checked('turnstile misses a fifth', 5).checks).toMatchObject([{ suspect: 'record' }]);
    expect(checked('line misses a fifth', 5).checks).toMatchObject([{ suspect: 'check' }]);
  });

  it('does not blame a good turnstile for a line that misses a fifth, and nobody when both agree', () => {
    const line = checked('line misses a fifth');
    expect(line.checks).toMatchObject([{ device: 1, suspect: 'check' }]);
    expect(line.culprit).toBeNull();
    expect(checked('neither')).toMatchObject({
      culprit: null,
      checks: [{ device: 1, in: 0, suspect: null }],
    });
  });
});
