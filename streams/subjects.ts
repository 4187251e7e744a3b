// Subjects: `<kind>.<org>.<venue>.<rest>`. Organisation and venue are tokens so that the server itself keeps units apart.
import { StreamsError } from './errors.ts';

export type ObservationKind = 'tracks' | 'counts' | 'access' | 'fence' | 'business' | 'faces' | 'health';

const TOKEN = /^[a-z0-9-]{1,64}$/;

/** True when `text` may be one token of a subject: 1 to 64 of `a-z`, `0-9` and `-`. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** `text` itself when it may be a token; throws `subject-invalid` naming what it was meant to be. */
export function token(text: string, what: string): string {
  if (isToken(text)) return text;
  throw new StreamsError(
    'subject-invalid',
    `${what} "${text}" cannot be a subject token`,
    'use 1 to 64 lower-case letters, digits and hyphens',
  );
}

/** Where an observation comes from. */
export interface SourceAddress {
  readonly org: string;
  readonly venue: string;
  readonly source: string;
}

/** The source name reserved for the venue's clock: frames that carry time and no observation. */
export const CLOCK_SOURCE = 'clock';

export function observationSubject(kind: ObservationKind, at: SourceAddress): string {
  return `obs.${kind}.${token(at.org, 'organisation')}.${token(at.venue, 'venue')}.${token(at.source, 'source')}`;
}

/** `win.<metric>.<org>.<venue>.<key>`: one window result of a zone, line or other key. */
export function windowSubject(metric: string, org: string, venue: string, key: string): string {
  return `win.${token(metric, 'metric')}.${token(org, 'organisation')}.${token(venue, 'venue')}.${token(key, 'key')}`;
}

/** `anom.<metric>.<org>.<venue>.<key>`: how unusual a series of a zone is, or the venue as a whole. */
export function anomalySubject(metric: string, org: string, venue: string, key: string): string {
  return `anom.${token(metric, 'metric')}.${token(org, 'organisation')}.${token(venue, 'venue')}.${token(key, 'key')}`;
}

/** `fcst.<metric>.<org>.<venue>.<key>`: what a zone's series, or the venue's, will be. */
export function forecastSubject(metric: string, org: string, venue: string, key: string): string {
  return `fcst.${token(metric, 'metric')}.${token(org, 'organisation')}.${token(venue, 'venue')}.${token(key, 'key')}`;
}

/** The token of a level's ordinal: `0`, `1`, `b1` for -1 (a minus sign first would read as an option in many tools). */
export function levelToken(ordinal: number): string {
  return ordinal < 0 ? `b${-ordinal}` : String(ordinal);
}

/** `grid.<org>.<venue>.<level>`: one heat-map raster of a level. */
export function gridSubject(org: string, venue: string, levelOrdinal: number): string {
  return `grid.${token(org, 'organisation')}.${token(venue, 'venue')}.${levelToken(levelOrdinal)}`;
}

/** `fused.<org>.<venue>.<level>`: the persons of a level after fusing overlapping views, as a tracks frame. */
export function fusedSubject(org: string, venue: string, levelOrdinal: number): string {
  return `fused.${token(org, 'organisation')}.${token(venue, 'venue')}.${levelToken(levelOrdinal)}`;
}

/** `fused.<org>.<venue>.tick`: that a tick of the fusion is complete, behind its frames. No level's token is a word. */
export function fusedTickSubject(org: string, venue: string): string {
  return `fused.${token(org, 'organisation')}.${token(venue, 'venue')}.tick`;
}

/** `fused.<org>.<venue>.clock`: the venue's clock frames, which the server copies beside fused persons. */
export function fusedClockSubject(org: string, venue: string): string {
  return `fused.${token(org, 'organisation')}.${token(venue, 'venue')}.${CLOCK_SOURCE}`;
}

/** `late.<metric>.<org>.<venue>.<source>`: a frame that came after its windows were closed for good. */
export function lateSubject(metric: string, at: SourceAddress): string {
  return `late.${token(metric, 'metric')}.${token(at.org, 'organisation')}.${token(at.venue, 'venue')}.${token(at.source, 'source')}`;
}

/** The address inside `obs.<kind>.<org>.<venue>.<source>`; throws `subject-invalid` for anything else. */
export function parseObservationSubject(subject: string): SourceAddress & { readonly kind: string } {
  const parts = subject.split('.');
  if (parts.length === 5 && parts[0] === 'obs' && parts.every(isToken)) {
    return { kind: parts[1]!, org: parts[2]!, venue: parts[3]!, source: parts[4]! };
  }
  throw new StreamsError(
    'subject-invalid',
    `"${subject}" is not an observation subject`,
    'publish to obs.<kind>.<org>.<venue>.<source>',
  );
}
