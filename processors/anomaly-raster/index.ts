// Unusual places of a venue: rasters and the events' programme in, anom.raster out, one judgement per level and ten seconds of
// event time.
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import { StreamsError } from '#streams/errors.ts';
import { decodeGrid } from '#streams/schema/grid.ts';
import { programmeKind } from '#streams/schema/registry.ts';
import { STREAM } from '#streams/topology.ts';
import { type RasterAnomalyInput, type RasterAnomalyOptions, rasterAnomalyPartition } from './partition.ts';

export {
  type RasterAnomalyInput,
  type RasterAnomalyOptions,
  type RasterInput,
  rasterAnomalyPartition,
} from './partition.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;

/** The raster anomaly processor of one venue. It reads rasters of the density processor, from the oldest that is stored. */
export function rasterAnomalyProcessor(
  venue: Venue,
  options: RasterAnomalyOptions = {},
): Processor<RasterAnomalyInput> {
  const at = `${venue.org}.${venue.id}`;
  const levels = new Set(venue.levels.map(({ ordinal }) => ordinal));
  return {
    name: 'anomaly-raster',
    stateVersion: STATE_VERSION,
    input: { stream: STREAM.grid, filters: [`grid.${at}.*`, `win.programme.${at}.*`] },
    outputs: [`anom.raster.${at}.*`],
    decode({ subject, data }) {
      if (subject.startsWith('win.programme.')) return programmeKind.codec.decode(data);
      const { level, revision } = decodeGrid(data);
      if (levels.has(level)) return { level, revision, payload: data.slice() };
      throw new StreamsError(
        'frame-malformed',
        `grid frame of level ${level}, which ${venue.id} does not have`,
        `send one of ${[...levels].join(', ')}, or store the venue with that level`,
      );
    },
    create: () => rasterAnomalyPartition(venue, options),
  };
}
