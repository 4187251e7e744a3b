// When each sign rings, and where: frames of any venue through the real density, flow and pressure partitions. Thresholds are the
// cited defaults; how long a sign must hold, and how many must be packed, was chosen on development seeds (see the tables' files).
import { crowdDefaults } from '#models/crowd/index.ts';
import type { Venue } from '#models/venue/index.ts';
import { densityPartition } from '#processors/density/index.ts';
import { flowPartition } from '#processors/flow/index.ts';
import { DEFAULT_PRESSURE, pressurePartition } from '#processors/pressure/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { TracksInput } from '#processors/shared/input.ts';
import { densityKind, flowKind, pressureKind } from '#streams/schema/registry.ts';
import type { PressureWindow } from '#streams/schema/window.ts';

/** Orange: the density alarm that a sign should come before. Default of moving areas, p/m2. */
export const DENSITY_ALARM = 5;
/** A sign that flickers must hold for so long before it is an alarm, ms. */
const HOLD_MS = 10_000;
/** Persons in packed cells from which a zone is packed. Development seeds: 98 at most where nothing was wrong. */
const PACKED = 150;
/** Share of persons against each other. Noise of a standing crowd makes 0.05 to 0.2. */
const OPPOSING = 0.3;
/** Before the density gate: half-way to both ways in balance. */
const COUNTERFLOW = 0.5;
const TURBULENT = crowdDefaults.turbulencePressure.value;

export const SIGNS = [
  'density',
  'local density',
  'packing',
  'surge',
  'stop-and-go',
  'turbulence',
  'oscillation',
  'counterflow',
  'surge, no gate',
  'turbulence, no gate',
  'counterflow, no gate',
] as const;
export type Sign = (typeof SIGNS)[number];

/** A sign that began to ring at a zone or line. It rings once for each stretch in which it holds. */
export interface Ring {
  readonly sign: Sign;
  readonly key: string;
  readonly atMs: number;
}

type Test<T> = readonly [sign: Sign, holdMs: number, on: (window: T) => boolean];

const PRESSURE: readonly Test<PressureWindow>[] = [
  ['local density', HOLD_MS, ({ packed }) => (packed?.fullest ?? 0) >= DENSITY_ALARM],
  ['packing', HOLD_MS, ({ packed }) => (packed?.persons.mean ?? 0) >= PACKED],
  ['surge', 0, ({ packed }) => (packed?.common ?? 0) > TURBULENT],
  ['turbulence', HOLD_MS, ({ packed }) => (packed?.pressure ?? 0) > TURBULENT],
  ['counterflow', HOLD_MS, ({ packed }) => (packed?.opposing ?? 0) > OPPOSING],
  ['surge, no gate', 0, ({ pressure }) => (pressure?.window ?? 0) > TURBULENT],
  ['turbulence, no gate', HOLD_MS, ({ pressure }) => (pressure?.mean ?? 0) > TURBULENT],
  ['counterflow, no gate', HOLD_MS, ({ counterflow }) => (counterflow ?? 0) > COUNTERFLOW],
];

/**
 * @param noiseVariance that cameras add to a velocity, both axes together, m2/s2
 * @returns all rings in order of time
 */
export function ringsOf(venue: Venue, inputs: readonly TracksInput[], noiseVariance: number): Ring[] {
  const options = { ...DEFAULT_PRESSURE, noiseVariance };
  const density = densityPartition(venue).onBatch(inputs);
  const flow = flowPartition(venue).onBatch(inputs);
  const pressure = pressurePartition(venue, undefined, options).onBatch(inputs);
  return [
    ...rings(density, 'density', densityKind.codec.decode, [
      ['density', 0, (w) => (w.density?.mean ?? 0) >= DENSITY_ALARM],
    ]),
    ...rings(flow, 'flow-30s', flowKind.codec.decode, [['stop-and-go', 0, (w) => w.stopAndGo === true]]),
    ...rings(pressure, 'pressure', pressureKind.codec.decode, PRESSURE),
    ...rings(pressure, 'pressure-60s', pressureKind.codec.decode, [
      ['oscillation', 0, (w) => w.oscillation?.state === 'oscillating'],
    ]),
  ].sort((a, b) => a.atMs - b.atMs);
}

function rings<T extends { readonly key: string; readonly end: number }>(
  outputs: readonly Output[],
  metric: string,
  decode: (payload: Uint8Array) => T,
  tests: readonly Test<T>[],
): Ring[] {
  const found: Ring[] = [];
  /** By sign and key, since when it holds; Infinity once it has rung. */
  const since = new Map<string, number>();
  for (const { subject, payload } of outputs) {
    if (!subject.startsWith(`win.${metric}.`)) continue;
    const window = decode(payload);
    for (const [sign, holdMs, on] of tests) {
      const name = `${sign} ${window.key}`;
      if (!on(window)) {
        since.delete(name);
        continue;
      }
      const from = since.get(name) ?? window.end;
      const rung = window.end - from >= holdMs;
      if (rung) found.push({ sign, key: window.key, atMs: window.end });
      since.set(name, rung ? Number.POSITIVE_INFINITY : from);
    }
  }
  return found;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A figure for a table and for JSON; "none" where there is none. */
export function figure(value: number): number | string {
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 'none';
}
