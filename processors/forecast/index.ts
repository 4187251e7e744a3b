// Forecasts of a venue: live density windows in, fcst.count out, every minute of event time.
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { decodeDensity, densityInput } from '../shared/density-input.ts';
import { forecastPartition } from './partition.ts';

export { forecastPartition, HORIZONS_MS, STEP_MS } from './partition.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;

/** The forecast processor of one venue: `fcst.count.*` per zone, `fcst.count-all.<org>.<venue>.venue` for all zones. */
export function forecastProcessor(venue: Venue): Processor<DensityWindow> {
  return {
    name: 'forecast',
    stateVersion: STATE_VERSION,
    input: densityInput(venue),
    outputs: [`fcst.*.${venue.org}.${venue.id}.*`],
    decode: decodeDensity,
    create: () => forecastPartition(venue),
  };
}
