// Histograms and quantiles: integer counts per bin, so that neither order of arrival nor of merging can show.
import { DDSketch } from '@datadog/sketches-js';
import type { WindowFrame } from '../types.ts';
import { CountingKernel } from './counting.ts';
import type { EngineShape } from './kernel.ts';
import type { SlidingCounts } from './pane-counts.ts';

class DenseCounts implements SlidingCounts {
  readonly bins: Float64Array;

  constructor(size: number) {
    this.bins = new Float64Array(size);
  }

  reset(): void {
    this.bins.fill(0);
  }

  change(id: number, count: number, sign: 1 | -1): void {
    this.bins[id]! += sign * count;
  }
}

abstract class BinsKernel extends CountingKernel<DenseCounts> {
  readonly #column: number;
  protected readonly binCount: number;

  constructor(shape: EngineShape, column: number, binCount: number) {
    super(shape, () => new DenseCounts(shape.keys.length * binCount));
    this.#column = column;
    this.binCount = binCount;
  }

  protected abstract binOf(value: number): number;
  /** Answers for one row from `bins[at, at + binCount)`. */
  protected abstract answer(
    bins: Float64Array,
    at: number,
    row: number,
    out: Float64Array[],
    objects: unknown[],
  ): void;

  add(pane: number, frame: WindowFrame): void {
    const { keys, n } = frame;
    const values = frame.columns[this.#column]!;
    const table = this.counts.table(pane);
    const over = this.counts.over(pane);
    for (let i = 0; i < n; i++) {
      const key = keys[i]!;
      const value = values[i]!;
      if (key < 0 || Number.isNaN(value)) continue;
      const id = key * this.binCount + this.binOf(value);
      table.add(id, 1);
      for (const window of over) window.change(id, 1, 1);
    }
  }

  emit(
    window: number,
    _from: number,
    to: number,
    rows: Int32Array,
    out: Float64Array[],
    objects: unknown[],
  ): void {
    const { bins } = this.windowTo(window, to);
    for (let i = 0; i < rows.length; i++) this.answer(bins, rows[i]! * this.binCount, i, out, objects);
  }
}

export class HistogramKernel extends BinsKernel {
  readonly parts: readonly string[] = [];
  readonly object = true;
  readonly #edges: Float64Array;

  constructor(shape: EngineShape, column: number, edges: readonly number[]) {
    super(shape, column, edges.length + 1);
    this.#edges = Float64Array.from(edges);
  }

  /** Number of edges at or below the value. */
  protected binOf(value: number): number {
    const edges = this.#edges;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edges[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  protected answer(
    bins: Float64Array,
    at: number,
    row: number,
    _out: Float64Array[],
    objects: unknown[],
  ): void {
    objects[row] = [...bins.subarray(at, at + this.binCount)];
  }
}

/** The logarithmic bins of DDSketch over [min, max], with one bin below and one above. */
export interface LogBins {
  readonly binCount: number;
  binOf(value: number): number;
  valueOf(bin: number): number;
}

export function logBins(min: number, max: number, relativeAccuracy: number): LogBins {
  const { mapping } = new DDSketch({ relativeAccuracy });
  const first = mapping.key(min);
  const last = mapping.key(max);
  const binCount = last - first + 3;
  return {
    binCount,
    binOf: (value) => {
      if (value < min) return 0;
      if (value > max) return binCount - 1;
      return mapping.key(value) - first + 1;
    },
    valueOf: (bin) => {
      if (bin === 0) return 0;
      return bin === binCount - 1 ? max : mapping.value(bin + first - 1);
    },
  };
}

/** The bin of the sample with rank q (count - 1), as DDSketch defines its quantile. */
export function quantileBin(
  bins: Float64Array,
  at: number,
  binCount: number,
  count: number,
  q: number,
): number {
  const rank = q * (count - 1);
  let below = 0;
  for (let bin = 0; bin < binCount; bin++) {
    below += bins[at + bin]!;
    if (below > rank) return bin;
  }
  return binCount - 1;
}

export class QuantileKernel extends BinsKernel {
  readonly parts: readonly string[];
  readonly object = false;
  readonly #bins: LogBins;
  readonly #quantiles: readonly number[];

  constructor(shape: EngineShape, column: number, bins: LogBins, quantiles: readonly number[]) {
    super(shape, column, bins.binCount);
    this.#bins = bins;
    this.#quantiles = quantiles;
    this.parts = quantiles.map(quantilePart);
  }

  protected binOf(value: number): number {
    return this.#bins.binOf(value);
  }

  protected answer(bins: Float64Array, at: number, row: number, out: Float64Array[]): void {
    let count = 0;
    for (let bin = 0; bin < this.binCount; bin++) count += bins[at + bin]!;
    for (let j = 0; j < this.#quantiles.length; j++) {
      const bin = quantileBin(bins, at, this.binCount, count, this.#quantiles[j]!);
      out[j]![row] = count === 0 ? Number.NaN : this.#bins.valueOf(bin);
    }
  }
}

/** 0.95 -> '.p95'; 0.999 -> '.p99.9'. */
export function quantilePart(q: number): string {
  return `.p${Number((q * 100).toPrecision(12))}`;
}
