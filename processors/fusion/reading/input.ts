// A message of the FUSED stream as a processor's input.
import type { Venue } from '#models/venue/index.ts';
import type { RawMessage } from '#streams/consume.ts';
import { StreamsError } from '#streams/errors.ts';
import type { FusedTick } from '#streams/schema/fused.ts';
import { fusedTickKind } from '#streams/schema/registry.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { fusedClockSubject, fusedSubject, fusedTickSubject } from '#streams/subjects.ts';

export type FusedInput =
  /** Everyone on one level; a checked tracks frame, valid as long as the batch it came in. */
  | {
      readonly kind: 'persons';
      readonly level: number;
      readonly epochMs: number;
      readonly count: number;
      readonly payload: Uint8Array;
    }
  /** A tick is complete. */
  | { readonly kind: 'tick'; readonly tick: FusedTick }
  /** The venue's clock, which goes on when fusion does not. */
  | { readonly kind: 'clock'; readonly epochMs: number };

type FusedVenue = Pick<Venue, 'org' | 'id' | 'tickMs' | 'levels' | 'cameras'>;

/** The subjects of a venue that FUSED holds. */
export function fusedFilters({ org, id, levels }: FusedVenue): string[] {
  return [
    ...levels.map(({ ordinal }) => fusedSubject(org, id, ordinal)),
    fusedTickSubject(org, id),
    fusedClockSubject(org, id),
  ];
}

/**
 * The decoder of a venue's fused persons. It throws StreamsError `frame-malformed` and `payload-malformed` for what is no such
 * message, `source-unknown` for a level, camera or tick that the venue does not have: such input goes to quarantine.
 */
export function fusedDecoder(venue: FusedVenue): (message: RawMessage) => FusedInput {
  const { org, id, tickMs } = venue;
  const levels = new Map(venue.levels.map(({ ordinal }) => [fusedSubject(org, id, ordinal), ordinal]));
  const cameras = new Set(venue.cameras.map((camera) => camera.id));
  const [tickSubject, clockSubject] = [fusedTickSubject(org, id), fusedClockSubject(org, id)];
  const frame = new TracksReader();
  return ({ subject, data }) => {
    if (subject === tickSubject) return { kind: 'tick', tick: checked(fusedTickKind.codec.decode(data)) };
    const level = levels.get(subject);
    if (level === undefined && subject !== clockSubject)
      throw unknown(`nothing of venue ${org}/${id} is fused as "${subject}"`);
    frame.read(data);
    const { epochMs, count, clock } = frame;
    if (clock !== (level === undefined)) {
      throw new StreamsError(
        'frame-malformed',
        clock ? `a clock frame came on "${subject}"` : 'the clock sent persons',
        'send clock frames on the clock subject, and nothing else there',
      );
    }
    if (level === undefined) return { kind: 'clock', epochMs };
    if (frame.level !== level) throw unknown(`a frame of level ${frame.level} came on "${subject}"`);
    return { kind: 'persons', level, epochMs, count, payload: data };
  };

  function checked(tick: FusedTick): FusedTick {
    const { start, end, frames } = tick;
    if (end - start !== tickMs || end % tickMs !== 0)
      throw unknown(`a tick from ${start} to ${end} is none of this venue's, of ${tickMs} ms`);
    for (const [camera, times] of Object.entries(frames)) {
      if (!cameras.has(camera)) throw unknown(`venue ${org}/${id} has no camera "${camera}"`);
      if (times.some((time, i) => time < start || time >= end || (i > 0 && time <= times[i - 1]!)))
        throw unknown(`frames of ${camera} at ${times.join(', ')} do not lie in order in ${start} to ${end}`);
    }
    return tick;
  }
}

function unknown(message: string): StreamsError {
  return new StreamsError(
    'source-unknown',
    message,
    'run fusion and its readers on the same version of the venue',
  );
}
