// What aggregates have in common that count by id: counts per pane, and sliding counts that take panes in as windows move.
import type { ByteReader, ByteWriter } from '../bytes.ts';
import type { WindowFrame } from '../types.ts';
import type { EngineShape, Kernel } from './kernel.ts';
import { PaneCounts, type SlidingCounts } from './pane-counts.ts';

export abstract class CountingKernel<Window extends SlidingCounts> implements Kernel {
  abstract readonly parts: readonly string[];
  abstract readonly object: boolean;
  protected readonly counts: PaneCounts;
  readonly #windows: Window[] = [];

  /** @param makeWindow makes the sliding counts of one window spec, empty */
  constructor(shape: EngineShape, makeWindow: () => Window) {
    this.counts = new PaneCounts(shape, () => {
      const window = makeWindow();
      this.#windows.push(window);
      return window;
    });
  }

  /** The counts of a window spec, moved to where it ends before pane `to`. */
  protected windowTo(window: number, to: number): Window {
    this.counts.moveTo(window, to);
    return this.#windows[window]!;
  }

  abstract add(pane: number, frame: WindowFrame): void;

  abstract emit(
    window: number,
    from: number,
    to: number,
    rows: Int32Array,
    out: Float64Array[],
    objects: unknown[],
  ): void;

  seal(): void {
    // Windows take panes in as they move.
  }

  reseal(): void {
    // As above.
  }

  anchor(): void {
    // As above.
  }

  clear(pane: number): void {
    this.counts.clear(pane);
  }

  close(): void {
    // Nothing is kept apart for open panes.
  }

  write(writer: ByteWriter): void {
    this.counts.write(writer);
  }

  read(reader: ByteReader): void {
    this.counts.read(reader);
  }
}
