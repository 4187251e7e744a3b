// Density per zone as sliding windows, and per level as a raster: obs.tracks in, win.density* and grid out.
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import { STREAM } from '#streams/topology.ts';
import { type TracksInput, tracksDecoder } from '../shared/input.ts';
import { DEFAULT_BOUNDS, densityWindows, type TimeBounds } from './config.ts';
import { densityPartition } from './partition.ts';

export { DEFAULT_BOUNDS, densityWindows, NOW_METRIC, type TimeBounds } from './config.ts';
export { densityPartition } from './partition.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;

/** The density processor of one venue. */
export function densityProcessor(venue: Venue, bounds: TimeBounds = DEFAULT_BOUNDS): Processor<TracksInput> {
  const at = `${venue.org}.${venue.id}`;
  return {
    name: 'density',
    stateVersion: STATE_VERSION,
    input: {
      stream: STREAM.tracks,
      filters: [`obs.tracks.${at}.*`],
    },
    outputs: [
      ...densityWindows(venue.tickMs).map(({ metric }) => `win.${metric}.${at}.*`),
      `grid.${at}.*`,
      `late.density.${at}.*`,
    ],
    decode: tracksDecoder(venue),
    create: () => densityPartition(venue, bounds),
  };
}
