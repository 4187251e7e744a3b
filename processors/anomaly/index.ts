// Anomaly scores of a venue: density, flow and the events' programme in, anom.* out, every minute of event time.
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import { STREAM } from '#streams/topology.ts';
import { type AnomalyInput, anomalyFilters, decodeAnomalyInput } from './input.ts';
import { type AnomalyOptions, anomalyPartition } from './partition.ts';

export type { AnomalyInput } from './input.ts';
export { type AnomalyOptions, anomalyPartition } from './partition.ts';
export { SLOT_MS } from './series.ts';

/** Raised when a snapshot of before cannot be restored. 2: a value per minute, and what events were like. */
const STATE_VERSION = 2;

/** The anomaly processor of one venue. It reads results of other processors, from the oldest that is stored. */
export function anomalyProcessor(venue: Venue, options: AnomalyOptions = {}): Processor<AnomalyInput> {
  return {
    name: 'anomaly',
    stateVersion: STATE_VERSION,
    input: { stream: STREAM.derived, filters: anomalyFilters(venue) },
    outputs: ['count', 'speed', 'health', 'inflow', 'outflow', 'joint'].map(
      (metric) => `anom.${metric}.${venue.org}.${venue.id}.*`,
    ),
    decode: decodeAnomalyInput,
    create: () => anomalyPartition(venue, options),
    // Version 1 learned from values of ten seconds: learning begins again where the input was left.
    migrate: () => new Uint8Array(0),
  };
}
