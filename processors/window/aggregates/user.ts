// User-defined aggregates: samples wait until their pane closes and are folded in the canonical order; windows merge the
// sealed panes through a segment tree, so that nothing need be subtractable or commutative.
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { WindowError } from '../errors.ts';
import { copyFrame } from '../frames.ts';
import { coveringNodes } from '../rings.ts';
import { readFrame, writeFrame } from '../snapshot.ts';
import type { WindowFrame } from '../types.ts';
import type { EngineShape, Kernel } from './kernel.ts';
import type { PaneContext, UserAggregate, UserSample } from './spec.ts';

export class UserKernel implements Kernel {
  readonly parts: readonly string[] = [];
  readonly object = true;
  readonly #shape: EngineShape;
  readonly #columns: readonly number[];
  readonly #aggregate: UserAggregate<unknown, unknown, unknown>;
  /** Frames of panes that may still change. */
  readonly #open = new Map<number, WindowFrame[]>();
  /** Sealed values, node-major; leaves begin at node `capacity`. null contributes nothing. */
  readonly #nodes: unknown[];

  constructor(
    shape: EngineShape,
    columns: readonly number[],
    aggregate: UserAggregate<unknown, unknown, unknown>,
  ) {
    this.#shape = shape;
    this.#columns = columns;
    this.#aggregate = aggregate;
    this.#nodes = new Array(2 * shape.capacity * shape.keys.length).fill(null);
  }

  #leaf(pane: number): number {
    const { capacity, keys } = this.#shape;
    return (capacity + (pane & (capacity - 1))) * keys.length;
  }

  add(pane: number, frame: WindowFrame): void {
    const kept = copyFrame({ ...frame, columns: this.#columns.map((column) => frame.columns[column]!) });
    const frames = this.#open.get(pane);
    if (frames === undefined) this.#open.set(pane, [kept]);
    else frames.push(kept);
  }

  seal(pane: number, changed: boolean): void {
    if (!changed) return;
    const { keys, frames, paneMs } = this.#shape;
    const accs = this.#fold(pane);
    const leaf = this.#leaf(pane);
    const framesAt = frames.row(pane);
    for (let k = 0; k < keys.length; k++) {
      const context: PaneContext = {
        startMs: pane * paneMs,
        endMs: (pane + 1) * paneMs,
        frames: (source) => frames.panes[framesAt + source]!,
        sources: keys[k]!.sources,
      };
      const acc = accs.has(k) ? accs.get(k) : this.#aggregate.zero();
      this.#nodes[leaf + k] = this.#aggregate.seal(acc, context);
    }
    this.reseal(pane);
  }

  /** Accumulators of the pane's keys that have samples. */
  #fold(pane: number): Map<number, unknown> {
    const accs = new Map<number, unknown>();
    const frames = this.#open.get(pane) ?? [];
    frames.sort((a, b) => a.epochMs - b.epochMs || a.source - b.source || (a.seq ?? 0) - (b.seq ?? 0));
    const sample: UserSample = {
      epochMs: 0,
      source: 0,
      seq: 0,
      values: new Float64Array(this.#columns.length),
    };
    for (const { epochMs, source, seq, n, keys, columns } of frames) {
      sample.epochMs = epochMs;
      sample.source = source;
      sample.seq = seq ?? 0;
      for (let i = 0; i < n; i++) {
        const key = keys[i]!;
        if (key < 0) continue;
        for (let c = 0; c < columns.length; c++) sample.values[c] = columns[c]![i]!;
        const acc = accs.has(key) ? accs.get(key) : this.#aggregate.zero();
        accs.set(key, this.#aggregate.add(acc, sample));
      }
    }
    return accs;
  }

  reseal(pane: number): void {
    const { capacity, keys } = this.#shape;
    const width = keys.length;
    for (let node = (capacity + (pane & (capacity - 1))) >> 1; node >= 1; node >>= 1) {
      for (let k = 0; k < width; k++) {
        this.#nodes[node * width + k] = this.#merge(
          this.#nodes[2 * node * width + k],
          this.#nodes[(2 * node + 1) * width + k],
        );
      }
    }
  }

  #merge(older: unknown, newer: unknown): unknown {
    if (older === null) return newer;
    return newer === null ? older : this.#aggregate.merge(older, newer);
  }

  anchor(): void {
    // No running state.
  }

  clear(pane: number): void {
    const leaf = this.#leaf(pane);
    this.#nodes.fill(null, leaf, leaf + this.#shape.keys.length);
    this.#open.delete(pane);
  }

  close(pane: number): void {
    this.#open.delete(pane);
  }

  emit(
    _window: number,
    from: number,
    to: number,
    rows: Int32Array,
    _out: Float64Array[],
    objects: unknown[],
  ): void {
    const { capacity, keys } = this.#shape;
    const nodes = coveringNodes(capacity, from, to);
    for (let i = 0; i < rows.length; i++) {
      let merged: unknown = null;
      for (const node of nodes) merged = this.#merge(merged, this.#nodes[node * keys.length + rows[i]!]);
      objects[i] = this.#aggregate.result(merged);
    }
  }

  write(writer: ByteWriter, base: number): void {
    const { capacity, keys } = this.#shape;
    for (let p = base; p < base + capacity; p++) {
      const leaf = this.#leaf(p);
      const held: number[] = [];
      for (let k = 0; k < keys.length; k++) if (this.#nodes[leaf + k] !== null) held.push(k);
      writer.uint(held.length);
      for (const k of held) {
        writer.uint(k);
        writer.blob(this.#encode(this.#nodes[leaf + k]));
      }
    }
    const open = [...this.#open].sort(([a], [b]) => a - b);
    writer.uint(open.length);
    for (const [pane, frames] of open) {
      writer.int(pane);
      writer.uint(frames.length);
      for (const frame of frames) writeFrame(writer, frame);
    }
  }

  read(reader: ByteReader, base: number): void {
    for (let p = base; p < base + this.#shape.capacity; p++) {
      const leaf = this.#leaf(p);
      for (let left = reader.uint(); left > 0; left--) {
        const k = reader.uint();
        this.#nodes[leaf + k] = this.#decode(reader.blob());
      }
    }
    for (let left = reader.uint(); left > 0; left--) {
      const frames: WindowFrame[] = [];
      this.#open.set(reader.int(), frames);
      for (let n = reader.uint(); n > 0; n--) frames.push(readFrame(reader, this.#columns.length));
    }
  }

  #encode(value: unknown): Uint8Array {
    return this.#aggregate.encode?.(value) ?? new TextEncoder().encode(JSON.stringify(value));
  }

  #decode(bytes: Uint8Array): unknown {
    if (this.#aggregate.decode !== undefined) return this.#aggregate.decode(bytes);
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (error) {
      throw new WindowError(
        'snapshot-refused',
        `a user-defined value is no JSON: ${error instanceof Error ? error.message : String(error)}`,
        'restore an older checkpoint',
      );
    }
  }
}
