// The programme of a venue's events among its results: obs.business in, win.programme out.
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import type { BusinessEvent } from '#streams/schema/events.ts';
import { businessKind } from '#streams/schema/registry.ts';
import { STREAM } from '#streams/topology.ts';
import { programmePartition } from './partition.ts';

export { type KnownEvent, withRecord } from './fold.ts';
export { programmePartition } from './partition.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;

/** The programme processor of one venue. */
export function programmeProcessor(venue: Venue): Processor<BusinessEvent> {
  const at = `${venue.org}.${venue.id}`;
  return {
    name: 'programme',
    stateVersion: STATE_VERSION,
    input: { stream: STREAM.events, filters: [`obs.business.${at}.*`] },
    outputs: [`win.programme.${at}.*`],
    decode: ({ data }) => businessKind.codec.decode(data),
    create: () => programmePartition(venue),
  };
}
