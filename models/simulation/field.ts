// Flow fields: for every open cell the heading of the quickest way to a target, by fast marching (Sethian 1996).
// Cells beside a wall cost more, so that people keep off walls where there is room.
import type { Raster } from './raster.ts';

/** Heading of a cell that cannot reach the target. */
export const NO_HEADING = 255;
const HEADINGS = 255;

export const HEADING_COS = Float64Array.from({ length: HEADINGS }, (_, h) =>
  Math.cos((2 * Math.PI * h) / HEADINGS),
);
export const HEADING_SIN = Float64Array.from({ length: HEADINGS }, (_, h) =>
  Math.sin((2 * Math.PI * h) / HEADINGS),
);

export interface FlowField {
  /** Per cell a heading of HEADING_COS/SIN, or NO_HEADING. */
  readonly heading: Uint8Array;
  /** Per cell the cost to the target in metres of free floor; Infinity where there is no way. */
  readonly cost: Float32Array;
}

/** Cost per metre of each cell: 1 in the open, more within a metre of a wall. */
export function slowness(raster: Raster): Float32Array {
  const { width, height, open } = raster;
  const out = new Float32Array(open.length).fill(1);
  const reach = Math.ceil(1 / raster.cellM);
  for (let j = 1; j < height - 1; j++) {
    for (let i = 1; i < width - 1; i++) {
      const c = j * width + i;
      if (open[c] === 1) continue;
      // Only walls with an open neighbour matter.
      if (!open[c - 1] && !open[c + 1] && !open[c - width] && !open[c + width]) continue;
      for (let dj = -reach; dj <= reach; dj++) {
        for (let di = -reach; di <= reach; di++) {
          const jj = j + dj;
          const ii = i + di;
          if (ii < 0 || jj < 0 || ii >= width || jj >= height) continue;
          const k = jj * width + ii;
          const near = 1 + 1.2 * Math.max(0, 1 - (Math.hypot(di, dj) - 1) / reach);
          if (near > out[k]!) out[k] = near;
        }
      }
    }
  }
  return out;
}

/**
 * The field towards `targets` (cell indices) through open cells not marked in `closed`.
 */
export function flowField(
  raster: Raster,
  slow: Float32Array,
  targets: Iterable<number>,
  closed?: Uint8Array,
): FlowField {
  const { width, open, cellM } = raster;
  const cost = new Float32Array(open.length).fill(Infinity);
  const done = new Uint8Array(open.length);
  const heap = new Heap();
  for (const t of targets) {
    if (open[t] !== 1) continue;
    cost[t] = 0;
    heap.push(0, t);
  }
  const around = [1, -1, width, -width];
  for (let c = heap.pop(); c >= 0; c = heap.pop()) {
    if (done[c] === 1) continue;
    done[c] = 1;
    for (const d of around) {
      const k = c + d;
      if (open[k] !== 1 || done[k] === 1 || closed?.[k] === 1) continue;
      const h = Math.min(done[k - 1] ? cost[k - 1]! : Infinity, done[k + 1] ? cost[k + 1]! : Infinity);
      const v = Math.min(
        done[k - width] ? cost[k - width]! : Infinity,
        done[k + width] ? cost[k + width]! : Infinity,
      );
      const f = slow[k]! * cellM;
      const low = Math.min(h, v);
      const gap = Math.abs(h - v);
      // Eikonal update: two-sided where both neighbours help, else one-sided.
      const t = gap < f ? (h + v + Math.sqrt(2 * f * f - gap * gap)) / 2 : low + f;
      if (t < cost[k]!) {
        cost[k] = t;
        heap.push(cost[k]!, k);
      }
    }
  }
  return { heading: headings(raster, cost), cost };
}

function headings(raster: Raster, cost: Float32Array): Uint8Array {
  const { width, open } = raster;
  const out = new Uint8Array(open.length).fill(NO_HEADING);
  for (let c = width + 1; c < open.length - width - 1; c++) {
    const here = cost[c]!;
    if (here === Infinity) continue;
    const gx = slope(cost[c - 1]!, here, cost[c + 1]!);
    const gy = slope(cost[c - width]!, here, cost[c + width]!);
    if (gx === 0 && gy === 0) continue;
    const turn = Math.atan2(gy, gx) / (2 * Math.PI);
    out[c] = Math.round((turn < 0 ? turn + 1 : turn) * HEADINGS) % HEADINGS;
  }
  return out;
}

/** Downhill component along one axis, upwind. */
function slope(before: number, here: number, after: number): number {
  const back = here - before;
  const ahead = here - after;
  if (back <= 0 && ahead <= 0) return 0;
  return back > ahead ? -back : ahead;
}

/** Binary min-heap of (key, cell); stale entries are skipped by the caller. */
class Heap {
  #keys = new Float64Array(1024);
  #cells = new Int32Array(1024);
  #size = 0;

  push(key: number, cell: number): void {
    if (this.#size === this.#keys.length) this.#grow();
    let i = this.#size++;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (this.#keys[up]! <= key) break;
      this.#keys[i] = this.#keys[up]!;
      this.#cells[i] = this.#cells[up]!;
      i = up;
    }
    this.#keys[i] = key;
    this.#cells[i] = cell;
  }

  /** The cell of the least key, or -1 when empty. */
  pop(): number {
    if (this.#size === 0) return -1;
    const top = this.#cells[0]!;
    const n = --this.#size;
    const key = this.#keys[n]!;
    const cell = this.#cells[n]!;
    let i = 0;
    for (;;) {
      let k = 2 * i + 1;
      if (k >= n) break;
      if (k + 1 < n && this.#keys[k + 1]! < this.#keys[k]!) k++;
      if (this.#keys[k]! >= key) break;
      this.#keys[i] = this.#keys[k]!;
      this.#cells[i] = this.#cells[k]!;
      i = k;
    }
    this.#keys[i] = key;
    this.#cells[i] = cell;
    return top;
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    const cells = new Int32Array(this.#cells.length * 2);
    cells.set(this.#cells);
    this.#cells = cells;
  }
}
