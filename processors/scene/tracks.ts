// Tracks of a recorded scene, row by row: speed by PedPy's single-sided rule and first crossings, each known as soon as
// the rows it needs are there. The same arithmetic in the same order as models/crowd on a whole recording.
import { onLineTolerance } from '#models/crowd/index.ts';
import { distanceToSegment, type Segment, segmentsIntersect } from '#models/geometry/index.ts';
import type { ByteReader, ByteWriter } from '../window/bytes.ts';

/** Persons of one frame, ascending by id; speeds NaN until known, and for good where there is none. */
export interface PendingFrame {
  readonly frame: number;
  readonly epochMs: number;
  readonly id: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly speed: Float64Array;
  readonly vx: Float64Array;
  readonly vy: Float64Array;
  readonly crossed: number[];
  /** Rows whose speed may still change. */
  open: number;
}

interface Row {
  readonly of: PendingFrame;
  readonly i: number;
}

interface Track {
  /** The newest 2 step + 1 rows. */
  readonly rows: Row[];
  crossed: boolean;
}

export class SceneTracks {
  readonly #line: Segment;
  readonly #step: number;
  readonly #frameRate: number;
  readonly #tracks = new Map<number, Track>();

  constructor(line: Segment, speedFrameStep: number, frameRate: number) {
    this.#line = line;
    this.#step = speedFrameStep;
    this.#frameRate = frameRate;
  }

  add(frame: PendingFrame): void {
    for (let i = 0; i < frame.id.length; i++) {
      const id = frame.id[i]!;
      let track = this.#tracks.get(id);
      if (track === undefined) {
        track = { rows: [], crossed: false };
        this.#tracks.set(id, track);
      }
      const { rows } = track;
      rows.push({ of: frame, i });
      // The movement into the row before is looked at now that it is not the track's last.
      if (!track.crossed && rows.length >= 3) this.#look(track, rows.at(-3)!, rows.at(-2)!);
      const k = rows.length - 1 - this.#step;
      if (k >= 0) this.#settle(rows, k, rows.at(-1)!);
      if (rows.length > 2 * this.#step + 1) rows.shift();
    }
  }

  /** Ends the tracks that were last seen before `epochMs`: their last rows have no future. */
  endBefore(epochMs: number): void {
    for (const [id, { rows }] of this.#tracks) {
      if (rows.at(-1)!.of.epochMs >= epochMs) continue;
      for (let k = Math.max(0, rows.length - this.#step); k < rows.length; k++)
        this.#settle(rows, k, rows[k]!);
      this.#tracks.delete(id);
    }
  }

  #look(track: Track, { of: a, i }: Row, { of: b, i: j }: Row): void {
    if (b.frame - a.frame !== 1) return;
    if (!segmentsIntersect(this.#line, a.x[i]!, a.y[i]!, b.x[j]!, b.y[j]!)) return;
    if (distanceToSegment(this.#line, b.x[j]!, b.y[j]!) < onLineTolerance) return;
    track.crossed = true;
    b.crossed.push(b.id[j]!);
  }

  /** Speed of row k: from `step` rows before it, or itself, to `to`. */
  #settle(rows: readonly Row[], k: number, { of: b, i: j }: Row): void {
    const { of: a, i } = rows[k >= this.#step ? k - this.#step : k]!;
    const row = rows[k]!;
    row.of.open--;
    const seconds = (b.frame - a.frame) / this.#frameRate;
    if (seconds === 0) return;
    const dx = b.x[j]! - a.x[i]!;
    const dy = b.y[j]! - a.y[i]!;
    row.of.speed[row.i] = Math.sqrt(dx * dx + dy * dy) / seconds;
    row.of.vx[row.i] = dx / seconds;
    row.of.vy[row.i] = dy / seconds;
  }

  /** Rows refer to frames by number; `frames` must hold all of them. */
  write(writer: ByteWriter): void {
    writer.uint(this.#tracks.size);
    for (const [id, { rows, crossed }] of this.#tracks) {
      writer.uint(id);
      writer.u8(crossed ? 1 : 0);
      writer.uint(rows.length);
      for (const { of, i } of rows) {
        writer.uint(of.frame);
        writer.uint(i);
      }
    }
  }

  read(reader: ByteReader, frames: ReadonlyMap<number, PendingFrame>): void {
    this.#tracks.clear();
    for (let left = reader.uint(); left > 0; left--) {
      const id = reader.uint();
      const crossed = reader.u8() === 1;
      const rows = Array.from({ length: reader.uint() }, (): Row => {
        const frame = reader.uint();
        return { of: frames.get(frame)!, i: reader.uint() };
      });
      this.#tracks.set(id, { rows, crossed });
    }
  }

  /** Frames that rows still refer to. */
  frames(): Set<PendingFrame> {
    return new Set([...this.#tracks.values()].flatMap(({ rows }) => rows.map(({ of }) => of)));
  }
}
