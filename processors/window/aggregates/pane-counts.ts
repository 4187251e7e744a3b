// Sparse counts by (key, id) per pane, and windows over them that slide by adding the panes that enter and subtracting
// those that leave. A window can be moved back as well, for corrections; the cost is the panes moved over.
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { CountTable } from './count-table.ts';
import type { EngineShape } from './kernel.ts';

const NOWHERE = Number.NEGATIVE_INFINITY;

/** What a window keeps of the panes in it. */
export interface SlidingCounts {
  reset(): void;
  /** A pane enters (`sign` 1) or leaves (-1): each id with its count in that pane. */
  change(id: number, count: number, sign: 1 | -1): void;
}

export class PaneCounts {
  readonly #panes = new Map<number, CountTable>();
  readonly #windowPanes: readonly number[];
  /** End pane that each window's counts stand at. */
  readonly #at: number[];
  readonly #windows: readonly SlidingCounts[];

  constructor(shape: EngineShape, make: () => SlidingCounts) {
    this.#windowPanes = shape.windowPanes;
    this.#windows = shape.windowPanes.map(make);
    this.#at = shape.windowPanes.map(() => NOWHERE);
  }

  table(pane: number): CountTable {
    let table = this.#panes.get(pane);
    if (table === undefined) {
      table = new CountTable();
      this.#panes.set(pane, table);
    }
    return table;
  }

  /** Windows that stand over the pane: they must be told of what is added to it. */
  over(pane: number): SlidingCounts[] {
    return this.#windows.filter((_, w) => this.#covers(w, pane));
  }

  #covers(window: number, pane: number): boolean {
    return pane < this.#at[window]! && pane >= this.#at[window]! - this.#windowPanes[window]!;
  }

  /** Moves a window to end at pane `to`. */
  moveTo(window: number, to: number): void {
    const length = this.#windowPanes[window]!;
    const at = this.#at[window]!;
    const counts = this.#windows[window]!;
    if (Math.abs(to - at) >= length) {
      counts.reset();
      this.#apply(counts, to - length, to, 1);
    } else if (to > at) {
      this.#apply(counts, at, to, 1);
      this.#apply(counts, at - length, to - length, -1);
    } else {
      this.#apply(counts, to - length, at - length, 1);
      this.#apply(counts, to, at, -1);
    }
    this.#at[window] = to;
  }

  #apply(counts: SlidingCounts, from: number, to: number, sign: 1 | -1): void {
    for (let pane = from; pane < to; pane++) {
      this.#panes.get(pane)?.forEach((id, count) => {
        counts.change(id, count, sign);
      });
    }
  }

  clear(pane: number): void {
    if (!this.#panes.delete(pane)) return;
    // Only after a long silence: the window is built anew when it is next asked for.
    for (let w = 0; w < this.#at.length; w++) if (this.#covers(w, pane)) this.#at[w] = NOWHERE;
  }

  write(writer: ByteWriter): void {
    const panes = [...this.#panes].sort(([a], [b]) => a - b);
    writer.uint(panes.length);
    for (const [pane, table] of panes) {
      writer.int(pane);
      table.write(writer);
    }
  }

  read(reader: ByteReader): void {
    for (let left = reader.uint(); left > 0; left--) this.table(reader.int()).read(reader);
  }
}
