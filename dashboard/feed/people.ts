// Persons of many sources as one column of positions: the last frame of each source that is not too old.
import type { TrackFrame } from '#streams/schema/tracks.ts';
import type { People } from './messages.ts';

/** A source whose last frame is this much older than the newest of all is not drawn: its people have moved on. */
export const SOURCE_TIMEOUT_MS = 2000;

/** True when the person at x, y (metres) seen by `source` is drawn from that source's frame. */
export type Ownership = (source: string, x: number, y: number) => boolean;

interface SourceState {
  frame: TrackFrame;
  shown: boolean;
}

export class PeopleMerger {
  readonly level: number;
  readonly #owns: Ownership;
  readonly #sources = new Map<string, SourceState>();
  #newest = Number.NEGATIVE_INFINITY;
  #superseded = 0;
  #changed = false;

  /** @param owns which source draws a person that several sources see */
  constructor(level: number, owns: Ownership = () => true) {
    this.level = level;
    this.#owns = owns;
  }

  get changed(): boolean {
    return this.#changed;
  }

  /** Takes a frame of this level; frames of other levels, clock frames and frames older than the last are passed over. */
  put(source: string, frame: TrackFrame): void {
    if (frame.clock || frame.level !== this.level) return;
    const known = this.#sources.get(source);
    // A step back of more than a minute is a recording that starts again, not a late frame.
    const restarted = frame.epochMs < this.#newest - 60_000;
    if (restarted) {
      this.#sources.clear();
      this.#newest = frame.epochMs;
    } else if (known !== undefined) {
      if (frame.epochMs <= known.frame.epochMs) return;
      if (!known.shown) this.#superseded++;
    }
    this.#sources.set(source, { frame, shown: false });
    this.#newest = Math.max(this.#newest, frame.epochMs);
    this.#changed = true;
  }

  /** All persons now, and how many source frames were replaced before they could be shown since the last call. */
  merge(): { people: People; superseded: number } {
    let room = 0;
    for (const { frame } of this.#sources.values()) room += frame.count;
    const positions = new Float32Array(room * 2);
    let count = 0;
    for (const [source, state] of this.#sources) {
      const { frame } = state;
      state.shown = true;
      if (this.#newest - frame.epochMs > SOURCE_TIMEOUT_MS) {
        this.#sources.delete(source);
        continue;
      }
      for (let i = 0; i < frame.count; i++) {
        const x = frame.x[i]!;
        const y = frame.y[i]!;
        if (!this.#owns(source, x, y)) continue;
        positions[2 * count] = x;
        positions[2 * count + 1] = y;
        count++;
      }
    }
    const superseded = this.#superseded;
    this.#superseded = 0;
    this.#changed = false;
    return { people: { epochMs: this.#newest, level: this.level, count, positions }, superseded };
  }
}
