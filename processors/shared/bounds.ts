// Bounds of time and order that processors are given.

export interface TimeBounds {
  /** How far out of order frames may arrive without being late, ms. It delays every result by as much. */
  readonly disorderMs: number;
  /** How long after a tick closed a frame still corrects results, ms. */
  readonly latenessMs: number;
  /** Event time by which a camera may lag before it is no longer awaited, ms. */
  readonly idleMs: number;
  /** Frames further ahead of the venue's time are rejected, ms. */
  readonly futureMs: number;
}
