// Recorded trajectories as columns, and the two orders measures need: by frame and by person.
import { MeasureError } from './errors.ts';

/** Rows sorted by frame, then id; positions in metres on one floor; `frameRate` in 1/s. */
export type Trajectories = {
  readonly id: Float64Array;
  readonly frame: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly frameRate: number;
};

/** Rows of one frame: `from` up to but not including `to`. */
export type FrameRows = { readonly frame: number; readonly from: number; readonly to: number };

/**
 * Sort rows by frame, then id, and check them.
 * @throws MeasureError on columns of unequal length, ids or frames that are not whole numbers, non-finite
 *   positions, a person twice in one frame, or a frame rate that is not above 0
 */
export function createTrajectories(columns: {
  id: ArrayLike<number>;
  frame: ArrayLike<number>;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  frameRate: number;
}): Trajectories {
  const { id, frame, x, y, frameRate } = columns;
  const n = id.length;
  if (frame.length !== n || x.length !== n || y.length !== n)
    throw new MeasureError(
      `columns differ in length: id ${n}, frame ${frame.length}, x ${x.length}, y ${y.length}`,
    );
  if (!(frameRate > 0) || !Number.isFinite(frameRate))
    throw new MeasureError(
      `frame rate must be a finite number of frames per second above 0, got ${frameRate}`,
    );
  for (let i = 0; i < n; i++) {
    if (!Number.isSafeInteger(id[i]) || !Number.isSafeInteger(frame[i]))
      throw new MeasureError(`row ${i}: id and frame must be whole numbers, got ${id[i]}, ${frame[i]}`);
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i]))
      throw new MeasureError(
        `row ${i} (id ${id[i]}, frame ${frame[i]}): position (${x[i]}, ${y[i]}) is not finite`,
      );
  }
  const order = Int32Array.from({ length: n }, (_, i) => i);
  order.sort((a, b) => frame[a] - frame[b] || id[a] - id[b]);
  for (let k = 1; k < n; k++) {
    const [a, b] = [order[k - 1], order[k]];
    if (frame[a] === frame[b] && id[a] === id[b])
      throw new MeasureError(
        `person ${id[a]} appears twice in frame ${frame[a]}; keep one position per frame`,
      );
  }
  const pick = (column: ArrayLike<number>): Float64Array => Float64Array.from(order, (i) => column[i]);
  return { id: pick(id), frame: pick(frame), x: pick(x), y: pick(y), frameRate };
}

/** The frames that have persons, in order. */
export function framesOf(t: Trajectories): FrameRows[] {
  const frames: FrameRows[] = [];
  for (let from = 0; from < t.frame.length; ) {
    let to = from + 1;
    while (to < t.frame.length && t.frame[to] === t.frame[from]) to++;
    frames.push({ frame: t.frame[from], from, to });
    from = to;
  }
  return frames;
}

/** Rows of each person in order of frame; persons in order of first appearance. */
export function tracksOf(t: Trajectories): Int32Array[] {
  const rows = new Map<number, number[]>();
  for (let i = 0; i < t.id.length; i++) {
    const track = rows.get(t.id[i]);
    if (track) track.push(i);
    else rows.set(t.id[i], [i]);
  }
  return [...rows.values()].map((track) => Int32Array.from(track));
}

/**
 * One value per frame from the first to the last, frames without persons holding `empty` (0 unless given).
 * @throws MeasureError when there are no rows
 */
export function perFrame(
  t: Trajectories,
  measure: (rows: FrameRows) => number,
  empty = 0,
): { firstFrame: number; values: Float64Array } {
  if (t.frame.length === 0) throw new MeasureError('there are no trajectory rows to measure');
  const firstFrame = t.frame[0];
  const values = new Float64Array(t.frame[t.frame.length - 1] - firstFrame + 1).fill(empty);
  for (const rows of framesOf(t)) values[rows.frame - firstFrame] = measure(rows);
  return { firstFrame, values };
}
