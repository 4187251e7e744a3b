// What one camera knows of one person: the last detection of one of its own tracks, moved on to the present.

export interface Sighting {
  readonly camera: number;
  /** The camera's own track id. */
  readonly local: number;
  /** Event time of the last detection, ms. */
  seenMs: number;
  /** Frames the camera had delivered by then. */
  frame: number;
  /** Where the person should be now, m. */
  x: number;
  y: number;
  /** m/s; NaN: not known. */
  vx: number;
  vy: number;
  /** Variance of each coordinate, m2; grows while the person is not seen. */
  variance: number;
  /** Id of the person it was last taken for; 0: none yet. */
  person: number;
  /** True where that is only because it goes on where a missing track of the camera was: anybody's better claim counts. */
  guessed: boolean;
  /** A newer track of the same camera seems to go on with it: not counted unless it is seen again. */
  replaced: boolean;
}

const NUMBERS = 12;

/** Sightings as numbers, for a snapshot. */
export function flattenSightings(sightings: readonly Sighting[]): number[] {
  return sightings.flatMap((s) => [
    s.camera,
    s.local,
    s.seenMs,
    s.frame,
    s.x,
    s.y,
    s.vx,
    s.vy,
    s.variance,
    s.person,
    s.replaced ? 1 : 0,
    s.guessed ? 1 : 0,
  ]);
}

/** The inverse of flattenSightings; undefined when the length is not that of whole sightings. */
export function readSightings(flat: Float64Array): Sighting[] | undefined {
  if (flat.length % NUMBERS !== 0) return undefined;
  return Array.from({ length: flat.length / NUMBERS }, (_, i) => {
    const at = i * NUMBERS;
    return {
      camera: flat[at]!,
      local: flat[at + 1]!,
      seenMs: flat[at + 2]!,
      frame: flat[at + 3]!,
      x: flat[at + 4]!,
      y: flat[at + 5]!,
      vx: flat[at + 6]!,
      vy: flat[at + 7]!,
      variance: flat[at + 8]!,
      person: flat[at + 9]!,
      replaced: flat[at + 10] === 1,
      guessed: flat[at + 11] === 1,
    };
  });
}
