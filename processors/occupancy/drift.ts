// Gates against cameras: win.occupancy, win.gate and win.density in, win.drift out once a minute. Where the two drift apart,
// the device whose flow goes along with the drift is named; where a passage has two counters, which of them the zones contradict.
import { map } from 'rxjs';
import { z } from 'zod';
import { intersectPolygons, polygonArea } from '#models/geometry/index.ts';
import { Reconciliation } from '#models/occupancy/index.ts';
import type { Venue, Zone } from '#models/venue/index.ts';
import { type Output, type Partition, type Processor, rxPartition } from '#processors/runtime/index.ts';
import type { DriftWindow, GateWindow, OccupancyWindow } from '#streams/schema/occupancy.ts';
import { densityKind, driftKind, gateKind, occupancyKind } from '#streams/schema/registry.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { STREAM } from '#streams/topology.ts';
import { createOwnership } from '../density/zones.ts';
import { Results, SITE_KEY } from './results.ts';

export type DriftInput = OccupancyWindow | GateWindow | DensityWindow;

/** Distance of balances, ms: longer than the walk from a gate into the first zone counted. */
const STEP_MS = 60_000;
/** Two hours of balances. */
const STEPS = 120;
/** Zones that share more than this are not both counted, m2. */
const OVERLAP_M2 = 1;

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 2;

const excess = z.object({ in: z.number(), out: z.number() }).nullable();
const counter = z.enum(['device', 'line']);
const balanceSchema = z.object({
  epochMs: z.number(),
  gates: z.number(),
  zones: z.number(),
  entered: z.array(z.number()),
  left: z.array(z.number()),
  excess: z.array(excess),
});
const stateSchema = z.object({
  balances: z.array(balanceSchema),
  present: z.number().nullable(),
  totals: z.array(z.tuple([z.number(), z.number()])),
  excess: z.array(excess),
  counters: z.array(counter),
  endMs: z.number().nullable(),
  counts: z.array(z.tuple([z.string(), z.number()])),
  stepMs: z.number().nullable(),
});

/** Ids of zones that cameras see and that count nobody twice: the first of the venue's list of those that overlap. */
export function countedZones(venue: Venue): readonly string[] {
  const chosen: Zone[] = [];
  for (const { ordinal } of venue.levels) {
    const ownership = createOwnership(venue, ordinal);
    for (const zone of venue.zones) {
      if (zone.level !== ordinal || ownership.covering(zone).length === 0) continue;
      const shared = chosen
        .filter(({ level }) => level === ordinal)
        .some(
          (one) =>
            intersectPolygons(one.area, zone.area).reduce((sum, a) => sum + polygonArea(a), 0) > OVERLAP_M2,
        );
      if (!shared) chosen.push(zone);
    }
  }
  return chosen.map(({ id }) => id);
}

export function driftPartition(
  venue: Venue,
  zones: readonly string[] = countedZones(venue),
): Partition<DriftInput> {
  const devices = [...venue.gates, ...venue.exits, ...venue.doors].map(({ id }) => id);
  const wanted = new Set(zones);
  const reconciliation = new Reconciliation(STEPS);
  let present: number | null = null;
  let totals = devices.map((): [number, number] => [0, 0]);
  /** What the counter of record has counted more than its check, and which counter that is; by device. */
  let excesses = devices.map((): z.infer<typeof excess> => null);
  let counters = devices.map((): z.infer<typeof counter> => 'device');
  const results = new Results('drift', venue);
  let endMs: number | null = null;
  let counts = new Map<string, number>();
  let stepMs: number | null = null;

  function density({ key, end, revision, count }: DensityWindow, outputs: Output[]): void {
    // A correction comes after its balance has been struck; an older window likewise.
    if (!wanted.has(key) || revision > 0 || (endMs !== null && end < endMs)) return;
    if (end !== endMs) {
      endMs = end;
      counts = new Map();
    }
    if (count !== null) counts.set(key, count.mean);
    // Unknown is not zero: a minute in which some zone is never known has no balance.
    if (counts.size < wanted.size || present === null) return;
    const step = Math.floor(end / STEP_MS) * STEP_MS;
    if (stepMs !== null && step <= stepMs) return;
    stepMs = step;
    outputs.push(balance(end, present));
  }

  function balance(end: number, gates: number): Output {
    let counted = 0;
    for (const zone of zones) counted += counts.get(zone)!;
    const entered = totals.map(([n]) => n);
    const left = totals.map(([, n]) => n);
    const { culprit, residual, perHour, checks } = reconciliation.add({
      epochMs: end,
      gates,
      zones: counted,
      entered,
      left,
      excess: [...excesses],
    });
    const value: DriftWindow = {
      metric: 'drift',
      org: venue.org,
      venue: venue.id,
      key: SITE_KEY,
      level: venue.levels[0]?.ordinal ?? 0,
      start: end - STEP_MS,
      end,
      hopMs: STEP_MS,
      revision: 0,
      completeness: null,
      silent: [],
      gates,
      zones: counted,
      residual,
      perHour,
      culprit: culprit === null ? null : { ...culprit, device: devices[culprit.device]! },
      checks: checks.map(({ device, ...check }) => ({
        ...check,
        device: devices[device]!,
        counter: counters[device]!,
      })),
    };
    return results.window(driftKind, value);
  }

  function gate(device: number, { totalIn, totalOut, counter: kind, check }: GateWindow): void {
    totals[device] = [totalIn, totalOut];
    counters[device] = kind;
    if (check === null) return;
    const { record, check: other } = check;
    excesses[device] = { in: record.in - other.in, out: record.out - other.out };
  }

  function take(input: DriftInput, outputs: Output[]): void {
    if (input.metric === 'density') density(input, outputs);
    else if (input.metric === 'occupancy') present = input.present;
    else {
      const device = devices.indexOf(input.key);
      if (device >= 0) gate(device, input);
    }
  }

  return rxPartition<DriftInput>({
    pipeline: map((inputs) => {
      const outputs: Output[] = [];
      for (const input of inputs) take(input, outputs);
      return outputs;
    }),
    snapshot() {
      const { balances } = reconciliation;
      const written = balances.map((b) => ({
        ...b,
        entered: [...b.entered],
        left: [...b.left],
        excess: [...(b.excess ?? [])],
      }));
      const state: z.infer<typeof stateSchema> = {
        balances: written,
        present,
        totals,
        excess: excesses,
        counters,
        endMs,
        counts: [...counts],
        stepMs,
      };
      return new TextEncoder().encode(JSON.stringify(state));
    },
    restore(bytes) {
      const state = stateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
      reconciliation.balances = state.balances;
      ({ present, totals, counters, endMs, stepMs, excess: excesses } = state);
      counts = new Map(state.counts);
    },
  });
}

/** The drift processor of one venue. */
export function driftProcessor(venue: Venue): Processor<DriftInput> {
  const at = `${venue.org}.${venue.id}`;
  return {
    name: 'drift',
    stateVersion: STATE_VERSION,
    input: {
      stream: STREAM.derived,
      filters: [`win.occupancy.${at}.*`, `win.gate.${at}.*`, `win.density.${at}.*`],
    },
    outputs: [`win.drift.${at}.*`],
    decode({ subject, data }) {
      if (subject.startsWith('win.occupancy.')) return occupancyKind.codec.decode(data);
      return subject.startsWith('win.gate.') ? gateKind.codec.decode(data) : densityKind.codec.decode(data);
    },
    create: () => driftPartition(venue),
    migrate(snapshot) {
      // Version 1 knew no second counters.
      const state = JSON.parse(new TextDecoder().decode(snapshot));
      const excess = [...venue.gates, ...venue.exits, ...venue.doors].map(() => null);
      const counters = excess.map(() => 'device');
      const balances = z.array(z.looseObject({})).parse(state.balances);
      const next = { ...state, excess, counters, balances: balances.map((one) => ({ ...one, excess })) };
      return new TextEncoder().encode(JSON.stringify(stateSchema.parse(next)));
    },
  };
}
