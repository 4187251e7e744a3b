// Panes that changed after their windows were issued, each with the sources that changed it.
import type { ByteReader, ByteWriter } from './bytes.ts';

export class ChangedPanes {
  readonly #sources = new Map<number, Set<number>>();

  get isEmpty(): boolean {
    return this.#sources.size === 0;
  }

  /** Ascending. */
  panes(): number[] {
    return [...this.#sources.keys()].sort((a, b) => a - b);
  }

  has(pane: number): boolean {
    return this.#sources.has(pane);
  }

  note(pane: number, source: number): void {
    let sources = this.#sources.get(pane);
    if (sources === undefined) {
      sources = new Set();
      this.#sources.set(pane, sources);
    }
    sources.add(source);
  }

  /** Keys whose figures over panes [from, to) may be others now, ascending. `keysOf`: the keys that each source observes. */
  keysIn(from: number, to: number, keysOf: readonly Int32Array[]): Int32Array {
    const keys = new Set<number>();
    for (const [pane, sources] of this.#sources) {
      if (pane < from || pane >= to) continue;
      for (const source of sources) for (const key of keysOf[source]!) keys.add(key);
    }
    return Int32Array.from(keys).sort();
  }

  clear(): void {
    this.#sources.clear();
  }

  write(writer: ByteWriter): void {
    writer.uint(this.#sources.size);
    for (const pane of this.panes()) {
      const sources = this.#sources.get(pane)!;
      writer.int(pane);
      writer.uint(sources.size);
      for (const source of [...sources].sort((a, b) => a - b)) writer.uint(source);
    }
  }

  read(reader: ByteReader): void {
    for (let left = reader.uint(); left > 0; left--) {
      const pane = reader.int();
      const sources = new Set<number>();
      for (let n = reader.uint(); n > 0; n--) sources.add(reader.uint());
      this.#sources.set(pane, sources);
    }
  }
}
