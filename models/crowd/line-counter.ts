// Signed crossings of lines frame by frame, for live tracks. State is bounded: a lost person is forgotten.
import { distanceToSegment, type Segment } from '#models/geometry/index.ts';
import { crossingSign } from './crossings.ts';
import { MeasureError } from './errors.ts';

/** One crossing; `direction` +1 from the right to the left of the directed line, -1 back. */
export type LineCrossing = { readonly line: number; readonly id: number; readonly direction: -1 | 1 };

export type LineCounterOptions = {
  /**
   * Seconds a person may be unseen and still be joined by a straight step. A tracker reuses no id within it.
   */
  readonly gap?: number;
  /**
   * Metres on either side of a line within which a position decides nothing: it is looked at again when the person has
   * left the band, from where it entered. Keeps a person who stands on the line from being counted to and fro with the
   * noise of the track; about twice that noise. Default 0: every movement counts as it is.
   */
  readonly band?: number;
};

/** Counts every crossing of a fixed set of lines (PedPy's N-t counts the first of each person: firstCrossings). */
export class LineCounter {
  readonly lines: readonly Segment[];
  private readonly gap: number;
  private readonly band: number;
  /** The last position of each person that was outside every band, and when the person was last seen. */
  private readonly last = new Map<number, { x: number; y: number; time: number }>();
  private now = -Infinity;

  constructor(lines: readonly Segment[], options: LineCounterOptions = {}) {
    for (const l of lines)
      if (l.ax === l.bx && l.ay === l.by) throw new MeasureError('a counting line needs two different ends');
    this.lines = lines;
    this.gap = options.gap ?? 1;
    this.band = options.band ?? 0;
    if (!(this.band >= 0)) throw new MeasureError(`line counter: a band of ${this.band} m is none`);
  }

  /**
   * The positions of one frame. Frames must come in order of time (the window engine sorts them).
   * @returns crossings completed at `time` (seconds), by person in the order given, then by line
   * @throws MeasureError when time does not rise
   */
  update(
    time: number,
    ids: ArrayLike<number>,
    x: ArrayLike<number>,
    y: ArrayLike<number>,
    n: number = ids.length,
  ): LineCrossing[] {
    if (!(time > this.now)) throw new MeasureError(`line counter: time ${time} s comes after ${this.now} s`);
    this.now = time;
    const out: LineCrossing[] = [];
    for (let i = 0; i < n; i++) {
      const before = this.last.get(ids[i]);
      if (before && time - before.time <= this.gap) {
        before.time = time;
        if (this.band > 0 && this.undecided(x[i], y[i])) continue;
        this.cross(ids[i], before.x, before.y, x[i], y[i], out);
        before.x = x[i];
        before.y = y[i];
      } else {
        this.last.set(ids[i], { x: x[i], y: y[i], time });
      }
    }
    if (this.last.size > 2 * n + 64) this.forget(time);
    return out;
  }

  /** What the next update depends on, for checkpoints: the time, then id, x, y, time of each person remembered. */
  state(): Float64Array {
    const out = new Float64Array(1 + 4 * this.last.size);
    out[0] = this.now;
    let k = 1;
    for (const [id, { x, y, time }] of this.last) {
      out.set([id, x, y, time], k);
      k += 4;
    }
    return out;
  }

  /** Makes the state what it was at `state()`. @throws MeasureError for numbers that are no state */
  restore(state: Float64Array): void {
    if (state.length % 4 !== 1) throw new MeasureError(`line counter: ${state.length} numbers are no state`);
    this.now = state[0];
    this.last.clear();
    for (let k = 1; k < state.length; k += 4)
      this.last.set(state[k], { x: state[k + 1], y: state[k + 2], time: state[k + 3] });
  }

  private cross(id: number, px: number, py: number, qx: number, qy: number, out: LineCrossing[]): void {
    for (let k = 0; k < this.lines.length; k++) {
      const l = this.lines[k];
      // cheap rejection: the step's box and the line's box are apart
      if (px < l.ax && px < l.bx && qx < l.ax && qx < l.bx) continue;
      if (px > l.ax && px > l.bx && qx > l.ax && qx > l.bx) continue;
      if (py < l.ay && py < l.by && qy < l.ay && qy < l.by) continue;
      if (py > l.ay && py > l.by && qy > l.ay && qy > l.by) continue;
      const direction = crossingSign(l, px, py, qx, qy);
      if (direction !== 0) out.push({ line: k, id, direction });
    }
  }

  private undecided(x: number, y: number): boolean {
    const { band } = this;
    for (const l of this.lines) {
      if (x < Math.min(l.ax, l.bx) - band || x > Math.max(l.ax, l.bx) + band) continue;
      if (y < Math.min(l.ay, l.by) - band || y > Math.max(l.ay, l.by) + band) continue;
      if (distanceToSegment(l, x, y) < band) return true;
    }
    return false;
  }

  private forget(time: number): void {
    for (const [id, at] of this.last) if (time - at.time > this.gap) this.last.delete(id);
  }
}
