// Persons in view: per tick the sum over a key's sources of their mean count per frame; over windows its mean and maximum.
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { MaxTree, PrefixRing } from '../rings.ts';
import type { WindowFrame } from '../types.ts';
import type { EngineShape, Kernel } from './kernel.ts';

/** Grain of a tick's count in persons: each source's mean is rounded to it, so that sums over ticks are exact. */
export const TICK_QUANTUM = 2 ** -16;

export class TickMeanKernel implements Kernel {
  readonly parts: readonly string[] = ['.mean', '.max', '.ticks'];
  readonly object = false;
  readonly #shape: EngineShape;
  /** Per source, the slot of each key, or -1. */
  readonly #slots: readonly Int32Array[];
  /** First slot of each key; slots of a key follow the order of its sources. */
  readonly #firstSlot: Int32Array;
  readonly #slotCount: number;
  /** Samples per slot of each open pane. */
  readonly #raw: Float64Array;
  readonly #ticks: PrefixRing;
  readonly #observed: PrefixRing;
  readonly #max: MaxTree;

  constructor(shape: EngineShape) {
    this.#shape = shape;
    const keyCount = shape.keys.length;
    this.#slots = Array.from({ length: shape.frames.width - 1 }, () => new Int32Array(keyCount).fill(-1));
    this.#firstSlot = new Int32Array(keyCount);
    let slot = 0;
    shape.keys.forEach((key, k) => {
      this.#firstSlot[k] = slot;
      for (const source of key.sources) this.#slots[source]![k] = slot++;
    });
    this.#slotCount = slot;
    this.#raw = new Float64Array(slot * shape.openCapacity);
    this.#ticks = new PrefixRing(keyCount, shape.capacity);
    this.#observed = new PrefixRing(keyCount, shape.capacity);
    this.#max = new MaxTree(keyCount, shape.capacity);
  }

  #rawRow(pane: number): number {
    return (pane & (this.#shape.openCapacity - 1)) * this.#slotCount;
  }

  add(pane: number, frame: WindowFrame): void {
    const { keys, n } = frame;
    const slots = this.#slots[frame.source]!;
    const raw = this.#raw;
    const at = this.#rawRow(pane);
    // Neighbours in a frame are mostly in one key: a run of them is one addition.
    for (let i = 0; i < n; ) {
      const key = keys[i]!;
      const from = i;
      for (i++; i < n && keys[i] === key; i++);
      if (key >= 0) raw[at + slots[key]!]! += i - from;
    }
  }

  seal(pane: number, changed: boolean): void {
    if (changed) this.#sealTick(pane);
    this.#ticks.seal(pane);
    this.#observed.seal(pane);
  }

  reseal(pane: number): void {
    this.#ticks.seal(pane);
    this.#observed.seal(pane);
  }

  #sealTick(pane: number): void {
    const { keys, frames } = this.#shape;
    const framesAt = frames.row(pane);
    const rawAt = this.#rawRow(pane);
    const tickAt = this.#ticks.row(pane);
    const leaf = this.#max.leaf(pane);
    for (let k = 0; k < keys.length; k++) {
      const { sources } = keys[k]!;
      const first = rawAt + this.#firstSlot[k]!;
      let tick = 0;
      let seen = 0;
      for (let j = 0; j < sources.length; j++) {
        const sent = frames.panes[framesAt + sources[j]!]!;
        if (sent === 0) continue;
        seen = 1;
        tick += Math.round(this.#raw[first + j]! / sent / TICK_QUANTUM);
      }
      this.#ticks.panes[tickAt + k] = tick;
      this.#observed.panes[tickAt + k] = seen;
      this.#max.nodes[leaf + k] = seen === 1 ? tick : Number.NEGATIVE_INFINITY;
    }
    this.#max.seal(pane);
  }

  anchor(): void {
    this.#ticks.anchor();
    this.#observed.anchor();
  }

  clear(): void {
    // Sealing writes every key of a pane, and nothing reads a pane before: old rows need no clearing, which would only
    // bring them back into the cache.
  }

  close(pane: number): void {
    const at = this.#rawRow(pane);
    this.#raw.fill(0, at, at + this.#slotCount);
  }

  emit(_window: number, from: number, to: number, rows: Int32Array, out: Float64Array[]): void {
    const [mean, max, ticks] = [out[0]!, out[1]!, out[2]!];
    this.#observed.sums(rows, from, to, ticks);
    this.#ticks.sums(rows, from, to, mean);
    this.#max.maxima(rows, from, to, max);
    for (let i = 0; i < rows.length; i++) {
      if (ticks[i] === 0) {
        mean[i] = Number.NaN;
        max[i] = Number.NaN;
      } else {
        mean[i] = (mean[i]! / ticks[i]!) * TICK_QUANTUM;
        max[i]! *= TICK_QUANTUM;
      }
    }
  }

  write(writer: ByteWriter, base: number, openBase: number, sealedTo: number): void {
    this.#ticks.write(writer, base, sealedTo);
    this.#observed.write(writer, base, sealedTo);
    for (let p = openBase; p < openBase + this.#shape.openCapacity; p++) {
      writer.ints(this.#raw, this.#rawRow(p), this.#rawRow(p) + this.#slotCount);
    }
  }

  read(reader: ByteReader, base: number, openBase: number, sealedTo: number): void {
    const { openCapacity } = this.#shape;
    this.#ticks.read(reader, base, sealedTo);
    this.#observed.read(reader, base, sealedTo);
    for (let p = openBase; p < openBase + openCapacity; p++) {
      reader.ints(this.#raw, this.#rawRow(p), this.#rawRow(p) + this.#slotCount);
    }
    // The tree's leaves are the ticks that were observed.
    for (let p = base; p < sealedTo; p++) {
      const at = this.#ticks.row(p);
      const leaf = this.#max.leaf(p);
      for (let k = 0; k < this.#ticks.width; k++) {
        if (this.#observed.panes[at + k] === 1) this.#max.nodes[leaf + k] = this.#ticks.panes[at + k]!;
      }
    }
    this.#max.build();
  }
}
