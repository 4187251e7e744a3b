// Camera lines through the ledger's messages: the stop-ticket order fires from them at once, what nobody sees is said and counts
// towards the approved number, and the same bytes come out however the input is cut and restarted.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OccupancyError } from '#models/occupancy/index.ts';
import { parseVenue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { isStreamsError } from '#streams/errors.ts';
import type { CounterWindow, GateWindow } from '#streams/schema/occupancy.ts';
import {
  counterKind,
  flowKind,
  fusedFlowKind,
  gateKind,
  occupancyKind,
  stopTicketKind,
} from '#streams/schema/registry.ts';
import type { FlowWindow } from '#streams/schema/window.ts';
import {
  type OccupancyInput,
  type OccupancySettings,
  occupancyPartition,
  occupancyProcessor,
  parseOccupancySettings,
  siteOf,
} from './index.ts';

const venue = parseVenue(
  readFileSync(new URL('../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
);
const { org, id, tickMs: TICK } = venue;
// Two in the afternoon at the venue.
const START = Date.parse('2026-07-25T06:00:00Z');
const LINES = [...venue.gates, ...venue.exits].map((passage) => passage.id);
const [gate, other] = LINES as [string, string];

/** Window k of a line; null is unknown. */
function flow(key: string, k: number, count: FlowWindow['count'], revision = 0): FlowWindow {
  const start = START + k * TICK;
  const head = { org, venue: id, key, start, end: start + TICK, hopMs: TICK, revision };
  const completeness = count === null ? 0 : 1;
  return { ...flowKind.example, ...head, count, completeness, silent: count === null ? ['camera-x'] : [] };
}

/** One tick of all lines: persons in at the first gate, nobody elsewhere. */
function tick(k: number, n: number | null, out = 0): FlowWindow[] {
  return LINES.map((key) => {
    if (key !== gate) return flow(key, k, { in: 0, out: 0 });
    return flow(key, k, n === null ? null : { in: n, out });
  });
}

function device(k: number, sinceK: number, n: number, revision = 0): CounterWindow {
  const epochMs = START + k * TICK;
  const end = (Math.floor(epochMs / 1000) + 1) * 1000;
  return {
    ...counterKind.example,
    ...{ org, venue: id, key: gate, start: end - 1000, end, revision, epochMs },
    ...{ sinceMs: START + sinceK * TICK, in: n, out: 0, totalIn: n, totalOut: 0, corrections: [] },
  };
}

const of = <T>(outputs: readonly Output[], start: string, decode: (bytes: Uint8Array) => T): T[] =>
  outputs.filter(({ subject }) => subject.startsWith(start)).map(({ payload }) => decode(payload));
const occupancies = (outputs: readonly Output[]) => of(outputs, 'win.occupancy.', occupancyKind.codec.decode);
const gates = (outputs: readonly Output[]) => of(outputs, 'win.gate.', gateKind.codec.decode);
const orders = (outputs: readonly Output[]) => of(outputs, 'warn.', stopTicketKind.codec.decode);
const texts = (outputs: readonly Output[]) =>
  outputs.map((o) => `${o.messageId} ${Buffer.from(o.payload).toString()}`);
const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

describe('lines as the counters of a venue', () => {
  it('counts the site from lines alone, published once a second and complete to the person', () => {
    const outputs = occupancyPartition(venue).onBatch(
      range(40).flatMap((k) => tick(k, 2, k % 4 === 0 ? 1 : 0)),
    );
    const sites = occupancies(outputs);
    expect(sites.map(({ end }) => (end - START) / 1000)).toEqual(range(20).map((k) => k + 1));
    expect(sites.at(-1)).toMatchObject({
      present: 70,
      admitted: 80,
      left: 10,
      completeness: 1,
      initialKnown: false,
      blind: [],
      unseen: { ms: 0, in: 0, out: 0 },
    });
    const passed = gates(outputs).filter(({ key }) => key === gate);
    expect(passed.reduce((sum, one) => sum + one.in, 0)).toBe(80);
    expect(passed.at(-1)).toMatchObject({ totalIn: 80, totalOut: 10, counter: 'line', check: null });
    // The other lines say once that they see, and then nothing, because nobody passes.
    expect(gates(outputs).length).toBe(20 + LINES.length - 1);
  });

  it('gives the order in the very window that reaches the approved number, once, with who was compared', () => {
    const partition = occupancyPartition(venue, { approved: 100, initial: 20 });
    const seconds = range(60).map((k) => orders(partition.onBatch(tick(k, 3, 1))));
    expect(seconds.flat()).toEqual([
      {
        type: 'stop-ticket',
        state: 'stopped',
        org,
        venue: id,
        // 20 were there, 27 windows of 3 make 101 admitted; 27 have left again.
        epochMs: START + 27 * TICK - 1,
        present: 74,
        admitted: 81,
        approved: 100,
        stopOn: 'admitted',
        compared: 101,
        unseenIn: 0,
      },
    ]);
    expect(seconds[26]!.length).toBe(1);
    const present = occupancyPartition(venue, { approved: 100, initial: 20, stopOn: 'present' });
    const [order] = orders(present.onBatch(range(60).flatMap((k) => tick(k, 3, 1))));
    expect(order).toMatchObject({ epochMs: START + 40 * TICK - 1, present: 100, compared: 100 });
  });

  it('says which line is blind, and holds those who may have come in unseen against the approved number', () => {
    const crowd = range(120).flatMap((k) => tick(k, 1));
    const dark = range(60).flatMap((k) => tick(120 + k, null));
    const run = (settings: OccupancySettings): Output[] => {
      const partition = occupancyPartition(venue, { approved: 150, ...settings });
      return [...partition.onBatch([...crowd, ...dark])];
    };
    const safe = run({});
    const last = occupancies(safe).at(-1)!;
    // Two a second for half a minute: sixty, of whom nobody knows.
    expect(last).toMatchObject({ present: 120, blind: [gate], unseen: { ms: 30_000, in: 60, out: 0 } });
    expect(last).toMatchObject({ compared: 180, silent: ['camera-x'] });
    expect(last.completeness).toBeCloseTo((LINES.length - 1) / LINES.length, 12);
    expect(orders(safe)).toMatchObject([{ state: 'stopped', admitted: 120, compared: 150, unseenIn: 30 }]);
    expect(gates(safe).at(-1)).toMatchObject({ key: gate, completeness: 0, totalIn: 120 });
    expect(orders(run({ stopCountsUnseen: false }))).toEqual([]);
  });

  it('is blind everywhere before any line has spoken, and where flow has stopped', () => {
    const partition = occupancyPartition(venue);
    const [first] = occupancies(partition.onBatch([device(0, 0, 5)]));
    expect(first!.blind).toEqual(LINES.filter((key) => key !== gate));
    expect(first!.completeness).toBe(0);
    partition.onBatch(range(10).flatMap((k) => tick(k, 0)));
    const [later] = occupancies(partition.onBatch([device(100, 90, 1)]));
    expect(later!.blind.length).toBe(LINES.length - 1);
  });

  it('publishes the site although one line says nothing at all', () => {
    const partition = occupancyPartition(venue);
    const outputs = partition.onBatch(
      range(10).flatMap((k) => tick(k, 1).filter(({ key }) => key !== other)),
    );
    expect(occupancies(outputs).map(({ end }) => (end - START) / 1000)).toEqual([2, 3, 4, 5]);
    expect(occupancies(outputs).at(-1)!.blind).toEqual([other]);
  });

  it('takes a correction in place of what it corrects', () => {
    const partition = occupancyPartition(venue);
    partition.onBatch([...tick(0, 5), ...tick(1, 5)]);
    const outputs = partition.onBatch([
      flow(gate, 1, { in: 3, out: 0 }, 1),
      flow(gate, 1, { in: 3, out: 0 }, 1),
    ]);
    const [window] = gates(outputs);
    expect(window).toMatchObject({ in: -2, totalIn: 8, corrections: [{ reason: 'revised', raw: -2 }] });
    expect(occupancies(partition.onBatch(range(4).flatMap((k) => tick(2 + k, 0)))).at(-1)).toMatchObject({
      present: 8,
    });
  });
});

describe('a turnstile under a camera line', () => {
  it('is the counter of record from its first word on, and the line its check', () => {
    const partition = occupancyPartition(venue);
    const outputs = [...partition.onBatch(range(120).flatMap((k) => tick(k, 1)))];
    outputs.push(...partition.onBatch([device(120, 0, 118)]));
    outputs.push(...partition.onBatch(range(120).flatMap((k) => tick(120 + k, 1))));
    outputs.push(...partition.onBatch([device(240, 120, 100)]));
    outputs.push(...partition.onBatch(range(10).flatMap((k) => tick(240 + k, 1))));
    // 120 by the line, then 100 by the turnstile: nobody twice.
    expect(occupancies(outputs).at(-1)!.present).toBe(220);
    const last = gates(outputs)
      .filter(({ key }) => key === gate)
      .at(-1) as GateWindow;
    expect(last).toMatchObject({ counter: 'device', totalIn: 220 });
    expect(last.check).toMatchObject({
      counter: 'line',
      record: { in: 100, out: 0 },
      check: { in: 120, out: 0 },
    });
    const reasons = gates(outputs).flatMap(({ corrections }) => corrections.map(({ reason }) => reason));
    expect(reasons).toEqual(['covered']);
  });

  it('counts a result of the same device that comes again once', () => {
    const partition = occupancyPartition(venue);
    expect(
      occupancies(partition.onBatch([device(1, 0, 7), device(1, 0, 7)])).map((one) => one.present),
    ).toEqual([7]);
  });
});

describe('days', () => {
  it('counts admissions from nought at four in the morning, and keeps who is there', () => {
    const settings = { approved: 15, stopCountsUnseen: false };
    let partition = occupancyPartition(venue, settings);
    const outputs = [...partition.onBatch(tick(0, 10, 3))];
    // 14 hours later it is 04:00 there.
    const morning = (14 * 3_600_000) / TICK;
    outputs.push(...partition.onBatch([...tick(1, 2), ...tick(morning - 2, 0)]));
    expect(orders(outputs)).toEqual([]);
    const next = occupancyPartition(venue, settings);
    next.restore(partition.snapshot());
    partition = next;
    // The tick that ends at 04:00 is yesterday's.
    const after = occupancies(
      partition.onBatch([...tick(morning - 1, 0), ...tick(morning, 4), ...tick(morning + 1, 0)]),
    );
    expect(after.map(({ initial, present, admitted }) => [initial, present, admitted])).toEqual([
      [0, 9, 12],
      [9, 13, 4],
    ]);
    expect(after.map(({ countedFromMs }) => countedFromMs)).toEqual([
      START + TICK - 1,
      START + (morning + 1) * TICK - 1,
    ]);
    const empty = occupancyPartition(venue, { emptyAtDayStart: true });
    empty.onBatch(tick(0, 10));
    const [, morningAfter] = occupancies(
      empty.onBatch([...tick(morning, 1), ...tick(morning + 1, 0), ...tick(morning + 3, 0)]),
    );
    expect(morningAfter).toMatchObject({ initial: 0, initialKnown: true, present: 1 });
  });
});

describe('input and settings', () => {
  const { decode } = occupancyProcessor(venue);
  const raw = (subject: string, data: Uint8Array) => ({ subject, data }) as Parameters<typeof decode>[0];
  const refused = (metric: string, window: FlowWindow): string | undefined => {
    try {
      decode(raw(`win.${metric}.${org}.${id}.${window.key}`, flowKind.codec.encode(window)));
      return undefined;
    } catch (error) {
      return isStreamsError(error) ? error.code : 'another';
    }
  };

  it('refuses windows that overlap, and lines that are no gate or exit', () => {
    expect(refused('flow-now', flow(gate, 0, null))).toBeUndefined();
    expect(refused('flow', { ...flow(gate, 0, null), hopMs: TICK / 2 })).toBe('payload-malformed');
    expect(refused('flow-now', flow(venue.edges![0]!.id, 0, null))).toBe('source-unknown');
  });

  it('reads each tumbling window of gates and exits, and no other', () => {
    const { filters } = occupancyProcessor(venue).input;
    const lines = filters.filter((filter) => filter.startsWith('win.flow'));
    expect(lines).toEqual(LINES.map((key) => `win.flow-now.${org}.${id}.${key}`));
  });

  it('reads the lines of fused persons instead, where the settings say so', () => {
    const { input, decode: read } = occupancyProcessor(venue, { lines: 'flow-fused' });
    const lines = input.filters.filter((filter) => filter.startsWith('win.flow'));
    expect(lines).toEqual(LINES.map((key) => `win.flow-fused-now.${org}.${id}.${key}`));
    const window = flow(gate, 0, { in: 2, out: 1 });
    const data = fusedFlowKind.codec.encode({ ...window, metric: 'flow-fused' });
    expect(read(raw(`win.flow-fused-now.${org}.${id}.${gate}`, data))).toEqual(window);
    expect(() => parseOccupancySettings('{"a/b":{"lines":"fused"}}')).toThrow(/a\/b\.lines/);
  });

  it('refuses settings that name what is not there or cannot be', () => {
    expect(() => siteOf(venue, { counters: { nowhere: 'line' } })).toThrow(/"counters" names "nowhere"/);
    expect(() => occupancyPartition(venue, { counters: { [venue.doors[0]!.id]: 'line' } })).toThrow(
      OccupancyError,
    );
    const at = `${org}/${id}`;
    const good = { [at]: { approved: 30_000, stopOn: 'present', counters: { [gate]: 'line' } } };
    expect(parseOccupancySettings(JSON.stringify(good)).get(at)).toEqual(good[at]);
    expect(() => parseOccupancySettings('{')).toThrow(/not JSON/);
    expect(() => parseOccupancySettings(JSON.stringify({ [at]: { aproved: 3 } }))).toThrow(/aproved/);
    expect(() => parseOccupancySettings(JSON.stringify({ [at]: { dayStartsAt: '24:00' } }))).toThrow(
      /dayStartsAt/,
    );
  });
});

it('gives the same bytes however the input is cut, and through a restart at any message', () => {
  const count = fc.option(fc.record({ in: fc.nat(4), out: fc.nat(4) }), { nil: null });
  const step = fc.record({
    counts: fc.array(count, { minLength: 3, maxLength: 3 }),
    revised: fc.option(fc.tuple(fc.nat(3), count), { nil: null }),
    device: fc.option(fc.nat(9), { nil: null }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.nat(200), (steps, cut) => {
      const inputs = steps.flatMap(({ counts, revised, device: n }, k): OccupancyInput[] => [
        ...counts.map((one, line) => flow(LINES[line]!, k, one)),
        ...(revised === null || revised[0] > k ? [] : [flow(gate, k - revised[0], revised[1], 1)]),
        ...(n === null ? [] : [device(k + 1, Math.max(0, k - 3), n, k % 2)]),
      ]);
      const settings = { approved: 60, stopOn: 'present' } as const;
      const straight = texts(occupancyPartition(venue, settings).onBatch(inputs));
      const before = occupancyPartition(venue, settings);
      const first = inputs.slice(0, cut).flatMap((one) => texts(before.onBatch([one])));
      const after = occupancyPartition(venue, settings);
      after.restore(before.snapshot());
      expect([...first, ...texts(after.onBatch(inputs.slice(cut)))]).toEqual(straight);
      expect(new Set(straight.map((text) => text.split(' ')[0])).size).toBe(straight.length);
    }),
    { numRuns: 60 },
  );
});
