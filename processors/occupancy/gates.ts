// What turnstiles, doors, ticket checks and fences say, as persons and as exits that are closed: obs.counts, obs.access and
// obs.fence in; win.counter and win.exits out, where the ledger finds them in one order with the camera lines.
import { map } from 'rxjs';
import { z } from 'zod';
import { type Counted, GateCounters } from '#models/occupancy/index.ts';
import type { Venue } from '#models/venue/index.ts';
import { type Output, type Partition, type Processor, rxPartition } from '#processors/runtime/index.ts';
import { counterKind, exitsKind } from '#streams/schema/registry.ts';
import { STREAM } from '#streams/topology.ts';
import { decodeGates, type GatesInput } from './input.ts';
import { type LastResult, Results, SITE_KEY } from './results.ts';
import { type OccupancySettings, siteOf } from './site.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;
/** Accesses remembered, so that a ticket sent twice counts once. */
const ACCESSES_KEPT = 4_096;

const stateSchema = z.object({
  counters: z.string(),
  nowMs: z.number(),
  last: z.array(z.custom<LastResult>()),
  locked: z.array(z.string()),
  armed: z.array(z.string()),
  accesses: z.array(z.string()),
  corrections: z.number(),
});

export function gatesPartition(venue: Venue, settings: OccupancySettings = {}): Partition<GatesInput> {
  const site = siteOf(venue, settings);
  const counters = new GateCounters(site.passages);
  const results = new Results('gates', venue);
  const tickets = new Set(settings.tickets);
  let corrections = 0;
  let locked = new Set<string>();
  let armed = new Set<string>();
  let accesses = new Set<string>();

  function count(at: string, epochMs: number, counted: Counted, outputs: Output[]): void {
    corrections += counted.corrections.length;
    const totals = counters.totals(at);
    const value = {
      ...results.head(at),
      metric: 'counter' as const,
      epochMs,
      sinceMs: counted.sinceMs,
      in: counted.in,
      out: counted.out,
      totalIn: totals.in,
      totalOut: totals.out,
      corrections: [...counted.corrections],
    };
    outputs.push(results.window(counterKind, value));
  }

  function ticket({ event }: Extract<GatesInput, { kind: 'access' }>, outputs: Output[]): void {
    const { door: at, action, direction, epochMs, holder } = event;
    if (action !== 'granted' || direction === 'unknown' || !tickets.has(at) || !counters.has(at)) return;
    const id = `${at}|${epochMs}|${direction}|${holder ?? ''}`;
    if (accesses.has(id)) return;
    accesses.add(id);
    if (accesses.size > ACCESSES_KEPT) accesses.delete(accesses.values().next().value!);
    const one = { in: direction === 'in' ? 1 : 0, out: direction === 'out' ? 1 : 0 };
    count(at, epochMs, counters.add(at, epochMs, one), outputs);
  }

  function exits(epochMs: number, outputs: Output[]): void {
    const closed = new Set<string>();
    for (const id of locked) for (const exit of site.exitsOfDoor.get(id) ?? []) closed.add(exit);
    for (const id of armed) for (const exit of site.exitsOfFence.get(id) ?? []) closed.add(exit);
    const value = {
      ...results.head(SITE_KEY),
      metric: 'exits' as const,
      epochMs,
      closed: [...closed].sort(),
    };
    outputs.push(results.window(exitsKind, value));
  }

  /** Locked: nobody gets out. Every other change of a door's state says that it can be passed, or says nothing of it. */
  function door({ event }: Extract<GatesInput, { kind: 'access' }>, outputs: Output[]): void {
    if (!site.exitsOfDoor.has(event.door)) return;
    if (event.action === 'locked') locked.add(event.door);
    else if (['unlocked', 'opened', 'forced', 'held-open'].includes(event.action)) locked.delete(event.door);
    else return;
    exits(event.epochMs, outputs);
  }

  function fence({ event }: Extract<GatesInput, { kind: 'fence' }>, outputs: Output[]): void {
    if (!site.exitsOfFence.has(event.fence)) return;
    if (event.state === 'armed') armed.add(event.fence);
    else if (event.state === 'disarmed') armed.delete(event.fence);
    else return;
    exits(event.epochMs, outputs);
  }

  function take(input: GatesInput, outputs: Output[]): void {
    results.nowMs = Math.max(results.nowMs, input.event.epochMs);
    if (input.kind === 'counts')
      count(input.event.at, input.event.epochMs, counters.take(input.event), outputs);
    else if (input.kind === 'access') {
      door(input, outputs);
      ticket(input, outputs);
    } else fence(input, outputs);
  }

  return rxPartition<GatesInput>({
    pipeline: map((inputs) => {
      const outputs: Output[] = [];
      for (const input of inputs) take(input, outputs);
      return outputs;
    }),
    snapshot() {
      const { nowMs, last } = results.state;
      const state: z.infer<typeof stateSchema> = {
        counters: counters.snapshot(),
        nowMs,
        last: [...last],
        locked: [...locked],
        armed: [...armed],
        accesses: [...accesses],
        corrections,
      };
      return new TextEncoder().encode(JSON.stringify(state));
    },
    restore(bytes) {
      const state = stateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
      counters.restore(state.counters);
      results.restore(state);
      locked = new Set(state.locked);
      armed = new Set(state.armed);
      accesses = new Set(state.accesses);
      corrections = state.corrections;
    },
    figures: () => ({ corrections_total: corrections, dropped_total: 0, keys: site.passages.length }),
  });
}

/** The gates processor of one venue. */
export function gatesProcessor(venue: Venue, settings: OccupancySettings = {}): Processor<GatesInput> {
  const at = `${venue.org}.${venue.id}`;
  const known = new GateCounters(siteOf(venue, settings).passages);
  return {
    name: 'gates',
    stateVersion: STATE_VERSION,
    input: {
      stream: STREAM.events,
      filters: [`obs.counts.${at}.*`, `obs.access.${at}.*`, `obs.fence.${at}.*`],
    },
    outputs: [`win.counter.${at}.*`, `win.exits.${at}.*`],
    decode: (message) => decodeGates(message, (device) => known.has(device)),
    create: () => gatesPartition(venue, settings),
  };
}
