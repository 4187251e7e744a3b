// Overlapping views fused: obs.tracks in; fused.* frames (one per level and tick) and win.density-fused* out.
import type { Venue } from '#models/venue/index.ts';
import type { Partition, Processor } from '#processors/runtime/index.ts';
import { fusedSubject, fusedTickSubject } from '#streams/subjects.ts';
import { STREAM } from '#streams/topology.ts';
import type { TimeBounds } from '../shared/bounds.ts';
import { type TracksInput, tracksDecoder } from '../shared/input.ts';
import { tickedPartition } from '../shared/ticked.ts';
import { FUSION_BOUNDS, fusedWindows } from './config.ts';
import { COLUMNS, FusionKernel, type FusionSettings } from './kernel.ts';
import { fusionResults } from './results.ts';

export { FUSION_BOUNDS, fusedWindows, LEAST_OBSERVED } from './config.ts';
export type { FusionSettings } from './kernel.ts';
export * from './reading/index.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 2;
/** More persons than any zone holds; a larger figure is an error that shows. Means are exact to half of the quantum. */
const MOST_PERSONS = 2 ** 16;
const QUANTUM = 2 ** -6;
const MAX_SPEED = 2048;

/** One venue's fusion: frames in, fused frames and windows out. Pure. */
export function fusionPartition(
  venue: Venue,
  bounds: TimeBounds = FUSION_BOUNDS,
  settings: FusionSettings = {},
): Partition<TracksInput> {
  const kernel = new FusionKernel(venue, fusionResults(venue), settings);
  const mean = (column: string, maxAbs: number, quantum = QUANTUM) =>
    ({ kind: 'mean', column, maxAbs, quantum }) as const;
  return tickedPartition({
    name: 'fusion',
    venue,
    bounds,
    windows: fusedWindows(venue.tickMs),
    keys: kernel.keys,
    columns: COLUMNS,
    aggregates: {
      persons: mean('persons', MOST_PERSONS),
      'persons-max': { kind: 'max', column: 'persons' },
      seen: mean('seen', MOST_PERSONS),
      share: mean('share', 1, 2 ** -20),
      missed: mean('missed', 1024, 2 ** -12),
      speed: mean('speed', MAX_SPEED, 2 ** -10),
      ticks: { kind: 'count' },
    },
    kernel,
  });
}

/** The fusion processor of one venue. */
export function fusionProcessor(
  venue: Venue,
  bounds: TimeBounds = FUSION_BOUNDS,
  settings: FusionSettings = {},
): Processor<TracksInput> {
  const at = `${venue.org}.${venue.id}`;
  return {
    name: 'fusion',
    stateVersion: STATE_VERSION,
    input: { stream: STREAM.tracks, filters: [`obs.tracks.${at}.*`] },
    outputs: [
      ...fusedWindows(venue.tickMs).map(({ metric }) => `win.${metric}.${at}.*`),
      ...venue.levels.map(({ ordinal }) => fusedSubject(venue.org, venue.id, ordinal)),
      fusedTickSubject(venue.org, venue.id),
      `late.fusion.${at}.*`,
    ],
    decode: tracksDecoder(venue),
    create: () => fusionPartition(venue, bounds, settings),
  };
}
