// Velocities of a recording that has none, by central differences along each track.

/** Half the time a velocity is taken over, s: long enough that head sway and pixel noise do not dominate, and one
 * sampling interval at least. 5 frames at 25 fps, as is usual for laboratory recordings; 1 frame at 2.5 fps. */
const HALF_WINDOW_S = 0.2;
/** No person moves faster; such a step is a mistaken identity, so the velocity is unknown. Metres per second. */
export const MAX_SPEED_MPS = 1000;

export interface Columns {
  readonly count: number;
  readonly ids: Uint32Array;
  readonly frames: Int32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Rows of each track in order of frames, for columns sorted by frame: track k is `rows[offsets[k]] … rows[offsets[k+1]-1]`. */
export function tracksOf({ count, ids }: Columns): { rows: Uint32Array; offsets: Uint32Array } {
  const trackOf = new Map<number, number>();
  const track = new Uint32Array(count);
  const sizes: number[] = [];
  for (let i = 0; i < count; i++) {
    let k = trackOf.get(ids[i]!);
    if (k === undefined) {
      k = sizes.length;
      trackOf.set(ids[i]!, k);
      sizes.push(0);
    }
    track[i] = k;
    sizes[k]!++;
  }
  const offsets = new Uint32Array(sizes.length + 1);
  for (let k = 0; k < sizes.length; k++) offsets[k + 1] = offsets[k]! + sizes[k]!;
  const next = offsets.slice();
  const rows = new Uint32Array(count);
  for (let i = 0; i < count; i++) rows[next[track[i]!]!++] = i;
  return { rows, offsets };
}

/** The most common number of frames between two observations of the same person (the smaller one on a tie); 1 for none. */
export function commonFrameStep(columns: Columns): number {
  const { rows, offsets } = tracksOf(columns);
  const seen = new Map<number, number>();
  for (let k = 0; k + 1 < offsets.length; k++) {
    for (let r = offsets[k]! + 1; r < offsets[k + 1]!; r++) {
      const step = columns.frames[rows[r]!]! - columns.frames[rows[r - 1]!]!;
      seen.set(step, (seen.get(step) ?? 0) + 1);
    }
  }
  let best = 0;
  let most = 0;
  for (const [step, times] of seen) {
    if (times > most || (times === most && step < best)) {
      best = step;
      most = times;
    }
  }
  return best || 1;
}

/**
 * v(i) = (p(i+j) - p(i-j)) / (2 j step / fps), where j is the largest number of steps, at most 0.2 s and at least one,
 * for which the person was observed at every step from i-j to i+j. The window stays symmetric and shrinks towards the
 * end of a track and towards a gap in it; at the very ends, where one side is unknown, the velocity is NaN.
 */
export function centralVelocities(
  columns: Columns,
  framesPerSecond: number,
  frameStep: number,
): { vx: Float32Array; vy: Float32Array } {
  const { count, frames, x, y } = columns;
  const vx = new Float32Array(count).fill(Number.NaN);
  const vy = new Float32Array(count).fill(Number.NaN);
  const { rows, offsets } = tracksOf(columns);
  const secondsPerStep = frameStep / framesPerSecond;
  const reach = Math.max(1, Math.round(HALF_WINDOW_S / secondsPerStep));
  for (let k = 0; k + 1 < offsets.length; k++) {
    const from = offsets[k]!;
    const to = offsets[k + 1]!;
    for (let r = from; r < to; r++) {
      const i = rows[r]!;
      let j = 0;
      while (
        j < reach &&
        r - j - 1 >= from &&
        r + j + 1 < to &&
        frames[rows[r - j - 1]!]! === frames[i]! - (j + 1) * frameStep &&
        frames[rows[r + j + 1]!]! === frames[i]! + (j + 1) * frameStep
      ) {
        j++;
      }
      if (j === 0) continue;
      const seconds = 2 * j * secondsPerStep;
      const u = (x[rows[r + j]!]! - x[rows[r - j]!]!) / seconds;
      const v = (y[rows[r + j]!]! - y[rows[r - j]!]!) / seconds;
      if (Math.hypot(u, v) > MAX_SPEED_MPS) continue;
      vx[i] = u;
      vy[i] = v;
    }
  }
  return { vx, vy };
}
