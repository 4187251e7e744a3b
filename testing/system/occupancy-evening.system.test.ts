// A short evening at the demo stadium, from empty to empty: persons present by the ledger, which only has camera lines, against the
// simulator's truth, with clean and with noisy cameras, by the lines of single cameras and by those of fused persons.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseVenue, type Venue } from '#models/venue/index.ts';
import { flowPartition, fusedFlowPartition } from '#processors/flow/index.ts';
import { fusedDecoder, fusionPartition } from '#processors/fusion/index.ts';
import {
  type OccupancySettings,
  occupancyPartition,
  occupancyProcessor,
} from '#processors/occupancy/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { occupancyKind, stopTicketKind } from '#streams/schema/registry.ts';
import { encodeTracks } from '#streams/schema/tracks.ts';
import type { FlowWindow } from '#streams/schema/window.ts';
import {
  DEFAULT_NOISE,
  NO_NOISE,
  type NoiseModel,
  simulateObservations,
} from '#streams/sources/simulator/index.ts';
import { CLOCK_SOURCE, parseObservationSubject } from '#streams/subjects.ts';
import { subjectMatches } from '#streams/topology.ts';

const START_MS = Date.parse('2026-07-25T06:00:00Z');
const file = path.join(import.meta.dirname, '../../venues/harbour-stadium.geojson');
const ATTENDANCE = 450;
const APPROVED = 300;
const SCHEDULE = {
  ingress: 150,
  'first-half': 110,
  'half-time': 10,
  'second-half': 30,
  egress: 270,
  pause: 30,
};

interface Evening {
  /** Persons by the ledger and in truth at the end of each second, and the greatest numbers admitted and present. */
  readonly seconds: readonly { readonly ledger: number; readonly truth: number; readonly admitted: number }[];
  readonly left: number;
  /** What the lines counted up to the last second. */
  readonly crossed: { readonly in: number; readonly out: number };
  readonly unexplained: number;
  readonly blindMost: number;
  readonly orders: readonly { readonly compared: number | null; readonly truth: number }[];
}

type Lines = NonNullable<OccupancySettings['lines']>;

/** The windows of lines that follow from each frame. */
function counting(venue: Venue, lines: Lines): (source: number, payload: Uint8Array) => readonly Output[] {
  if (lines === 'flow') {
    const flow = flowPartition(venue);
    return (source, payload) => flow.onBatch([{ source, payload }]);
  }
  const [fusion, flow, decode] = [fusionPartition(venue), fusedFlowPartition(venue), fusedDecoder(venue)];
  return (source, payload) => {
    const persons = fusion
      .onBatch([{ source, payload }])
      .filter(({ subject }) => subject.startsWith('fused.'))
      .map(({ subject, payload: data }) => decode({ subject, data }));
    return flow.onBatch(persons);
  };
}

async function evening(noise: NoiseModel, lines: Lines): Promise<Evening> {
  const venue = parseVenue(JSON.parse(readFileSync(file, 'utf8')));
  const sources = new Map([...venue.cameras.map(({ id }) => id), CLOCK_SOURCE].map((id, k) => [id, k]));
  const settings = { approved: APPROVED, lines };
  const count = counting(venue, lines);
  const { input, decode } = occupancyProcessor(venue, settings);
  const ledger = occupancyPartition(venue, settings);
  const run = simulateObservations({
    venue,
    seed: 3,
    startMs: START_MS,
    durationS: Object.values(SCHEDULE).reduce((a, b) => a + b, 0),
    schedule: SCHEDULE,
    attendance: ATTENDANCE,
    present: 0,
    speed: Number.POSITIVE_INFINITY,
    clock: { now: () => START_MS, sleep: () => Promise.resolve() },
    noise,
    // Every camera reports whom it sees, as real ones do.
    ...(lines === 'flow-fused' && { reportedBy: 'every' as const }),
  });
  const inside = (epochMs: number): number => {
    const { zones, inStairs } = run.truth.at(epochMs)!;
    const behind = Object.entries(zones).filter(([id]) => /^(concourse|stand|pitch)/.test(id));
    return behind.reduce((sum, [, { count }]) => sum + count, inStairs);
  };
  const seconds: { ledger: number; truth: number; admitted: number }[] = [];
  const orders: { compared: number | null; truth: number }[] = [];
  const windows: FlowWindow[] = [];
  let [left, unexplained, blindMost] = [0, 0, 0];
  for await (const { subject, frame } of run) {
    const source = sources.get(parseObservationSubject(subject).source)!;
    for (const output of count(source, encodeTracks(frame))) {
      if (!input.filters.some((filter) => subjectMatches(filter, output.subject))) continue;
      const window = decode({ subject: output.subject, data: output.payload } as Parameters<
        typeof decode
      >[0]);
      if (window.metric === 'flow') windows.push(window);
      for (const result of ledger.onBatch([window])) {
        if (result.subject.startsWith('warn.')) {
          const { compared, epochMs } = stopTicketKind.codec.decode(result.payload);
          orders.push({ compared, truth: inside(epochMs + 1) });
        }
        if (!result.subject.startsWith('win.occupancy.')) continue;
        const site = occupancyKind.codec.decode(result.payload);
        seconds.push({ ledger: site.present, truth: inside(site.end), admitted: site.admitted });
        ({ left, unexplained } = site);
        if (seconds.length > 5) blindMost = Math.max(blindMost, site.blind.length);
      }
    }
  }
  const upTo = START_MS + 1000 * Math.floor((windows.at(-1)!.end - START_MS) / 1000);
  const sum = (way: 'in' | 'out'): number =>
    windows.reduce((n, { end, count }) => n + (end <= upTo ? (count?.[way] ?? 0) : 0), 0);
  return { seconds, crossed: { in: sum('in'), out: sum('out') }, left, unexplained, blindMost, orders };
}

// Bounds: what lines of the flow processor miss. The ledger adds nothing to it.
const CASES = [
  { name: 'clean cameras', noise: NO_NOISE, lines: 'flow', share: 0.05 },
  { name: 'noisy cameras', noise: DEFAULT_NOISE, lines: 'flow', share: 0.1 },
  { name: 'noisy cameras, fused', noise: DEFAULT_NOISE, lines: 'flow-fused', share: 0.05 },
] as const;

it.each(CASES)(
  '$name: an evening by lines alone',
  { timeout: 240_000 },
  async ({ name, noise, lines, share }) => {
    const { seconds, crossed, left, unexplained, blindMost, orders } = await evening(noise, lines);
    const peak = Math.max(...seconds.map(({ truth }) => truth));
    const errors = seconds.map(({ ledger, truth }) => ledger - truth);
    const worst = errors.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    const last = seconds.at(-1)!;
    console.log(
      `${name}: ${seconds.length} s, at most ${peak} persons inside; error of persons present at worst ${worst} ` +
        `(${((100 * worst) / peak).toFixed(1)} % of the most), at the end ${last.ledger - last.truth}; ${last.admitted} admitted, ` +
        `${left} left, ${unexplained} unexplained; stop at ${JSON.stringify(orders)}`,
    );
    expect(peak).toBeGreaterThan(300);
    expect([last.admitted, left, unexplained]).toEqual([crossed.in, crossed.out, 0]);
    expect(Math.abs(worst)).toBeLessThanOrEqual(share * peak);
    expect(blindMost).toBe(0);
    expect(orders.length).toBe(1);
    expect(orders[0]!.compared).toBeLessThan(APPROVED + 5);
    expect(Math.abs(orders[0]!.truth - APPROVED)).toBeLessThanOrEqual(share * APPROVED);
  },
);
