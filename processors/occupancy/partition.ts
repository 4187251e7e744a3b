// One venue's ledger: counters, exits and camera lines in stream order; the site, its passages and the stop-ticket order out.
// Pure: event time is the only clock.
import { map } from 'rxjs';
import { z } from 'zod';
import { OccupancyLedger, StopTicket, safeCapacity } from '#models/occupancy/index.ts';
import type { Venue } from '#models/venue/index.ts';
import { type Output, type Partition, rxPartition } from '#processors/runtime/index.ts';
import type { CounterWindow, GateWindow } from '#streams/schema/occupancy.ts';
import { gateKind, occupancyKind, stopTicketKind } from '#streams/schema/registry.ts';
import type { FlowWindow } from '#streams/schema/window.ts';
import { dayReader } from './day.ts';
import type { OccupancyInput } from './input.ts';
import { LineResults, type Passed } from './line-results.ts';
import { HOP_MS, type LastResult, Results, SITE_KEY } from './results.ts';
import { type OccupancySettings, siteOf } from './site.ts';

const DAY_STARTS_AT = '04:00';

const stateSchema = z.object({
  ledger: z.string(),
  lines: z.string(),
  nowMs: z.number(),
  last: z.array(z.custom<LastResult>()),
  taken: z.array(z.tuple([z.string(), z.number(), z.number()])),
  closed: z.array(z.string()),
  stopped: z.boolean(),
  orders: z.number(),
  corrections: z.number(),
  repeated: z.number(),
  day: z.string().nullable(),
  countedFromMs: z.number().nullable(),
  initialKnown: z.boolean(),
});

export function occupancyPartition(
  venue: Venue,
  settings: OccupancySettings = {},
): Partition<OccupancyInput> {
  const site = siteOf(venue, settings);
  const ledger = new OccupancyLedger(site.passages, settings.initial);
  const lines = new LineResults(site.passages.flatMap(({ id, line }) => (line ? [id] : [])));
  const results = new Results('occupancy', venue);
  const stop =
    settings.approved === undefined ? undefined : new StopTicket(settings.approved, settings.stopMargin);
  const stopOn = settings.stopOn ?? 'admitted';
  const dayOf = dayReader(venue.timeZone, settings.dayStartsAt ?? DAY_STARTS_AT);
  let orders = 0;
  let corrections = 0;
  /** Counter results that came again: taken once. */
  let repeated = 0;
  let taken = new Map<string, readonly [end: number, revision: number]>();
  let closed = new Set<string>();
  let day: string | null = null;
  let countedFromMs: number | null = null;
  let initialKnown = settings.initial !== undefined;

  /** The venue's time goes on; on a new day admissions are counted from nought. */
  function reach(epochMs: number): void {
    results.nowMs = Math.max(results.nowMs, epochMs);
    const today = dayOf(results.nowMs);
    if (today === day) return;
    if (day !== null) ledger.begin(results.nowMs, settings.emptyAtDayStart);
    if (day !== null && settings.emptyAtDayStart === true) initialKnown = true;
    day = today;
    countedFromMs = results.nowMs;
  }

  function gate(at: string, passed: Passed, outputs: Output[]): void {
    const { counter, in: totalIn, out: totalOut, unseen, comparison } = ledger.figures(at);
    const { completeness, silent } = lines.sight(at);
    const isLine = counter === 'line';
    let check: GateWindow['check'] = null;
    if (comparison !== null) {
      const { atMs, device, line, unseenMs } = comparison;
      check = isLine
        ? { counter: 'device', atMs, record: line, check: device, unseenMs }
        : { counter: 'line', atMs, record: device, check: line, unseenMs };
    }
    const value = {
      ...results.head(at),
      ...(isLine && { completeness, silent }),
      metric: 'gate' as const,
      ...passed,
      totalIn,
      totalOut,
      counter,
      unseen: { ms: unseen.ms, in: rounded(unseen.in), out: rounded(unseen.out) },
      check,
    };
    outputs.push(results.window(gateKind, value));
  }

  /** The number to be held against the approved one: on the safe side, those who may have come in unseen are among it. */
  function comparedNow(): { compared: number; unseenIn: number } {
    const unseenIn = settings.stopCountsUnseen === false ? 0 : Math.round(ledger.unseen(results.nowMs).in);
    const { initial, admitted, present } = ledger;
    return { compared: (stopOn === 'admitted' ? initial + admitted : present) + unseenIn, unseenIn };
  }

  function occupancy(outputs: Output[]): void {
    const { nowMs } = results;
    const { present, admitted, left, unexplained, initial } = ledger;
    const { safe, limitedBy, closed: shut, discounted, ...limits } = safeCapacity(site.capacity, closed);
    const unseen = ledger.unseen(nowMs);
    const { compared, unseenIn } = comparedNow();
    const change = stop?.update(compared);
    const ofRecord = site.passages.flatMap(({ id }) => (ledger.figures(id).counter === 'line' ? [id] : []));
    const value = {
      ...results.head(SITE_KEY),
      ...lines.sightOf(ofRecord),
      metric: 'occupancy' as const,
      present,
      admitted,
      left,
      unexplained,
      approved: stop?.approved ?? null,
      share: stop === undefined ? null : present / stop.approved,
      safeCapacity: safe,
      limitedBy,
      limits,
      closedExits: [...shut],
      discountedExit: discounted,
      stopTicket: stop?.stopped ?? false,
      initial,
      initialKnown,
      countedFromMs,
      blind: ledger.blind(nowMs),
      unseen: { ms: unseen.ms, in: rounded(unseen.in), out: rounded(unseen.out) },
      stopOn,
      compared: stop === undefined ? null : compared,
    };
    outputs.push(results.window(occupancyKind, value));
    if (change === undefined) return;
    const subject = `warn.${venue.org}.${venue.id}.stop-ticket`;
    const order = {
      type: 'stop-ticket',
      state: change.state,
      org: venue.org,
      venue: venue.id,
      epochMs: nowMs,
      present,
      admitted,
      approved: change.approved,
      stopOn,
      compared,
      unseenIn,
    } as const;
    const id = `${subject}|${++orders}|${nowMs}|${change.state}`;
    outputs.push(results.message(stopTicketKind, order, subject, id, nowMs));
  }

  /** True when what would be compared now changes the order: that is said at once, not at the end of the second. */
  function isStopDue(): boolean {
    if (stop === undefined) return false;
    const { compared } = comparedNow();
    return stop.stopped ? compared <= stop.clearAt : compared >= stop.stopAt;
  }

  function counter(window: CounterWindow, outputs: Output[]): void {
    const { key, end, revision, epochMs } = window;
    const before = taken.get(key);
    if (before !== undefined && (end < before[0] || (end === before[0] && revision <= before[1]))) {
      repeated++;
      return;
    }
    taken.set(key, [end, revision]);
    reach(epochMs);
    const entry = ledger.device({
      at: key,
      sinceMs: window.sinceMs,
      epochMs,
      in: window.in,
      out: window.out,
    });
    const all = [...window.corrections, ...entry.corrections];
    corrections += all.length;
    gate(key, { in: entry.in, out: entry.out, corrections: all }, outputs);
    occupancy(outputs);
  }

  function line(window: FlowWindow, outputs: Output[]): void {
    const { key, start, end, revision, count, completeness, silent } = window;
    reach(end - 1);
    const entry = ledger.line(key, { startMs: start, endMs: end, revision, counts: count });
    corrections += entry.corrections.length;
    const comparedMs = ledger.figures(key).comparison?.atMs ?? null;
    const known = count !== null;
    const isNews = lines.take(key, { entry, endMs: end, known, completeness, silent, comparedMs });
    // A line speaks several times a second, mostly of nobody: its passage is published once a second, where something changed.
    const second = Math.floor(end / HOP_MS) * HOP_MS;
    const isSecond = second > Math.floor(start / HOP_MS) * HOP_MS;
    if (isSecond && isNews) gate(key, lines.flush(key), outputs);
    if (isStopDue() || (isSecond && lines.isDue(second))) occupancy(outputs);
  }

  function take(input: OccupancyInput, outputs: Output[]): void {
    if (input.metric === 'counter') counter(input, outputs);
    else if (input.metric === 'flow') line(input, outputs);
    else {
      reach(input.epochMs);
      closed = new Set(input.closed);
      occupancy(outputs);
    }
  }

  return rxPartition<OccupancyInput>({
    pipeline: map((inputs) => {
      const outputs: Output[] = [];
      for (const input of inputs) take(input, outputs);
      return outputs;
    }),
    snapshot() {
      const { nowMs, last } = results.state;
      const state: z.infer<typeof stateSchema> = {
        ledger: ledger.snapshot(),
        lines: lines.snapshot(),
        nowMs,
        last: [...last],
        taken: [...taken].map(([key, [end, revision]]) => [key, end, revision]),
        closed: [...closed],
        stopped: stop?.stopped ?? false,
        orders,
        corrections,
        repeated,
        day,
        countedFromMs,
        initialKnown,
      };
      return new TextEncoder().encode(JSON.stringify(state));
    },
    restore(bytes) {
      const state = stateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
      ledger.restore(state.ledger);
      lines.restore(state.lines);
      results.restore(state);
      ({ orders, corrections, repeated, day, countedFromMs, initialKnown } = state);
      taken = new Map(state.taken.map(([key, end, revision]) => [key, [end, revision]]));
      closed = new Set(state.closed);
      if (stop !== undefined) stop.stopped = state.stopped;
    },
    figures: () => ({
      corrections_total: corrections,
      dropped_total: 0,
      repeated_total: repeated,
      keys: site.passages.length,
      blind_passages: ledger.blind(results.nowMs).length,
    }),
  });
}

/** Tenths of a person: more would feign what nobody saw. */
function rounded(persons: number): number {
  return Math.round(10 * persons) / 10;
}
