// A density window as a processor's input.
import type { Venue } from '#models/venue/index.ts';
import type { RawMessage } from '#streams/consume.ts';
import { densityKind } from '#streams/schema/registry.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { STREAM } from '#streams/topology.ts';
import { createOwnership } from '../density/zones.ts';

/** The live windows of a venue (5 s long, every second) in the stream of results. */
export function densityInput(venue: Pick<Venue, 'org' | 'id'>): {
  readonly stream: string;
  readonly filters: readonly string[];
} {
  return { stream: STREAM.derived, filters: [`win.density.${venue.org}.${venue.id}.*`] };
}

/** @throws StreamsError `payload-malformed` for bytes that are no density window */
export function decodeDensity(message: RawMessage): DensityWindow {
  return densityKind.codec.decode(message.data);
}

/** Ids of the zones that some camera sees, in the venue's order: of the others nothing can ever be known. */
export function watchedZones(venue: Venue): readonly string[] {
  const watched = new Set(
    venue.levels.flatMap(({ ordinal }) => {
      const ownership = createOwnership(venue, ordinal);
      return venue.zones.filter((zone) => zone.level === ordinal && ownership.covering(zone).length > 0);
    }),
  );
  return venue.zones.filter((zone) => watched.has(zone)).map(({ id }) => id);
}
