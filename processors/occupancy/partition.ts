// One venue's ledger: events in stream order, a result after each. Pure: event time is the only clock.

import { map } from 'rxjs';
import { z } from 'zod';
import { OccupancyLedger, StopTicket, safeCapacity, type Taken } from '#models/occupancy/index.ts';
import type { Venue } from '#models/venue/index.ts';
import { type Output, type Partition, rxPartition } from '#processors/runtime/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import {
  eventType,
  gateKind,
  type MessageKind,
  occupancyKind,
  stopTicketKind,
} from '#streams/schema/registry.ts';
import type { WindowHead } from '#streams/schema/window.ts';
import { windowSubject } from '#streams/subjects.ts';
import type { OccupancyInput } from './input.ts';
import { type OccupancySettings, siteOf } from './site.ts';

/** Key of the venue as a whole. */
export const SITE_KEY = 'site';
/** Results name the second their event is in. */
const HOP_MS = 1_000;
/** Accesses remembered, so that a ticket sent twice counts once. */
const ACCESSES_KEPT = 4_096;

const stateSchema = z.object({
  ledger: z.string(),
  nowMs: z.number(),
  revisions: z.array(z.tuple([z.string(), z.number(), z.number()])),
  locked: z.array(z.string()),
  armed: z.array(z.string()),
  stopped: z.boolean(),
  orders: z.number(),
  accesses: z.array(z.string()),
  corrections: z.number(),
});

export function occupancyPartition(
  venue: Venue,
  settings: OccupancySettings = {},
): Partition<OccupancyInput> {
  const site = siteOf(venue, settings);
  const ledger = new OccupancyLedger(site.devices, settings.initial);
  const stop = settings.approved === undefined ? undefined : new StopTicket(settings.approved);
  const tickets = new Set(settings.tickets);
  const level = venue.levels[0]?.ordinal ?? 0;
  const passages = [...venue.gates, ...venue.exits, ...venue.doors];
  const levelOf = new Map(passages.map((passage) => [passage.id, passage.level]));
  let nowMs = 0;
  let orders = 0;
  let corrections = 0;
  let revisions = new Map<string, { end: number; revision: number }>();
  let locked = new Set<string>();
  let armed = new Set<string>();
  let accesses = new Set<string>();

  /** The head of the next result of a key: the second that the venue's time is in; later events of it revise. */
  function headOf(key: string): WindowHead {
    const end = (Math.floor(nowMs / HOP_MS) + 1) * HOP_MS;
    const before = revisions.get(key);
    const revision = before?.end === end ? before.revision + 1 : 0;
    revisions.set(key, { end, revision });
    return {
      org: venue.org,
      venue: venue.id,
      key,
      level: levelOf.get(key) ?? level,
      start: end - HOP_MS,
      end,
      hopMs: HOP_MS,
      revision,
      completeness: null,
      silent: [],
    };
  }

  function output<T>(kind: MessageKind<T>, value: T, subject: string, id: string, epochMs: number): Output {
    return {
      subject,
      messageId: id,
      payload: kind.codec.encode(value),
      headers: cloudEventHeaders({
        id,
        source: '/processors/occupancy',
        type: eventType(kind),
        epochMs,
        dataSchema: kind.name,
      }),
    };
  }

  function result<T extends WindowHead>(kind: MessageKind<T>, metric: string, value: T): Output {
    const subject = windowSubject(metric, venue.org, venue.id, value.key);
    return output(kind, value, subject, `${subject}|${HOP_MS}|${value.end}|${value.revision}`, value.end);
  }

  function count(at: string, taken: Taken, outputs: Output[]): void {
    corrections += taken.corrections.length;
    const totals = ledger.totals(at);
    outputs.push(
      result(gateKind, 'gate', {
        ...headOf(at),
        metric: 'gate',
        in: taken.in,
        out: taken.out,
        totalIn: totals.in,
        totalOut: totals.out,
        corrections: taken.corrections.map(({ device: _, ...correction }) => correction),
      }),
    );
  }

  /** Locked: nobody gets out. Every other change of a door's state says that it can be passed, or says nothing of it. */
  function door({ event }: Extract<OccupancyInput, { kind: 'access' }>): void {
    if (!site.exitsOfDoor.has(event.door)) return;
    if (event.action === 'locked') locked.add(event.door);
    if (['unlocked', 'opened', 'forced', 'held-open'].includes(event.action)) locked.delete(event.door);
  }

  function ticket({ event }: Extract<OccupancyInput, { kind: 'access' }>, outputs: Output[]): void {
    const { door: at, action, direction, epochMs, holder } = event;
    if (action !== 'granted' || direction === 'unknown' || !tickets.has(at) || !ledger.has(at)) return;
    const id = `${at}|${epochMs}|${direction}|${holder ?? ''}`;
    if (accesses.has(id)) return;
    accesses.add(id);
    if (accesses.size > ACCESSES_KEPT) accesses.delete(accesses.values().next().value!);
    const one = { in: direction === 'in' ? 1 : 0, out: direction === 'out' ? 1 : 0 };
    count(at, ledger.add(at, epochMs, one), outputs);
  }

  function closedExits(): Set<string> {
    const closed = new Set<string>();
    for (const id of locked) for (const exit of site.exitsOfDoor.get(id) ?? []) closed.add(exit);
    for (const id of armed) for (const exit of site.exitsOfFence.get(id) ?? []) closed.add(exit);
    return closed;
  }

  function occupancy(outputs: Output[]): void {
    const { present, admitted, left, unexplained } = ledger;
    const { safe, limitedBy, closed, discounted, ...limits } = safeCapacity(site.capacity, closedExits());
    const change = stop?.update(present);
    outputs.push(
      result(occupancyKind, 'occupancy', {
        ...headOf(SITE_KEY),
        metric: 'occupancy',
        present,
        admitted,
        left,
        unexplained,
        approved: stop?.approved ?? null,
        share: stop === undefined ? null : present / stop.approved,
        safeCapacity: safe,
        limitedBy,
        limits,
        closedExits: [...closed],
        discountedExit: discounted,
        stopTicket: stop?.stopped ?? false,
      }),
    );
    if (change === undefined) return;
    const subject = `warn.${venue.org}.${venue.id}.stop-ticket`;
    const { state, approved } = change;
    const order = {
      type: 'stop-ticket',
      state,
      org: venue.org,
      venue: venue.id,
      epochMs: nowMs,
      present,
      admitted,
      approved,
    } as const;
    outputs.push(output(stopTicketKind, order, subject, `${subject}|${++orders}|${nowMs}|${state}`, nowMs));
  }

  function take(input: OccupancyInput, outputs: Output[]): void {
    nowMs = Math.max(nowMs, input.event.epochMs);
    if (input.kind === 'counts') count(input.event.at, ledger.take(input.event), outputs);
    else if (input.kind === 'access') {
      door(input);
      ticket(input, outputs);
    } else if (site.exitsOfFence.has(input.event.fence)) {
      if (input.event.state === 'armed') armed.add(input.event.fence);
      if (input.event.state === 'disarmed') armed.delete(input.event.fence);
    }
    occupancy(outputs);
  }

  return rxPartition<OccupancyInput>({
    pipeline: map((inputs) => {
      const outputs: Output[] = [];
      for (const input of inputs) take(input, outputs);
      return outputs;
    }),
    snapshot() {
      const state: z.infer<typeof stateSchema> = {
        ledger: ledger.snapshot(),
        nowMs,
        revisions: [...revisions].map(([key, { end, revision }]) => [key, end, revision]),
        locked: [...locked],
        armed: [...armed],
        stopped: stop?.stopped ?? false,
        orders,
        accesses: [...accesses],
        corrections,
      };
      return new TextEncoder().encode(JSON.stringify(state));
    },
    restore(bytes) {
      const state = stateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
      ledger.restore(state.ledger);
      ({ nowMs, orders, corrections } = state);
      revisions = new Map(state.revisions.map(([key, end, revision]) => [key, { end, revision }]));
      locked = new Set(state.locked);
      armed = new Set(state.armed);
      accesses = new Set(state.accesses);
      if (stop !== undefined) stop.stopped = state.stopped;
    },
    figures: () => ({ corrections_total: corrections, dropped_total: 0, keys: site.devices.length }),
  });
}
