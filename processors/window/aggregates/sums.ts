// Count, sum, mean and variance from exact integer sums.
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { PrefixRing } from '../rings.ts';
import type { WindowFrame } from '../types.ts';
import type { EngineShape, Kernel } from './kernel.ts';

abstract class SumsKernel implements Kernel {
  readonly parts: readonly string[] = [''];
  readonly object = false;
  protected readonly rings: readonly PrefixRing[];

  constructor(rings: readonly PrefixRing[]) {
    this.rings = rings;
  }

  abstract add(pane: number, frame: WindowFrame): void;
  abstract emit(window: number, from: number, to: number, rows: Int32Array, out: Float64Array[]): void;

  seal(pane: number): void {
    for (const ring of this.rings) ring.seal(pane);
  }

  reseal(pane: number): void {
    this.seal(pane);
  }

  anchor(): void {
    for (const ring of this.rings) ring.anchor();
  }

  clear(pane: number): void {
    for (const ring of this.rings) ring.clear(pane);
  }

  close(): void {
    // Sums keep nothing apart for open panes.
  }

  write(writer: ByteWriter, base: number): void {
    for (const ring of this.rings) ring.write(writer, base, base + ring.capacity);
  }

  read(reader: ByteReader, base: number): void {
    for (const ring of this.rings) ring.read(reader, base, base + ring.capacity);
  }
}

/** Samples per key. */
export class CountKernel extends SumsKernel {
  readonly #counts: PrefixRing;

  constructor(shape: EngineShape) {
    const counts = new PrefixRing(shape.keys.length, shape.capacity);
    super([counts]);
    this.#counts = counts;
  }

  add(pane: number, frame: WindowFrame): void {
    const { keys, n } = frame;
    const counts = this.#counts.panes;
    const at = this.#counts.row(pane);
    // Neighbours in a frame are mostly in one key: a run of them is one addition.
    for (let i = 0; i < n; ) {
      const key = keys[i]!;
      const from = i;
      for (i++; i < n && keys[i] === key; i++);
      if (key >= 0) counts[at + key]! += i - from;
    }
  }

  emit(_window: number, from: number, to: number, rows: Int32Array, out: Float64Array[]): void {
    this.#counts.sums(rows, from, to, out[0]!);
  }
}

/** Samples per key whose value is known. */
export class KnownCountKernel extends SumsKernel {
  readonly #column: number;
  readonly #counts: PrefixRing;

  constructor(shape: EngineShape, column: number) {
    const counts = new PrefixRing(shape.keys.length, shape.capacity);
    super([counts]);
    this.#column = column;
    this.#counts = counts;
  }

  add(pane: number, frame: WindowFrame): void {
    const { keys, n } = frame;
    const values = frame.columns[this.#column]!;
    const counts = this.#counts.panes;
    const at = this.#counts.row(pane);
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      const value = values[i]!;
      if (key >= 0 && !Number.isNaN(value)) counts[at + key]!++;
    }
  }

  emit(_window: number, from: number, to: number, rows: Int32Array, out: Float64Array[]): void {
    this.#counts.sums(rows, from, to, out[0]!);
  }
}

/** Sum or mean of a column, in multiples of a quantum. */
export class SumKernel extends SumsKernel {
  readonly #column: number;
  readonly #quantum: number;
  readonly #mean: boolean;
  readonly #sums: PrefixRing;
  readonly #counts: PrefixRing;

  constructor(shape: EngineShape, column: number, quantum: number, mean: boolean) {
    const sums = new PrefixRing(shape.keys.length, shape.capacity);
    const counts = new PrefixRing(mean ? shape.keys.length : 0, shape.capacity);
    super([sums, counts]);
    this.#column = column;
    this.#quantum = quantum;
    this.#mean = mean;
    this.#sums = sums;
    this.#counts = counts;
  }

  add(pane: number, frame: WindowFrame): void {
    const { keys, n } = frame;
    const values = frame.columns[this.#column]!;
    const sums = this.#sums.panes;
    const counts = this.#counts.panes;
    const at = this.#sums.row(pane);
    const scale = 1 / this.#quantum;
    const mean = this.#mean;
    // Whole numbers add up to the same in any grouping: a run of one key is summed apart.
    for (let i = 0; i < n; ) {
      const key = keys[i]!;
      let sum = 0;
      let count = 0;
      for (; i < n && keys[i] === key; i++) {
        const value = values[i]!;
        if (Number.isNaN(value)) continue;
        sum += Math.round(value * scale);
        count++;
      }
      if (key < 0 || count === 0) continue;
      sums[at + key]! += sum;
      if (mean) counts[at + key]! += count;
    }
  }

  emit(_window: number, from: number, to: number, rows: Int32Array, out: Float64Array[]): void {
    const result = out[0]!;
    this.#sums.sums(rows, from, to, result);
    for (let i = 0; i < rows.length; i++) {
      const sum = result[i]!;
      if (!this.#mean) result[i] = sum * this.#quantum;
      else {
        const count = this.#counts.sum(rows[i]!, from, to);
        result[i] = count === 0 ? Number.NaN : (sum / count) * this.#quantum;
      }
    }
  }
}

/** Population variance; squares are summed in two limbs so that each stays an exact integer. */
export class VarianceKernel extends SumsKernel {
  readonly #column: number;
  readonly #quantum: number;
  readonly #limb: number;
  readonly #counts: PrefixRing;
  readonly #sums: PrefixRing;
  readonly #low: PrefixRing;
  readonly #high: PrefixRing;

  /** `limb`: a power of two, at least the greatest |value| / quantum. */
  constructor(shape: EngineShape, column: number, quantum: number, limb: number) {
    const rings = Array.from({ length: 4 }, () => new PrefixRing(shape.keys.length, shape.capacity));
    super(rings);
    this.#column = column;
    this.#quantum = quantum;
    this.#limb = limb;
    this.#counts = rings[0]!;
    this.#sums = rings[1]!;
    this.#low = rings[2]!;
    this.#high = rings[3]!;
  }

  add(pane: number, frame: WindowFrame): void {
    const { keys, n } = frame;
    const values = frame.columns[this.#column]!;
    const at = this.#sums.row(pane);
    const scale = 1 / this.#quantum;
    const limb = this.#limb;
    const [counts, sums, low, high] = [
      this.#counts.panes,
      this.#sums.panes,
      this.#low.panes,
      this.#high.panes,
    ];
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      const value = values[i]!;
      if (key < 0 || Number.isNaN(value)) continue;
      const q = Math.round(value * scale);
      const square = q * q;
      const upper = Math.floor(square / limb);
      counts[at + key]!++;
      sums[at + key]! += q;
      low[at + key]! += square - upper * limb;
      high[at + key]! += upper;
    }
  }

  emit(_window: number, from: number, to: number, rows: Int32Array, out: Float64Array[]): void {
    const result = out[0]!;
    const limb = BigInt(this.#limb);
    for (let i = 0; i < rows.length; i++) {
      const key = rows[i]!;
      const count = this.#counts.sum(key, from, to);
      if (count === 0) {
        result[i] = Number.NaN;
        continue;
      }
      const sum = BigInt(this.#sums.sum(key, from, to));
      const squares = BigInt(this.#high.sum(key, from, to)) * limb + BigInt(this.#low.sum(key, from, to));
      // n * sum of squares - (sum)^2, exact: no cancellation whatever the mean.
      const scaled = BigInt(count) * squares - sum * sum;
      result[i] = (Number(scaled) / count / count) * this.#quantum * this.#quantum;
    }
  }
}
