// The chosen venue and level in the page's address, so that a wall can be bookmarked and comes back after a restart.
import { isToken } from '#streams/subjects.ts';
import type { Selection, VenueEntry } from '../feed/messages.ts';

/** The selection in `?venue=<org>.<venue>&level=<ordinal>`; null where it is absent or malformed. */
export function selectionFromQuery(query: string): Selection | null {
  const parameters = new URLSearchParams(query);
  const [org, venue, ...rest] = (parameters.get('venue') ?? '').split('.');
  if (org === undefined || venue === undefined || rest.length > 0 || !isToken(org) || !isToken(venue))
    return null;
  const level = Number(parameters.get('level') ?? '0');
  return { org, venue, level: Number.isInteger(level) ? level : 0 };
}

/** The query that selectionFromQuery reads back, keeping other parameters of `query`. */
export function queryWith(query: string, { org, venue, level }: Selection): string {
  const parameters = new URLSearchParams(query);
  parameters.set('venue', `${org}.${venue}`);
  parameters.set('level', String(level));
  return `?${parameters}`;
}

/** What a wall shows that was told nothing: the venue with the most zones, its ground level. */
export function defaultSelection(venues: readonly VenueEntry[]): Selection | null {
  const [first] = [...venues].sort((a, b) => b.zones - a.zones || (keyOf(a) < keyOf(b) ? -1 : 1));
  return first === undefined ? null : { org: first.org, venue: first.id, level: nearestLevel(first, 0) };
}

/** `level` where the venue has it, else the one nearest to the ground. */
export function nearestLevel(venue: VenueEntry, level: number): number {
  const ordinals = venue.levels.map((entry) => entry.ordinal);
  if (ordinals.includes(level) || ordinals.length === 0) return level;
  return ordinals.reduce((best, ordinal) => (Math.abs(ordinal) < Math.abs(best) ? ordinal : best));
}

function keyOf(entry: VenueEntry): string {
  return `${entry.org}.${entry.id}`;
}
