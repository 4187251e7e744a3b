// Anomaly scores of a venue: live density windows in, anom.* out, every 10 s of event time.
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { decodeDensity, densityInput } from '../shared/density-input.ts';
import { type AnomalyOptions, anomalyPartition } from './partition.ts';

export { type AnomalyOptions, anomalyPartition, type PhaseSpan, SLOT_MS } from './partition.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;

/** The anomaly processor of one venue. It reads results of the density processor, from the oldest that is stored. */
export function anomalyProcessor(venue: Venue, options: AnomalyOptions = {}): Processor<DensityWindow> {
  return {
    name: 'anomaly',
    stateVersion: STATE_VERSION,
    input: densityInput(venue),
    outputs: [`anom.*.${venue.org}.${venue.id}.*`],
    decode: decodeDensity,
    create: () => anomalyPartition(venue, options),
  };
}
