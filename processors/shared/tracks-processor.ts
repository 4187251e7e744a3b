// The wiring that processors of sliding windows over obs.tracks have in common.
import type { Venue } from '#models/venue/index.ts';
import type { Partition, Processor } from '#processors/runtime/index.ts';
import { STREAM } from '#streams/topology.ts';
import { type TracksInput, tracksDecoder } from './input.ts';

export interface TracksProcessorParts {
  /** Also the second token of its late messages. */
  readonly name: string;
  readonly stateVersion: number;
  readonly windows: readonly { readonly metric: string }[];
  create(): Partition<TracksInput>;
}

/** Frames of a venue's cameras in; `win.<metric>` of each window and `late.<name>` out. */
export function tracksProcessor(
  venue: Venue,
  { name, stateVersion, windows, create }: TracksProcessorParts,
): Processor<TracksInput> {
  const at = `${venue.org}.${venue.id}`;
  return {
    name,
    stateVersion,
    input: { stream: STREAM.tracks, filters: [`obs.tracks.${at}.*`] },
    outputs: [...windows.map(({ metric }) => `win.${metric}.${at}.*`), `late.${name}.${at}.*`],
    decode: tracksDecoder(venue),
    create,
  };
}
