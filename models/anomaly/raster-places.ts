// From evidence per block to places: evidence is pooled over neighbours, what stands out is joined into connected places,
// and a place weighs what its blocks weigh together (cluster mass; Bullmore et al. 1999, Maris & Oostenveld 2007).
import type { Blocks } from './raster-slot.ts';

/** Weights of a block's neighbourhood, by squared distance 0, 1, 2: binomial, so that no direction is preferred. */
const WEIGHTS = [4, 2, 1];

/**
 * Evidence pooled over each block and its eight neighbours, in units of one deviation if blocks were independent:
 * sum(w z) / sqrt(sum(w^2)) over those that are known. NaN in `evidence` is unknown and stays NaN.
 */
export function pool({ columns, rows }: Blocks, evidence: Float32Array, out: Float32Array): void {
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const b = row * columns + column;
      if (Number.isNaN(evidence[b])) {
        out[b] = Number.NaN;
        continue;
      }
      let sum = 0;
      let squares = 0;
      for (let dy = -1; dy <= 1; dy += 1) {
        if (row + dy < 0 || row + dy >= rows) continue;
        for (let dx = -1; dx <= 1; dx += 1) {
          if (column + dx < 0 || column + dx >= columns) continue;
          const z = evidence[b + dy * columns + dx];
          if (Number.isNaN(z)) continue;
          const weight = WEIGHTS[dx * dx + dy * dy];
          sum += weight * z;
          squares += weight * weight;
        }
      }
      // A block with few known neighbours has less behind it: the weight of a whole neighbourhood's half at least.
      out[b] = sum / Math.sqrt(Math.max(squares, HALF_SQUARES));
    }
  }
}
/** Half of 16 + 4 x 4 + 4 x 1. */
const HALF_SQUARES = 18;

/** Connected blocks (eight neighbours) whose pooled evidence is beyond the threshold, all on the same side. */
export interface Place {
  readonly blocks: readonly number[];
  /** Sum of |pooled evidence|. */
  readonly mass: number;
  /** Box of block columns and rows, ends included. */
  readonly box: PlaceBox;
}

export interface PlaceBox {
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
}

/** The places where `pooled * sign >= threshold`, heaviest first. `visited` is scratch, one byte per block. */
export function placesOf(
  { columns, rows }: Blocks,
  pooled: Float32Array,
  sign: 1 | -1,
  threshold: number,
  visited: Uint8Array,
): Place[] {
  visited.fill(0);
  const places: Place[] = [];
  const beyond = (b: number): boolean => pooled[b] * sign >= threshold;
  for (let start = 0; start < pooled.length; start += 1) {
    if (visited[start] === 1 || !beyond(start)) continue;
    visited[start] = 1;
    const blocks = [start];
    let mass = 0;
    let [left, bottom, right, top] = [columns, rows, -1, -1];
    for (let i = 0; i < blocks.length; i += 1) {
      const b = blocks[i];
      const column = b % columns;
      const row = Math.floor(b / columns);
      mass += Math.abs(pooled[b]);
      left = Math.min(left, column);
      right = Math.max(right, column);
      bottom = Math.min(bottom, row);
      top = Math.max(top, row);
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
          const next = y * columns + x;
          if (visited[next] === 1 || !beyond(next)) continue;
          visited[next] = 1;
          blocks.push(next);
        }
      }
    }
    places.push({ blocks, mass, box: { left, bottom, right, top } });
  }
  return places.sort((a, b) => b.mass - a.mass || a.blocks[0] - b.blocks[0]);
}

/** True when the boxes share a block or touch. */
export function touches(a: PlaceBox, b: PlaceBox): boolean {
  return gap(a, b) === 0;
}

/** Blocks between two boxes; 0 when they overlap or touch. */
export function gap(a: PlaceBox, b: PlaceBox): number {
  const x = Math.max(0, a.left - b.right - 1, b.left - a.right - 1);
  const y = Math.max(0, a.bottom - b.top - 1, b.bottom - a.top - 1);
  return Math.hypot(x, y);
}
