// Rings over panes, one row of `width` numbers per pane: prefix sums for aggregates that can be subtracted, and a
// segment tree for those that cannot. Panes are absolute numbers (floor(epochMs / paneMs)); the slot is pane modulo
// a power-of-two capacity. ToInt32 inside `&` is modulo 2^32, so pane numbers beyond 2^31 land in the right slot.
import type { ByteReader, ByteWriter } from './bytes.ts';

/**
 * Exact integer sums over any pane range in O(1): prefix[p] is the sum of panes before p since an anchor.
 * A late sample changes one pane; only the prefixes after it are rewritten, at most the lateness bound.
 * Values are integers in Float64; the operator bounds them so that no prefix passes 2^53.
 */
export class PrefixRing {
  readonly width: number;
  readonly capacity: number;
  readonly mask: number;
  /** Pane values: row `(pane & mask) * width`. */
  readonly panes: Float64Array;
  readonly #prefix: Float64Array;
  #sinceRebase = 0;

  constructor(width: number, capacity: number) {
    this.width = width;
    this.capacity = capacity;
    this.mask = capacity - 1;
    this.panes = new Float64Array(width * capacity);
    this.#prefix = new Float64Array(width * capacity);
  }

  row(pane: number): number {
    return (pane & this.mask) * this.width;
  }

  clear(pane: number): void {
    const at = this.row(pane);
    this.panes.fill(0, at, at + this.width);
  }

  /** Makes `pane` part of the prefixes; panes are sealed in ascending order, or again from a changed one upwards. */
  seal(pane: number): void {
    const { width, panes } = this;
    const prefix = this.#prefix;
    const from = this.row(pane);
    const to = this.row(pane + 1);
    for (let k = 0; k < width; k++) prefix[to + k] = prefix[from + k]! + panes[from + k]!;
    // Prefixes grow for ever; moving the anchor once a turn keeps them below two turns' worth, exactly.
    if (++this.#sinceRebase >= this.capacity) this.#rebase(pane + 1);
  }

  #rebase(sealedTo: number): void {
    const { width } = this;
    const prefix = this.#prefix;
    const anchor = prefix.slice(this.row(sealedTo + 1), this.row(sealedTo + 1) + width);
    for (let at = 0; at < prefix.length; at += width) {
      for (let k = 0; k < width; k++) prefix[at + k]! -= anchor[k]!;
    }
    this.#sinceRebase = 0;
  }

  /** Starts the prefixes anew: everything before is empty. */
  anchor(): void {
    this.#prefix.fill(0);
    this.#sinceRebase = 0;
  }

  /** Sum of column k over panes [from, to). */
  sum(k: number, from: number, to: number): number {
    return this.#prefix[this.row(to) + k]! - this.#prefix[this.row(from) + k]!;
  }

  /** Sums of the columns `rows[i]` (ascending, no doubles) over panes [from, to) into `out[i]`. */
  sums(rows: Int32Array, from: number, to: number, out: Float64Array): void {
    const prefix = this.#prefix;
    const a = this.row(from);
    const b = this.row(to);
    if (rows.length === this.width) {
      // All columns in order: no look-ups.
      for (let k = 0; k < out.length; k++) out[k] = prefix[b + k]! - prefix[a + k]!;
      return;
    }
    for (let i = 0; i < rows.length; i++) out[i] = prefix[b + rows[i]!]! - prefix[a + rows[i]!]!;
  }

  write(writer: ByteWriter, from: number, to: number): void {
    for (let p = from; p < to; p++) {
      writer.ints(this.panes, this.row(p), this.row(p) + this.width);
    }
  }

  read(reader: ByteReader, from: number, to: number): void {
    for (let p = from; p < to; p++) {
      reader.ints(this.panes, this.row(p), this.row(p) + this.width);
    }
  }
}

/**
 * Maximum over any pane range in O(log panes), changeable at any pane. Absent is -Infinity. For a minimum, store
 * negated values.
 */
export class MaxTree {
  readonly width: number;
  readonly capacity: number;
  /** Node-major; leaves begin at node `capacity`. */
  readonly #nodes: Float64Array;

  constructor(width: number, capacity: number) {
    this.width = width;
    this.capacity = capacity;
    this.#nodes = new Float64Array(2 * capacity * width).fill(Number.NEGATIVE_INFINITY);
  }

  get nodes(): Float64Array {
    return this.#nodes;
  }

  /** Index in `nodes` of the pane's row. */
  leaf(pane: number): number {
    return (this.capacity + (pane & (this.capacity - 1))) * this.width;
  }

  clear(pane: number): void {
    const at = this.leaf(pane);
    this.#nodes.fill(Number.NEGATIVE_INFINITY, at, at + this.width);
  }

  seal(pane: number): void {
    const { width } = this;
    const nodes = this.#nodes;
    for (let node = (this.capacity + (pane & (this.capacity - 1))) >> 1; node >= 1; node >>= 1) {
      const parent = node * width;
      const left = 2 * parent;
      const right = left + width;
      for (let k = 0; k < width; k++) {
        const a = nodes[left + k]!;
        const b = nodes[right + k]!;
        nodes[parent + k] = a > b ? a : b;
      }
    }
  }

  /** All inner nodes from the leaves, once after reading them. */
  build(): void {
    const { width } = this;
    const nodes = this.#nodes;
    for (let at = this.capacity * width - 1; at >= width; at--) {
      const node = Math.floor(at / width);
      const left = node * width + at;
      const a = nodes[left]!;
      const b = nodes[left + width]!;
      nodes[at] = a > b ? a : b;
    }
  }

  /** Maxima of the columns `rows[i]` (ascending, no doubles) over panes [from, to) into `out[i]`; -Infinity where absent. */
  maxima(rows: Int32Array, from: number, to: number, out: Float64Array): void {
    out.fill(Number.NEGATIVE_INFINITY);
    for (const node of coveringNodes(this.capacity, from, to)) {
      const at = node * this.width;
      if (rows.length === this.width) {
        for (let k = 0; k < out.length; k++) {
          const value = this.#nodes[at + k]!;
          if (value > out[k]!) out[k] = value;
        }
        continue;
      }
      for (let i = 0; i < rows.length; i++) {
        const value = this.#nodes[at + rows[i]!]!;
        if (value > out[i]!) out[i] = value;
      }
    }
  }

  write(writer: ByteWriter, base: number): void {
    for (let p = base; p < base + this.capacity; p++) {
      writer.floats(this.#nodes, this.leaf(p), this.leaf(p) + this.width, Number.NEGATIVE_INFINITY);
    }
  }

  read(reader: ByteReader, base: number): void {
    for (let p = base; p < base + this.capacity; p++) {
      reader.floats(this.#nodes, this.leaf(p), this.leaf(p) + this.width, Number.NEGATIVE_INFINITY);
    }
    this.build();
  }
}

/** Nodes of a ring's segment tree that cover panes [from, to) exactly, in pane order; to - from < capacity. */
export function coveringNodes(capacity: number, from: number, to: number): number[] {
  const nodes: number[] = [];
  if (to <= from) return nodes;
  const a = from & (capacity - 1);
  const b = to & (capacity - 1);
  if (a < b) cover(capacity + a, capacity + b, nodes);
  else {
    cover(capacity + a, 2 * capacity, nodes);
    if (b > 0) cover(capacity, capacity + b, nodes);
  }
  return nodes;
}

function cover(from: number, to: number, nodes: number[]): void {
  const right: number[] = [];
  let left = from;
  let end = to;
  while (left < end) {
    if (left & 1) nodes.push(left++);
    if (end & 1) right.push(--end);
    left >>= 1;
    end >>= 1;
  }
  for (let i = right.length - 1; i >= 0; i--) nodes.push(right[i]!);
}
