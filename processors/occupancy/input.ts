// Messages of gates, doors and fences as the ledger's input.
import type { RawMessage } from '#streams/consume.ts';
import { StreamsError } from '#streams/errors.ts';
import type { AccessEvent, CountsEvent, FenceEvent } from '#streams/schema/events.ts';
import { accessKind, countsKind, fenceKind } from '#streams/schema/registry.ts';
import { parseObservationSubject } from '#streams/subjects.ts';

export type OccupancyInput =
  | { readonly kind: 'counts'; readonly event: CountsEvent }
  | { readonly kind: 'access'; readonly event: AccessEvent }
  | { readonly kind: 'fence'; readonly event: FenceEvent };

/**
 * @param counts tells whether a device of that name counts persons
 * @throws StreamsError `payload-malformed` for what is not of its schema, `source-unknown` for counts of an unknown device
 */
export function decodeOccupancy(
  { subject, data }: RawMessage,
  counts: (device: string) => boolean,
): OccupancyInput {
  const { kind } = parseObservationSubject(subject);
  if (kind === 'access') return { kind, event: accessKind.codec.decode(data) };
  if (kind === 'fence') return { kind, event: fenceKind.codec.decode(data) };
  if (kind !== 'counts') {
    throw new StreamsError('subject-invalid', `"${subject}" is no gate, door or fence`, 'correct the filter');
  }
  const event = countsKind.codec.decode(data);
  if (counts(event.at)) return { kind, event };
  throw new StreamsError(
    'source-unknown',
    `the venue has no gate, exit or door "${event.at}"`,
    'add it to the venue, or correct the name the device sends',
  );
}
