// A tracks message as a processor's input: which registered source sent it, and its frame.
import type { Venue } from '#models/venue/index.ts';
import type { RawMessage } from '#streams/consume.ts';
import { StreamsError } from '#streams/errors.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { CLOCK_SOURCE, observationSubject } from '#streams/subjects.ts';

export interface TracksInput {
  /** Index of the camera in the venue's list; the number of cameras for the clock. */
  readonly source: number;
  /** A tracks frame that has been checked; valid as long as the batch it came in. */
  readonly payload: Uint8Array;
}

/**
 * The decoder of a venue's tracks. It throws StreamsError `frame-malformed` for bytes that are no frame and
 * `source-unknown` for a source or level that the venue does not have: such input goes to quarantine.
 */
export function tracksDecoder(
  venue: Pick<Venue, 'org' | 'id' | 'cameras'>,
): (message: RawMessage) => TracksInput {
  const sources = new Map<string, number>();
  const subjectOf = (source: string): string =>
    observationSubject('tracks', { org: venue.org, venue: venue.id, source });
  for (const [index, camera] of venue.cameras.entries()) sources.set(subjectOf(camera.id), index);
  const clock = venue.cameras.length;
  sources.set(subjectOf(CLOCK_SOURCE), clock);

  const frame = new TracksReader();
  return (message) => {
    const source = sources.get(message.subject);
    if (source === undefined) {
      throw new StreamsError(
        'source-unknown',
        `venue ${venue.org}/${venue.id} has no camera that sends "${message.subject}"`,
        "add the camera to the venue, or correct the sender's name",
      );
    }
    frame.read(message.data);
    if (frame.clock !== (source === clock)) {
      throw new StreamsError(
        'frame-malformed',
        frame.clock ? 'a camera sent a clock frame' : 'the clock sent a camera frame',
        `send clock frames as source "${CLOCK_SOURCE}", and nothing else there`,
      );
    }
    const camera = venue.cameras[source];
    if (camera !== undefined && frame.level !== camera.level) {
      throw new StreamsError(
        'source-unknown',
        `camera ${camera.id} is on level ${camera.level}, and its frame says level ${frame.level}`,
        "correct the camera's level in the venue, or the sender",
      );
    }
    return { source, payload: message.data };
  };
}
