// Gates and ledger together: a locked exit lowers the capacity in the result of that very message; the stop-ticket order comes
// once at the approved number; the same bytes in any batches and through a restart. Camera lines: lines.test.ts.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { counterKind, exitsKind, gateKind, occupancyKind, stopTicketKind } from '#streams/schema/registry.ts';
import {
  type GatesInput,
  gatesPartition,
  type OccupancySettings,
  occupancyPartition,
  siteOf,
} from './index.ts';

const venue = parseVenue(
  readFileSync(new URL('../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
);
const START = 1_700_000_000_000;
const gate = venue.gates[0].id;
const exit = venue.exits[0].id;

/** Gates and ledger as one: what the first gives is the second's input. */
function site(settings: OccupancySettings = {}): Partition<GatesInput> {
  const gates = gatesPartition(venue, settings);
  const ledger = occupancyPartition(venue, settings);
  return {
    onBatch: (inputs) =>
      gates.onBatch(inputs).flatMap(({ subject, payload }) => {
        const kind = subject.startsWith('win.exits.') ? exitsKind : counterKind;
        return ledger.onBatch([kind.codec.decode(payload)]);
      }),
    snapshot() {
      const [a, b] = [gates.snapshot(), ledger.snapshot()];
      return new TextEncoder().encode(JSON.stringify([[...a], [...b]]));
    },
    restore(bytes) {
      const [a, b] = JSON.parse(new TextDecoder().decode(bytes)) as [number[], number[]];
      gates.restore(Uint8Array.from(a));
      ledger.restore(Uint8Array.from(b));
    },
  };
}

const entered = (epochMs: number, n: number, out = 0): GatesInput => ({
  kind: 'counts',
  event: { epochMs, at: gate, mode: 'delta', in: n, out, sinceMs: epochMs - 60_000 },
});
const access = (
  epochMs: number,
  door: string,
  action: 'locked' | 'unlocked' | 'granted',
  direction: 'in' | 'out' = 'out',
) => ({ kind: 'access', event: { epochMs, door, action, direction } }) as const;

const of = <T>(outputs: readonly Output[], start: string, decode: (bytes: Uint8Array) => T): T[] =>
  outputs.filter(({ subject }) => subject.startsWith(start)).map(({ payload }) => decode(payload));
const occupancies = (outputs: readonly Output[]) => of(outputs, 'win.occupancy.', occupancyKind.codec.decode);
const orders = (outputs: readonly Output[]) => of(outputs, 'warn.', stopTicketKind.codec.decode);
const texts = (outputs: readonly Output[]) =>
  outputs.map((o) => `${o.messageId} ${Buffer.from(o.payload).toString()}`);

describe('occupancy', () => {
  it('lowers the safe capacity in the very message that says an exit is locked, and raises it when it is open again', () => {
    const partition = site({ capacity: { emergencyMin: 2.5 } });
    const [before] = occupancies(partition.onBatch([entered(START, 50)]));
    const [locked] = occupancies(partition.onBatch([access(START + 1, exit, 'locked')]));
    const [open] = occupancies(partition.onBatch([access(START + 2, exit, 'unlocked')]));
    console.log(
      `safe capacity ${before.safeCapacity} -> ${locked.safeCapacity} with ${exit} locked (${locked.limitedBy})`,
    );
    expect(locked.safeCapacity).toBeLessThan(before.safeCapacity);
    expect(locked).toMatchObject({
      closedExits: [exit],
      end: before.end,
      revision: before.revision + 1,
      present: 50,
    });
    expect(open).toMatchObject({ closedExits: [], safeCapacity: before.safeCapacity });
  });

  it('closes an exit by a fence that is armed across it', () => {
    const partition = site({ fences: { [exit]: ['fence-x'] } });
    const fence = (state: 'armed' | 'disarmed'): GatesInput => ({
      kind: 'fence',
      event: { epochMs: START, fence: 'fence-x', state },
    });
    const all = occupancies(partition.onBatch([fence('armed'), fence('disarmed')]));
    expect(all.map(({ closedExits }) => closedExits)).toEqual([[exit], []]);
  });

  it('gives the order to stop tickets once at the approved number, through a flicker and a restart', () => {
    const settings = { approved: 100, stopOn: 'present' } as const;
    let partition = site(settings);
    const outputs: Output[] = [];
    const counts = [60, 39, 1, -1, 1, -1, 1, 5, -15, 10, -30, 40];
    counts.forEach((n, i) => {
      outputs.push(...partition.onBatch([entered(START + 1000 * i, Math.max(0, n), Math.max(0, -n))]));
      const next = site(settings);
      next.restore(partition.snapshot());
      partition = next;
    });
    expect(
      orders(outputs).map(({ state, present, epochMs }) => [state, present, (epochMs - START) / 1000]),
    ).toEqual([
      ['stopped', 100, 2],
      ['lifted', 90, 8],
      ['stopped', 100, 9],
      ['lifted', 70, 10],
      ['stopped', 110, 11],
    ]);
    expect(new Set(outputs.map(({ messageId }) => messageId)).size).toBe(outputs.length);
    expect(occupancies(outputs).map(({ stopTicket }) => stopTicket)[3]).toBe(true);
  });

  it('counts each ticket once, and publishes every correction with its reason', () => {
    const partition = site({ tickets: [gate] });
    const ticket = access(START, gate, 'granted', 'in');
    expect(
      occupancies(partition.onBatch([ticket, ticket, access(START + 1, gate, 'granted', 'in')])).at(-1),
    ).toMatchObject({
      present: 2,
    });
    const outputs = partition.onBatch([entered(START + 9, 2, 1_000_000)]);
    const [window] = of(outputs, 'win.gate.', gateKind.codec.decode);
    expect(window.corrections.map(({ reason }) => reason)).toEqual(['over-bound', 'negative']);
    expect(occupancies(outputs)[0].present).toBe(0);
  });

  it('gives the same bytes however the input is cut, and through a restart at any message', () => {
    const input = fc.oneof(
      fc.tuple(fc.nat(40), fc.nat(40), fc.nat(100_000)).map(([n, out, ms]) => entered(START + ms, n, out)),
      fc.nat(100_000).map((ms) => access(START + ms, exit, ms % 2 === 0 ? 'locked' : 'unlocked')),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 20 }), fc.nat(20), (inputs, cut) => {
        const settings = { approved: 60 };
        const straight = texts(site(settings).onBatch(inputs));
        const before = site(settings);
        const first = inputs.slice(0, cut).flatMap((one) => texts(before.onBatch([one])));
        const after = site(settings);
        after.restore(before.snapshot());
        expect([...first, ...texts(after.onBatch(inputs.slice(cut)))]).toEqual(straight);
        expect(new Set(straight.map((text) => text.split(' ')[0])).size).toBe(straight.length);
      }),
      { numRuns: 30 },
    );
  });

  it('reads devices, lanes, exits and room from the venue', () => {
    const model = siteOf(venue, {});
    expect(model.passages.map(({ id }) => id)).toContain(gate);
    expect(model.capacity.exits.map(({ id }) => id)).toEqual(venue.exits.map(({ id }) => id));
    expect(model.capacity.entryLanes).toBe(venue.gates.reduce((sum, { lanes = 0 }) => sum + lanes, 0));
  });
});
