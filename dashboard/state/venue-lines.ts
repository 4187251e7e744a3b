// The lines of a venue that flow is counted over, by the keys of its results.
import type { Names, Venue } from '#models/venue/types.ts';

export interface VenueLine {
  /** The passage's id; of a stair `<id>-lower` and `<id>-upper`. */
  readonly key: string;
  readonly name: Names;
  readonly level: number;
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
}

/** Gates, exits and edges, then both ends of stairs. */
export function venueLines(venue: Venue): VenueLine[] {
  return [
    ...[...venue.gates, ...venue.exits, ...(venue.edges ?? [])].map(({ id, name, level, a, b }) => ({
      key: id,
      name,
      level,
      a,
      b,
    })),
    ...(venue.stairs ?? []).flatMap(({ id, name, level, toLevel, a, b, toA, toB }) => [
      { key: `${id}-lower`, name, level, a, b },
      { key: `${id}-upper`, name, level: toLevel, a: toA, b: toB },
    ]),
  ];
}
