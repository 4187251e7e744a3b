// Counts by integer id in an open-addressing table on typed arrays: no allocation per sample.
import type { ByteReader, ByteWriter } from '../bytes.ts';

const FREE = -1;
const FIRST_SIZE = 64;

export class CountTable {
  #ids = new Float64Array(FIRST_SIZE).fill(FREE);
  #counts = new Float64Array(FIRST_SIZE);
  #used = 0;

  /** Adds `by` to the count of `id`, an integer in [0, 2^53), and returns the new count. */
  add(id: number, by: number): number {
    const slot = this.#slot(id);
    if (this.#ids[slot] === FREE) {
      this.#ids[slot] = id;
      this.#used++;
      this.#counts[slot] = by;
      if (2 * this.#used > this.#ids.length) this.#rehash();
      return by;
    }
    this.#counts[slot]! += by;
    return this.#counts[slot]!;
  }

  #slot(id: number): number {
    const ids = this.#ids;
    const mask = ids.length - 1;
    // Low and high halves mixed by a multiplicative hash (Knuth, TAOCP 6.4).
    let slot = Math.imul((id | 0) ^ Math.imul((id / 4_294_967_296) | 0, 0x85ebca6b), 0x9e3779b1) >>> 8;
    for (slot &= mask; ids[slot] !== FREE && ids[slot] !== id; slot = (slot + 1) & mask);
    return slot;
  }

  /** Drops ids whose count has returned to zero, and grows if it is still crowded. */
  #rehash(): void {
    const [ids, counts] = [this.#ids, this.#counts];
    let live = 0;
    for (const count of counts) if (count !== 0) live++;
    let size = FIRST_SIZE;
    while (size < 4 * live) size *= 2;
    this.#ids = new Float64Array(size).fill(FREE);
    this.#counts = new Float64Array(size);
    this.#used = live;
    for (let i = 0; i < ids.length; i++) {
      if (counts[i] === 0) continue;
      const slot = this.#slot(ids[i]!);
      this.#ids[slot] = ids[i]!;
      this.#counts[slot] = counts[i]!;
    }
  }

  clear(): void {
    this.#ids.fill(FREE);
    this.#counts.fill(0);
    this.#used = 0;
  }

  forEach(visit: (id: number, count: number) => void): void {
    for (let i = 0; i < this.#ids.length; i++)
      if (this.#counts[i] !== 0) visit(this.#ids[i]!, this.#counts[i]!);
  }

  /** Ascending by id, so that equal counts give equal bytes. */
  write(writer: ByteWriter): void {
    const entries: [number, number][] = [];
    this.forEach((id, count) => {
      entries.push([id, count]);
    });
    entries.sort(([a], [b]) => a - b);
    writer.uint(entries.length);
    let before = 0;
    for (const [id, count] of entries) {
      writer.uint(id - before);
      writer.uint(count);
      before = id;
    }
  }

  read(reader: ByteReader): void {
    let id = 0;
    for (let left = reader.uint(); left > 0; left--) {
      id += reader.uint();
      this.add(id, reader.uint());
    }
  }
}
