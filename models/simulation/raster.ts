// The walkable floor of one level as square cells. A cell is open only when it lies wholly on the floor, so that a
// walker who keeps to open cells cannot pass through a wall, however thin.
import { boundingBox, type Polygon } from '#models/geometry/polygon.ts';

export interface Raster {
  readonly originX: number;
  readonly originY: number;
  /** Edge of a cell, metres. */
  readonly cellM: number;
  readonly width: number;
  readonly height: number;
  /** 1 where the cell is open. Row by row from the south-west. */
  readonly open: Uint8Array;
}

const MARGIN_CELLS = 1;

export function rasterise(floors: readonly Polygon[], cellM: number): Raster {
  const boxes = floors.map(boundingBox);
  const minX = Math.min(...boxes.map((b) => b.minX));
  const minY = Math.min(...boxes.map((b) => b.minY));
  const originX = Math.floor(minX / cellM - MARGIN_CELLS) * cellM;
  const originY = Math.floor(minY / cellM - MARGIN_CELLS) * cellM;
  const width = Math.ceil((Math.max(...boxes.map((b) => b.maxX)) - originX) / cellM) + MARGIN_CELLS;
  const height = Math.ceil((Math.max(...boxes.map((b) => b.maxY)) - originY) / cellM) + MARGIN_CELLS;
  const open = new Uint8Array(width * height);
  const raster = { originX, originY, cellM, width, height, open };
  for (const floor of floors) fillInside(raster, floor, (c) => (open[c] = 1));
  for (const floor of floors) visitEdgeCells(raster, floor, (c) => (open[c] = 0));
  return raster;
}

/** Index of the cell with (x, y), or -1 outside the raster. */
export function cellAt(r: Raster, x: number, y: number): number {
  const i = Math.floor((x - r.originX) / r.cellM);
  const j = Math.floor((y - r.originY) / r.cellM);
  return i >= 0 && j >= 0 && i < r.width && j < r.height ? j * r.width + i : -1;
}

type Grid = Omit<Raster, 'open'>;

/** Calls `visit` for every cell whose centre is inside (even-odd over all rings), by scan lines. */
export function fillInside(grid: Grid, polygon: Polygon, visit: (cell: number) => void): void {
  const rings = [polygon.exterior, ...polygon.holes];
  const crossings: number[] = [];
  for (let j = 0; j < grid.height; j++) {
    const y = grid.originY + (j + 0.5) * grid.cellM;
    crossings.length = 0;
    for (const ring of rings) {
      let ax = ring[ring.length - 2]!;
      let ay = ring[ring.length - 1]!;
      for (let k = 0; k < ring.length; k += 2) {
        const bx = ring[k]!;
        const by = ring[k + 1]!;
        if (ay > y !== by > y) crossings.push(ax + ((y - ay) * (bx - ax)) / (by - ay));
        ax = bx;
        ay = by;
      }
    }
    crossings.sort((p, q) => p - q);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const from = Math.max(0, Math.ceil((crossings[k]! - grid.originX) / grid.cellM - 0.5));
      const to = Math.min(grid.width - 1, Math.floor((crossings[k + 1]! - grid.originX) / grid.cellM - 0.5));
      for (let i = from; i <= to; i++) visit(j * grid.width + i);
    }
  }
}

/** Calls `visit` for every cell that an edge of the polygon touches (walked in steps of a centimetre). */
export function visitEdgeCells(grid: Grid, polygon: Polygon, visit: (cell: number) => void): void {
  for (const ring of [polygon.exterior, ...polygon.holes]) {
    let ax = ring[ring.length - 2]!;
    let ay = ring[ring.length - 1]!;
    for (let k = 0; k < ring.length; k += 2) {
      const bx = ring[k]!;
      const by = ring[k + 1]!;
      visitLineCells(grid, ax, ay, bx, by, visit);
      ax = bx;
      ay = by;
    }
  }
}

export function visitLineCells(
  grid: Grid,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  visit: (cell: number) => void,
): void {
  const n = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / 0.01));
  let last = -1;
  for (let k = 0; k <= n; k++) {
    const i = Math.floor((ax + ((bx - ax) * k) / n - grid.originX) / grid.cellM);
    const j = Math.floor((ay + ((by - ay) * k) / n - grid.originY) / grid.cellM);
    if (i < 0 || j < 0 || i >= grid.width || j >= grid.height) continue;
    const cell = j * grid.width + i;
    if (cell !== last) visit(cell);
    last = cell;
  }
}
