// Which of many areas hold a point, fast: a grid of cells knows the answer wherever no edge passes, and where one does,
// only the few edges near the cell are looked at, with exact arithmetic.
import type { AreaM } from '#models/venue/types.ts';
import { boundsOf, edgesOf, holds, SLACK_M, touchedCells } from './area-edges.ts';
import { AreaSets } from './area-sets.ts';
import { EdgeCells } from './edge-cells.ts';

/** A cell this large holds few edges; a smaller one costs memory and gains little. Metres. */
const CELL_M = 0.5;
/** Larger floors get larger cells. */
const MAX_CELLS = 4_000_000;
/** The index begins this part of a cell beside the areas. */
const OFF_GRID = 0.4;

/**
 * Assigns points to sets of areas.
 *
 * An area holds the points inside its exterior and outside its holes. A point exactly on an edge belongs to the area on
 * its right (greater x), or above it where the edge is level: areas that share an edge share no point and leave none out.
 */
export interface AreaIndex {
  /**
   * `out[i]` becomes the number of the set of areas that hold point i: -1 for none, k for area k alone, and a number
   * from `areas` upwards for several (see `members`).
   */
  assign(x: ArrayLike<number>, y: ArrayLike<number>, count: number, out: Int32Array): void;
  /**
   * The same for points in one column of f32, x from `xAt` and y from `yAt`: the compiler makes one fast loop of it, which
   * a mix of column types would spoil.
   */
  assignFlat(flat: Float32Array, xAt: number, yAt: number, count: number, out: Int32Array): void;
  /** The set of one point. */
  at(x: number, y: number): number;
  /** Areas of a set in ascending order. */
  members(set: number): readonly number[];
  /** Number of areas. */
  readonly areas: number;
  /** Sets known so far; more appear when a point is found in a new combination. */
  readonly sets: number;
}

/** An edge cell is divided into this many squared: most of its points then need no look at the edges. */
const SUB = 8;
/** Marks of a sub-cell that is no set: not looked at yet; an edge matters in it. */
const UNDECIDED = -3;
const CROSSED = -2;
/** Greatest number of a set that a sub-cell holds. */
const MAX_SUB_SET = 0x7fff;

export function createAreaIndex(areas: readonly AreaM[], cellM: number = CELL_M): AreaIndex {
  const sets = new AreaSets(areas.length);
  const edges = areas.map(edgesOf);
  const box = boundsOf(edges);
  const { maxX, maxY } = box;
  const size = Math.max(cellM, Math.sqrt(((maxX - box.minX) * (maxY - box.minY)) / MAX_CELLS));
  // Plans are drawn on round metres: an edge on a line between cells would touch the cells on both sides.
  const [minX, minY] = [box.minX - OFF_GRID * size, box.minY - OFF_GRID * size];
  const columns = Math.floor((maxX - minX) / size) + 1;
  const rows = Math.floor((maxY - minY) / size) + 1;
  const perMetre = 1 / size;
  // >= -1: the set of the whole cell; below: -2 - (number of its edge cell).
  let cells: Int32Array | Int16Array = new Int32Array(columns * rows).fill(-1);
  const edgeCells = new EdgeCells();

  function build(): void {
    const touched = edges.map((list) => touchedCells(list, { minX, minY, size, columns, rows }));
    const near = new Map<number, number[]>();
    touched.forEach((list, area) => {
      for (const cell of list) {
        const known = near.get(cell);
        if (known) known.push(area);
        else near.set(cell, [area]);
      }
    });
    for (let area = 0; area < areas.length; area++) fillWhole(area, touched[area]!);
    for (const [cell, around] of near) {
      cells[cell] = -2 - addEdgeCell(cell, around);
    }
    edgeCells.seal();
  }

  /** Adds `area` to the cells it holds entirely: between two touched cells of a row, membership cannot change. */
  function fillWhole(area: number, touched: ReadonlySet<number>): void {
    const list = edges[area]!;
    const box = boundsOf([list]);
    const firstRow = Math.max(0, Math.floor((box.minY - minY) * perMetre));
    const lastRow = Math.min(rows - 1, Math.floor((box.maxY - minY) * perMetre));
    const firstColumn = Math.max(0, Math.floor((box.minX - minX) * perMetre));
    const lastColumn = Math.min(columns - 1, Math.floor((box.maxX - minX) * perMetre));
    for (let row = firstRow; row <= lastRow; row++) {
      let inside: boolean | undefined;
      for (let column = firstColumn; column <= lastColumn; column++) {
        const cell = row * columns + column;
        if (touched.has(cell)) {
          inside = undefined;
          continue;
        }
        inside ??= holds(list, 0, list.length, 0, minX + (column + 0.5) * size, minY + (row + 0.5) * size);
        if (inside) cells[cell] = sets.with(cells[cell]!, area);
      }
    }
  }

  function addEdgeCell(cell: number, around: readonly number[]): number {
    const left = minX + (cell % columns) * size - SLACK_M;
    const right = left + size + 2 * SLACK_M;
    const bottom = minY + Math.floor(cell / columns) * size - SLACK_M;
    const top = bottom + size + 2 * SLACK_M;
    for (const area of around) {
      const list = edges[area]!;
      let parity = 0;
      for (let e = 0; e < list.length; e += 4) {
        const [lx, ly, ux, uy] = [list[e]!, list[e + 1]!, list[e + 2]!, list[e + 3]!];
        // A ray to the right from the cell cannot meet edges above, below or to the left of it.
        if (ly === uy || uy <= bottom || ly > top || Math.max(lx, ux) < left) continue;
        // It meets every edge that is wholly to the right and passes the whole height of the cell.
        if (Math.min(lx, ux) > right && ly <= bottom && uy > top) parity ^= 1;
        else edgeCells.addEdge(lx, ly, ux, uy);
      }
      edgeCells.addArea(area, parity);
    }
    return edgeCells.addCell(cells[cell]!);
  }

  /** Sub-cells of every edge cell in one column, filled as points fall into them. */
  let subCells = new Int16Array(0);

  function atEdge(cell: number, x: number, y: number): number {
    const u = (x - minX) * perMetre;
    const v = (y - minY) * perMetre;
    const column = ((u - (u | 0)) * SUB) | 0;
    const row = ((v - (v | 0)) * SUB) | 0;
    const slot = cell * SUB * SUB + row * SUB + column;
    let known = subCells[slot]!;
    if (known === UNDECIDED) {
      const west = minX + ((u | 0) + column / SUB) * size;
      const south = minY + ((v | 0) + row / SUB) * size;
      const edge = size / SUB;
      known = anyEdgeMatters(cell, west, south, edge)
        ? CROSSED
        : exactly(cell, west + edge / 2, south + edge / 2);
      // A number that does not fit is found out each time.
      subCells[slot] = known > MAX_SUB_SET ? CROSSED : known;
    }
    return known === CROSSED ? exactly(cell, x, y) : known;
  }

  /** Whether some edge may tell points of the square apart: it passes the square, or ends level with it to the right. */
  function anyEdgeMatters(cell: number, west: number, south: number, side: number): boolean {
    const { starts, edges: tested } = edgeCells;
    const [left, right] = [west - SLACK_M, west + side + SLACK_M];
    const [bottom, top] = [south - SLACK_M, south + side + SLACK_M];
    const from = starts[edgeCells.first[cell]!]!;
    const to = starts[edgeCells.first[cell + 1]!]!;
    for (let e = from; e < to; e += 4) {
      const [lx, ly, ux, uy] = [tested[e]!, tested[e + 1]!, tested[e + 2]!, tested[e + 3]!];
      if (uy < bottom || ly > top) continue;
      // Positive where the point lies to the left of the upward edge, so that its ray to the right meets the edge.
      const leftOf = (x: number, y: number): number => (ux - lx) * (y - ly) - (uy - ly) * (x - lx);
      const corners = [leftOf(left, bottom), leftOf(right, bottom), leftOf(left, top), leftOf(right, top)];
      if (corners.every((c) => c < 0)) continue;
      if (!(corners.every((c) => c > 0) && ly < bottom && uy > top)) return true;
    }
    return false;
  }

  function exactly(cell: number, x: number, y: number): number {
    const { areas: numbers, starts, parity, edges: tested } = edgeCells;
    let set = edgeCells.base[cell]!;
    for (let k = edgeCells.first[cell]!; k < edgeCells.first[cell + 1]!; k++) {
      if (holds(tested, starts[k]!, starts[k + 1]!, parity[k]!, x, y)) {
        set = set < 0 ? numbers[k]! : sets.with(set, numbers[k]!);
      }
    }
    return set;
  }

  function at(x: number, y: number): number {
    const u = (x - minX) * perMetre;
    const v = (y - minY) * perMetre;
    // Written so that NaN fails too.
    if (!(u >= 0 && v >= 0 && u < columns && v < rows)) return -1;
    const known = cells[(v | 0) * columns + (u | 0)]!;
    return known >= -1 ? known : atEdge(-2 - known, x, y);
  }

  build();
  // Half the bytes where the numbers allow it: the table then stays in the cache.
  if (Math.max(edgeCells.count + 2, sets.count) <= MAX_SUB_SET) cells = Int16Array.from(cells);
  subCells = new Int16Array(edgeCells.count * SUB * SUB).fill(UNDECIDED);
  return {
    areas: areas.length,
    get sets() {
      return sets.count;
    },
    members: (set) => sets.members(set),
    at,
    assign(x, y, count, out) {
      // Names of the loop's own: what a closure holds is looked up anew for every point.
      const [table, left, bottom, scale, width, height] = [cells, minX, minY, perMetre, columns, rows];
      for (let i = 0; i < count; i++) {
        const u = (x[i]! - left) * scale;
        const v = (y[i]! - bottom) * scale;
        if (!(u >= 0 && v >= 0 && u < width && v < height)) {
          out[i] = -1;
          continue;
        }
        const known = table[(v | 0) * width + (u | 0)]!;
        out[i] = known >= -1 ? known : atEdge(-2 - known, x[i]!, y[i]!);
      }
    },
    assignFlat(flat, xAt, yAt, count, out) {
      const [table, left, bottom, scale, width, height] = [cells, minX, minY, perMetre, columns, rows];
      const near = subCells;
      for (let i = 0; i < count; i++) {
        const u = (flat[xAt + i]! - left) * scale;
        const v = (flat[yAt + i]! - bottom) * scale;
        if (!(u >= 0 && v >= 0 && u < width && v < height)) {
          out[i] = -1;
          continue;
        }
        const [column, row] = [u | 0, v | 0];
        const known = table[row * width + column]!;
        if (known >= -1) {
          out[i] = known;
          continue;
        }
        // The common case of atEdge(), here for the speed of it.
        const at = (((v - row) * SUB) | 0) * SUB + (((u - column) * SUB) | 0);
        const sub = near[(-2 - known) * SUB * SUB + at]!;
        out[i] = sub >= -1 ? sub : atEdge(-2 - known, flat[xAt + i]!, flat[yAt + i]!);
      }
    },
  };
}
