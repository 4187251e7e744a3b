// Persons crossing a line: PedPy's first crossings and N-t for recordings, signed crossings for live flow.
import { distanceToSegment, type Segment, segmentsIntersect, sideOf } from '#models/geometry/index.ts';
import { MeasureError } from './errors.ts';
import { type Trajectories, tracksOf } from './trajectories.ts';

/** A crossing completed at `frame`. */
export type Crossing = { readonly id: number; readonly frame: number };

/** Distance in metres under which a movement counts as ending on the line. PedPy 1.3: 1e-5. */
export const onLineTolerance = 1e-5;

/**
 * First crossing of each person, ordered by frame, then id, as PedPy counts them:
 * - a movement of one frame that touches the line counts, unless it ends on it; one that starts on it counts;
 * - the movement must span exactly one frame: nothing is inferred across a gap in the track;
 * - the movement into the last frame of a track is not looked at.
 */
export function firstCrossings(t: Trajectories, line: Segment, tolerance = onLineTolerance): Crossing[] {
  const out: Crossing[] = [];
  for (const track of tracksOf(t)) {
    for (let k = 1; k + 1 < track.length; k++) {
      const [a, b] = [track[k - 1], track[k]];
      if (t.frame[b] - t.frame[a] !== 1) continue;
      if (!segmentsIntersect(line, t.x[a], t.y[a], t.x[b], t.y[b])) continue;
      if (distanceToSegment(line, t.x[b], t.y[b]) < tolerance) continue;
      out.push({ id: t.id[b], frame: t.frame[b] });
      break;
    }
  }
  return out.sort((p, q) => p.frame - q.frame || p.id - q.id);
}

/** Cumulative persons over the line for every frame from first to last. */
export function cumulativeCrossings(
  crossings: readonly Crossing[],
  firstFrame: number,
  lastFrame: number,
): Int32Array {
  const n = new Int32Array(lastFrame - firstFrame + 1);
  for (const { frame } of crossings) {
    if (frame < firstFrame || frame > lastFrame)
      throw new MeasureError(`crossing at frame ${frame} is outside ${firstFrame}..${lastFrame}`);
    n[frame - firstFrame]++;
  }
  for (let i = 1; i < n.length; i++) n[i] += n[i - 1];
  return n;
}

/**
 * Sign of one movement over a directed line a->b: +1 from its right to its left, -1 the other way, 0 for none.
 * A position exactly on the line belongs to its left, so a person who stops on the line and goes on is counted once,
 * and one who touches it and turns back nets to zero. Reversing the movement or the line flips the sign.
 * Exact for any input (orientation predicates).
 */
export function crossingSign(line: Segment, px: number, py: number, qx: number, qy: number): -1 | 0 | 1 {
  const before = sideOf(line, px, py) >= 0;
  const after = sideOf(line, qx, qy) >= 0;
  if (before === after) return 0;
  // does the path pass between the ends? Looked at from its lexicographically lower end, so that a path
  // exactly through an end is judged the same in both directions.
  const forward = px < qx || (px === qx && py <= qy);
  const path: Segment = forward ? { ax: px, ay: py, bx: qx, by: qy } : { ax: qx, ay: qy, bx: px, by: py };
  if (sideOf(path, line.ax, line.ay) >= 0 === sideOf(path, line.bx, line.by) >= 0) return 0;
  return after ? 1 : -1;
}

/** Flow over a line in one window. */
export type LineFlow = {
  /** persons right to left of the line, and left to right */
  readonly forward: number;
  readonly backward: number;
  /** (forward - backward) / duration, 1/s */
  readonly net: number;
  /** net over the line's length, 1/(m s) */
  readonly specific: number;
};

/** Flow J = dN/dt of signed crossings counted over `seconds`. @throws MeasureError for a duration not above 0 */
export function lineFlow(forward: number, backward: number, seconds: number, line: Segment): LineFlow {
  if (!(seconds > 0)) throw new MeasureError(`flow needs a duration above 0 s, got ${seconds}`);
  const net = (forward - backward) / seconds;
  const length = Math.hypot(line.bx - line.ax, line.by - line.ay);
  return { forward, backward, net, specific: net / length };
}

/** Flow of one interval of a recording, which ends when its last person crosses. */
export type IntervalFlow = {
  readonly fromFrame: number;
  readonly toFrame: number;
  readonly persons: number;
  /** 1/s */
  readonly flow: number;
};

/**
 * Flow of a recording in consecutive intervals, from N-t, as PedPy and JPSreport reckon it: an interval is looked at
 * every `interval` frames from the first crossing on, reaches to one frame after its last crossing, and the next one
 * starts there. Intervals without a crossing are left out and lengthen the next. The rest after the last look is not
 * reported.
 * @param cumulative persons over the line per frame from `firstFrame` on
 */
export function intervalFlows(
  cumulative: ArrayLike<number>,
  firstFrame: number,
  frameRate: number,
  interval: number,
): IntervalFlow[] {
  if (!Number.isInteger(interval) || interval < 1)
    throw new MeasureError(`interval must be a whole number of frames from 1, got ${interval}`);
  const out: IntervalFlow[] = [];
  let from = 0;
  while (from < cumulative.length && cumulative[from] === 0) from++;
  let counted = 0;
  for (let look = from + interval; look + 1 < cumulative.length; look += interval) {
    const persons = cumulative[look] - counted;
    if (persons === 0) continue;
    let to = look;
    while (cumulative[to - 1] === cumulative[look]) to--;
    to++;
    out.push({
      fromFrame: firstFrame + from,
      toFrame: firstFrame + to,
      persons,
      flow: (persons / (to - from)) * frameRate,
    });
    counted += persons;
    from = to;
  }
  return out;
}
