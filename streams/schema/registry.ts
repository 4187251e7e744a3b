// The one table of messages, joined from the families in kinds/. A new kind goes into the file of its family, golden bytes
// beside it (TIDEWATCH_GOLDEN=write); a new family is one file there, one line of re-export here and one line of the table.
import { StreamsError } from '../errors.ts';
import { ANOMALY_KINDS } from './kinds/anomaly.ts';
import { DENSITY_KINDS } from './kinds/density.ts';
import { DWELL_KINDS } from './kinds/dwell.ts';
import { EVENT_KINDS } from './kinds/events.ts';
import { FORECAST_KINDS } from './kinds/forecast.ts';
import type { AnyMessageKind } from './kinds/kind.ts';
import { MOTION_KINDS } from './kinds/motion.ts';
import { OCCUPANCY_KINDS } from './kinds/occupancy.ts';
import { PROGRAMME_KINDS } from './kinds/programme.ts';
import { SCENE_KINDS } from './kinds/scene.ts';
import { TRACKS_KINDS } from './kinds/tracks.ts';

export * from './kinds/anomaly.ts';
export * from './kinds/density.ts';
export * from './kinds/dwell.ts';
export * from './kinds/events.ts';
export * from './kinds/forecast.ts';
export { type AnyMessageKind, eventType, type MessageKind } from './kinds/kind.ts';
export * from './kinds/motion.ts';
export * from './kinds/occupancy.ts';
export * from './kinds/programme.ts';
export * from './kinds/scene.ts';
export * from './kinds/tracks.ts';

/** Every kind of message there is a schema for. The first whose address matches a subject is the subject's kind. */
export const MESSAGE_KINDS: readonly AnyMessageKind[] = [
  ...TRACKS_KINDS,
  ...EVENT_KINDS,
  ...ANOMALY_KINDS,
  ...FORECAST_KINDS,
  ...DENSITY_KINDS,
  ...MOTION_KINDS,
  ...DWELL_KINDS,
  ...SCENE_KINDS,
  ...OCCUPANCY_KINDS,
  ...PROGRAMME_KINDS,
];

/**
 * The kind of the message on `subject`.
 * @throws StreamsError `subject-invalid` when there is no schema for it
 */
export function kindOfSubject(subject: string): AnyMessageKind {
  const kind = MESSAGE_KINDS.find(({ address }) => matchesAddress(address, subject));
  if (kind !== undefined) return kind;
  throw new StreamsError('subject-invalid', `no schema for "${subject}"`, 'see streams/schema/kinds/');
}

/** `{name}` stands for any token; `density{window}` for one that begins so. */
function matchesAddress(address: string, subject: string): boolean {
  const want = address.split('.');
  const have = subject.split('.');
  const matches = (part: string, i: number) => {
    const parameter = part.indexOf('{');
    return parameter < 0 ? part === have[i] : have[i]!.startsWith(part.slice(0, parameter));
  };
  return want.length === have.length && want.every(matches);
}
