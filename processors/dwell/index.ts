// How long people stay in each zone, and who loiters, as sliding windows: obs.tracks in, win.dwell* out.
import type { Venue } from '#models/venue/index.ts';
import type { Partition, Processor } from '#processors/runtime/index.ts';
import type { TimeBounds } from '../shared/bounds.ts';
import type { TracksInput } from '../shared/input.ts';
import { tickedPartition } from '../shared/ticked.ts';
import { tracksProcessor } from '../shared/tracks-processor.ts';
import {
  DEFAULT_DWELL,
  DWELL_BOUNDS,
  type DwellSettings,
  dwellWindows,
  LEAST_STAY_S,
  MAX_STAY_S,
  STAY_ACCURACY,
} from './config.ts';
import { COLUMNS, DwellKernel } from './kernel.ts';
import { dwellResults } from './results.ts';

export { DEFAULT_DWELL, DWELL_BOUNDS, type DwellSettings, dwellWindows } from './config.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;
/** Means of stays are exact to half of this, s. */
const STAY_QUANTUM = 2 ** -5;

/** One venue's dwell: frames in, results out. Pure. */
export function dwellPartition(
  venue: Venue,
  bounds: TimeBounds = DWELL_BOUNDS,
  settings: DwellSettings = DEFAULT_DWELL,
): Partition<TracksInput> {
  const windows = dwellWindows(venue.tickMs);
  const kernel = new DwellKernel(venue, settings, dwellResults(venue, windows, settings));
  return tickedPartition({
    name: 'dwell',
    venue,
    bounds,
    windows,
    keys: kernel.keys,
    columns: COLUMNS,
    aggregates: {
      present: { kind: 'mean', column: 'present', quantum: 1, maxAbs: 2 ** 20 },
      presentMax: { kind: 'max', column: 'present' },
      loiterersMax: { kind: 'max', column: 'loiterers' },
      stays: { kind: 'count', column: 'stay' },
      vanished: { kind: 'sum', column: 'vanished', quantum: 1, maxAbs: 1 },
      stay: { kind: 'mean', column: 'stay', quantum: STAY_QUANTUM, maxAbs: MAX_STAY_S },
      stayMax: { kind: 'max', column: 'stay' },
      stayOf: {
        kind: 'quantile',
        column: 'stay',
        quantiles: [0.5, 0.95],
        min: LEAST_STAY_S,
        max: MAX_STAY_S,
        relativeAccuracy: STAY_ACCURACY,
      },
    },
    kernel,
  });
}

/** The dwell processor of one venue. */
export function dwellProcessor(
  venue: Venue,
  bounds: TimeBounds = DWELL_BOUNDS,
  settings: DwellSettings = DEFAULT_DWELL,
): Processor<TracksInput> {
  return tracksProcessor(venue, {
    name: 'dwell',
    stateVersion: STATE_VERSION,
    windows: dwellWindows(venue.tickMs),
    create: () => dwellPartition(venue, bounds, settings),
  });
}
