// The occupancy ledger of a venue: obs.counts, obs.access and obs.fence in; win.occupancy, win.gate and the stop-ticket order out.
import { OccupancyLedger } from '#models/occupancy/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import { STREAM } from '#streams/topology.ts';
import { decodeOccupancy, type OccupancyInput } from './input.ts';
import { occupancyPartition } from './partition.ts';
import { type OccupancySettings, siteOf } from './site.ts';

export { countedZones, type DriftInput, driftPartition, driftProcessor } from './drift.ts';
export type { OccupancyInput } from './input.ts';
export { occupancyPartition, SITE_KEY } from './partition.ts';
export { type OccupancySettings, type Site, siteOf } from './site.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;

/** The occupancy processor of one venue. */
export function occupancyProcessor(
  venue: Venue,
  settings: OccupancySettings = {},
): Processor<OccupancyInput> {
  const at = `${venue.org}.${venue.id}`;
  const known = new OccupancyLedger(siteOf(venue, settings).devices);
  return {
    name: 'occupancy',
    stateVersion: STATE_VERSION,
    input: {
      stream: STREAM.events,
      filters: [`obs.counts.${at}.*`, `obs.access.${at}.*`, `obs.fence.${at}.*`],
    },
    outputs: [`win.occupancy.${at}.*`, `win.gate.${at}.*`, `warn.${at}.stop-ticket`],
    decode: (message) => decodeOccupancy(message, (device) => known.has(device)),
    create: () => occupancyPartition(venue, settings),
  };
}
