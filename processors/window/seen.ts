// Which frames have been seen: by source and instant, and for event sources by sequence number, in panes still open.
import type { ByteReader, ByteWriter } from './bytes.ts';

/** seq counts modulo this where several messages share one millisecond. */
const SEQ_SPAN = 2 ** 18;

export class SeenFrames {
  readonly #paneMs: number;
  readonly #panes = new Map<number, Set<number>>();

  constructor(paneMs: number) {
    this.#paneMs = paneMs;
  }

  /** True the first time a frame is shown, false for its duplicates. `seq` is null where the instant identifies it. */
  add(pane: number, source: number, epochMs: number, seq: number | null): boolean {
    let seen = this.#panes.get(pane);
    if (seen === undefined) {
      seen = new Set();
      this.#panes.set(pane, seen);
    }
    const instant = source * this.#paneMs + (epochMs - pane * this.#paneMs);
    const id = seq === null ? instant : instant * SEQ_SPAN + (seq % SEQ_SPAN);
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  }

  close(before: number): void {
    for (const pane of this.#panes.keys()) if (pane < before) this.#panes.delete(pane);
  }

  write(writer: ByteWriter): void {
    const panes = [...this.#panes].sort(([a], [b]) => a - b);
    writer.uint(panes.length);
    for (const [pane, seen] of panes) {
      writer.int(pane);
      writer.uint(seen.size);
      let before = 0;
      for (const id of Float64Array.from(seen).sort()) {
        writer.uint(id - before);
        before = id;
      }
    }
  }

  read(reader: ByteReader): void {
    for (let left = reader.uint(); left > 0; left--) {
      const pane = reader.int();
      const seen = new Set<number>();
      let id = 0;
      for (let ids = reader.uint(); ids > 0; ids--) {
        id += reader.uint();
        seen.add(id);
      }
      this.#panes.set(pane, seen);
    }
  }
}
