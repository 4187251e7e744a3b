// The occupancy processor: what counters counted, which exits are closed and what camera lines saw in; win.occupancy, win.gate and
// the stop-ticket order out.
import { OccupancyLedger } from '#models/occupancy/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import { STREAM } from '#streams/topology.ts';
import { decodeOccupancy, type OccupancyInput } from './input.ts';
import { occupancyPartition } from './partition.ts';
import { type OccupancySettings, siteOf } from './site.ts';

/** Raised when a snapshot of before cannot be restored. Version 1 read OBS_EVENTS. */
const STATE_VERSION = 2;

/** The occupancy processor of one venue. */
export function occupancyProcessor(
  venue: Venue,
  settings: OccupancySettings = {},
): Processor<OccupancyInput> {
  const at = `${venue.org}.${venue.id}`;
  const { passages } = siteOf(venue, settings);
  const known = new OccupancyLedger(passages);
  return {
    name: 'occupancy',
    stateVersion: STATE_VERSION,
    input: {
      stream: STREAM.derived,
      filters: [
        `win.counter.${at}.*`,
        `win.exits.${at}.*`,
        // Tumbling windows of one tick; the longer ones overlap. Lines that are no gate or exit are not read.
        ...passages
          .filter(({ line }) => line)
          .map(({ id }) => `win.${settings.lines ?? 'flow'}-now.${at}.${id}`),
      ],
    },
    outputs: [`win.occupancy.${at}.*`, `win.gate.${at}.*`, `warn.${at}.stop-ticket`],
    decode: (message) => decodeOccupancy(message, (id, line) => (line ? known.hasLine(id) : known.has(id))),
    create: () => occupancyPartition(venue, settings),
  };
}
