// From panes to result blocks: revisions, completeness, silent sources and the aggregates' columns.
import type { Kernel } from './aggregates/kernel.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { Plan } from './config.ts';
import type { WindowBlock, WindowConfig } from './types.ts';

const NOBODY: readonly number[] = Object.freeze([]);

export class ResultRows {
  readonly #config: WindowConfig;
  readonly #plan: Plan;
  readonly #kernels: readonly (readonly [string, Kernel])[];
  readonly #allKeys: Int32Array;
  /** Frames that each source owes a window of each spec; NaN for event sources. */
  readonly #owed: readonly Float64Array[];
  /** Corrections issued, by end, per window spec: only for windows that had one. */
  readonly #revisions: readonly Map<number, Uint32Array>[];

  constructor(config: WindowConfig, plan: Plan, kernels: readonly (readonly [string, Kernel])[]) {
    this.#config = config;
    this.#plan = plan;
    this.#kernels = kernels;
    this.#allKeys = Int32Array.from(config.keys.keys());
    this.#owed = config.windows.map(({ lengthMs }) =>
      Float64Array.from(config.sources, ({ kind, rateHz }) => {
        if (kind !== 'frames' || rateHz === undefined) return Number.NaN;
        // Whole frames, for a window of half a second owes no quarter frame; at least one, or a slow source never owes.
        return Math.max(1, Math.floor((rateHz * lengthMs) / 1000 + 1e-9));
      }),
    );
    this.#revisions = config.windows.map(() => new Map<number, Uint32Array>());
  }

  /** The result of one window: of all keys (`corrected` null), or of the given ones with the next revision. */
  block(window: number, end: number, corrected: Int32Array | null): WindowBlock {
    const { paneMs, windows, keys: keySpecs } = this.#config;
    const { lengthMs } = windows[window]!;
    const to = end / paneMs;
    const from = to - lengthMs / paneMs;
    const keys = corrected ?? this.#allKeys.slice();
    const count = keys.length;
    const completeness = new Float64Array(count);
    const frames = new Float64Array(count);
    const silent: (readonly number[])[] = new Array(count);
    const owed = this.#owed[window]!;
    const seen = this.#seenFrames(from, to);
    for (let i = 0; i < count; i++) {
      const { sources } = keySpecs[keys[i]!]!;
      let total = 0;
      let expected = 0;
      let received = 0;
      let missing: number[] | null = null;
      for (let j = 0; j < sources.length; j++) {
        const source = sources[j]!;
        const got = seen[source]!;
        const due = owed[source]!;
        total += got;
        if (Number.isNaN(due)) continue;
        expected += due;
        // Clipped per source: one camera that sends too much cannot make up for one that is dead.
        received += got < due ? got : due;
        if (got === 0) {
          if (missing === null) missing = [];
          missing.push(source);
        }
      }
      frames[i] = total;
      completeness[i] = expected === 0 ? Number.NaN : received / expected;
      silent[i] = missing ?? NOBODY;
    }
    const values: Record<string, Float64Array> = {};
    const objects: Record<string, unknown[]> = {};
    for (const [name, kernel] of this.#kernels) {
      const out = kernel.parts.map((part) => {
        const column = new Float64Array(count);
        values[name + part] = column;
        return column;
      });
      const made: unknown[] = [];
      kernel.emit(window, from, to, keys, out, made);
      if (kernel.object) objects[name] = made;
    }
    this.#blankUnobserved(keys, frames, completeness, values, objects);
    const revisions = corrected === null ? new Uint32Array(count) : this.#nextRevisions(window, end, keys);
    return {
      window,
      start: end - lengthMs,
      end,
      keys,
      revisions,
      completeness,
      frames,
      silent,
      values,
      objects,
    };
  }

  /** Frames per source over the panes. */
  #seenFrames(from: number, to: number): Float64Array {
    const { frames } = this.#plan.shape;
    const seen = new Float64Array(this.#config.sources.length);
    for (let s = 0; s < seen.length; s++) seen[s] = frames.sum(s, from, to);
    return seen;
  }

  /** Nobody looked: every figure is unknown, not zero. Keys of event sources alone are observed by definition. */
  #blankUnobserved(
    keys: Int32Array,
    frames: Float64Array,
    completeness: Float64Array,
    values: Record<string, Float64Array>,
    objects: Record<string, unknown[]>,
  ): void {
    for (let i = 0; i < keys.length; i++) {
      const eventsOnly = Number.isNaN(completeness[i]) && this.#config.keys[keys[i]!]!.sources.length > 0;
      if (frames[i] !== 0 || eventsOnly) continue;
      for (const column of Object.values(values)) column[i] = Number.NaN;
      for (const column of Object.values(objects)) column[i] = null;
    }
  }

  #nextRevisions(window: number, end: number, keys: Int32Array): Uint32Array {
    const byEnd = this.#revisions[window]!;
    let revisions = byEnd.get(end);
    if (revisions === undefined) {
      revisions = new Uint32Array(this.#config.keys.length);
      byEnd.set(end, revisions);
    }
    const held = revisions;
    return Uint32Array.from(keys, (key) => ++held[key]!);
  }

  /** Windows that end at or before `beforeMs` can be corrected no more. */
  forget(beforeMs: number): void {
    for (const byEnd of this.#revisions) {
      if (byEnd.size === 0) continue;
      for (const end of byEnd.keys()) if (end <= beforeMs) byEnd.delete(end);
    }
  }

  write(writer: ByteWriter): void {
    for (const byEnd of this.#revisions) {
      writer.uint(byEnd.size);
      for (const [end, revisions] of [...byEnd].sort(([a], [b]) => a - b)) {
        writer.uint(end);
        writer.ints(revisions, 0, revisions.length);
      }
    }
  }

  read(reader: ByteReader): void {
    for (const byEnd of this.#revisions) {
      for (let left = reader.uint(); left > 0; left--) {
        const end = reader.uint();
        const revisions = new Uint32Array(this.#config.keys.length);
        reader.ints(revisions, 0, revisions.length);
        byEnd.set(end, revisions);
      }
    }
  }
}
