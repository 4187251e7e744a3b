// Minimum, maximum and last value: not invertible, so each keeps a segment tree over the panes.
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { MaxTree } from '../rings.ts';
import type { WindowFrame } from '../types.ts';
import type { EngineShape, Kernel } from './kernel.ts';

export class ExtremeKernel implements Kernel {
  readonly parts: readonly string[] = [''];
  readonly object = false;
  readonly #column: number;
  /** 1 for the maximum, -1 for the minimum as the maximum of negated values. */
  readonly #sign: number;
  readonly #tree: MaxTree;

  constructor(shape: EngineShape, column: number, kind: 'min' | 'max') {
    this.#column = column;
    this.#sign = kind === 'max' ? 1 : -1;
    this.#tree = new MaxTree(shape.keys.length, shape.capacity);
  }

  add(pane: number, frame: WindowFrame): void {
    const { keys, n } = frame;
    const values = frame.columns[this.#column]!;
    const nodes = this.#tree.nodes;
    const at = this.#tree.leaf(pane);
    const sign = this.#sign;
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      if (key < 0) continue;
      // + 0 turns -0 into 0: the two compare equal, so that order of arrival would otherwise choose the bit.
      const value = sign * values[i]! + 0;
      if (value > nodes[at + key]!) nodes[at + key] = value;
    }
  }

  seal(pane: number, changed: boolean): void {
    if (changed) this.#tree.seal(pane);
  }

  reseal(): void {
    // The tree was built when it was read.
  }

  anchor(): void {
    // Leaves outside the ring are cleared; the tree has no running state.
  }

  clear(pane: number): void {
    this.#tree.clear(pane);
  }

  close(): void {
    // Nothing is kept apart for open panes.
  }

  emit(_window: number, from: number, to: number, rows: Int32Array, out: Float64Array[]): void {
    const result = out[0]!;
    this.#tree.maxima(rows, from, to, result);
    for (let i = 0; i < rows.length; i++) {
      result[i] = result[i] === Number.NEGATIVE_INFINITY ? Number.NaN : this.#sign * result[i]! + 0;
    }
  }

  write(writer: ByteWriter, base: number): void {
    this.#tree.write(writer, base);
  }

  read(reader: ByteReader, base: number): void {
    this.#tree.read(reader, base);
  }
}

/** The value with the greatest (epochMs, source, seq, position in the frame). */
export class LastKernel implements Kernel {
  readonly parts: readonly string[] = ['', '.epochMs'];
  readonly object = false;
  readonly #column: number;
  readonly #capacity: number;
  readonly #width: number;
  /** Event time of the pane's last value; its maximum over panes finds the pane. */
  readonly #times: MaxTree;
  readonly #sources: Float64Array;
  readonly #seqs: Float64Array;
  readonly #values: Float64Array;
  readonly #paneMs: number;

  constructor(shape: EngineShape, column: number) {
    this.#column = column;
    this.#capacity = shape.capacity;
    this.#width = shape.keys.length;
    this.#paneMs = shape.paneMs;
    this.#times = new MaxTree(this.#width, shape.capacity);
    this.#sources = new Float64Array(this.#width * shape.capacity);
    this.#seqs = new Float64Array(this.#width * shape.capacity);
    this.#values = new Float64Array(this.#width * shape.capacity);
  }

  #row(pane: number): number {
    return (pane & (this.#capacity - 1)) * this.#width;
  }

  add(pane: number, frame: WindowFrame): void {
    const { keys, n, epochMs, source } = frame;
    const seq = frame.seq ?? 0;
    const values = frame.columns[this.#column]!;
    const times = this.#times.nodes;
    const leaf = this.#times.leaf(pane);
    const at = this.#row(pane);
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      const value = values[i]!;
      if (key < 0 || Number.isNaN(value)) continue;
      const held = times[leaf + key]!;
      if (epochMs < held) continue;
      if (epochMs === held) {
        const heldSource = this.#sources[at + key]!;
        if (source < heldSource || (source === heldSource && seq < this.#seqs[at + key]!)) continue;
      }
      times[leaf + key] = epochMs;
      this.#sources[at + key] = source;
      this.#seqs[at + key] = seq;
      this.#values[at + key] = value;
    }
  }

  seal(pane: number, changed: boolean): void {
    if (changed) this.#times.seal(pane);
  }

  reseal(): void {
    // The tree was built when it was read.
  }

  anchor(): void {
    // No running state.
  }

  clear(pane: number): void {
    this.#times.clear(pane);
    const at = this.#row(pane);
    for (const store of [this.#sources, this.#seqs, this.#values]) store.fill(0, at, at + this.#width);
  }

  close(): void {
    // Nothing is kept apart for open panes.
  }

  emit(_window: number, from: number, to: number, rows: Int32Array, out: Float64Array[]): void {
    const [values, times] = [out[0]!, out[1]!];
    this.#times.maxima(rows, from, to, times);
    for (let i = 0; i < rows.length; i++) {
      if (times[i] === Number.NEGATIVE_INFINITY) {
        values[i] = Number.NaN;
        times[i] = Number.NaN;
      } else values[i] = this.#values[this.#row(Math.floor(times[i]! / this.#paneMs)) + rows[i]!]!;
    }
  }

  write(writer: ByteWriter, base: number): void {
    this.#times.write(writer, base);
    for (let p = base; p < base + this.#capacity; p++) {
      const at = this.#row(p);
      writer.ints(this.#sources, at, at + this.#width);
      writer.ints(this.#seqs, at, at + this.#width);
      writer.floats(this.#values, at, at + this.#width, 0);
    }
  }

  read(reader: ByteReader, base: number): void {
    this.#times.read(reader, base);
    for (let p = base; p < base + this.#capacity; p++) {
      const at = this.#row(p);
      reader.ints(this.#sources, at, at + this.#width);
      reader.ints(this.#seqs, at, at + this.#width);
      reader.floats(this.#values, at, at + this.#width, 0);
    }
  }
}
