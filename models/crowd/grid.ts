// Profiles on a regular grid: counts, density and mean velocity per square cell.
import type { Box } from '#models/geometry/index.ts';
import { MeasureError } from './errors.ts';

/** Square cells of `cell` metres over a box; row 0 has the lowest y, column 0 the lowest x. */
export type Grid = {
  readonly box: Box;
  readonly cell: number;
  readonly columns: number;
  readonly rows: number;
};

/** @throws MeasureError when the box is not a whole number of cells wide and high */
export function createGrid(box: Box, cell: number): Grid {
  if (!(cell > 0)) throw new MeasureError(`grid cell must be above 0 m, got ${cell}`);
  const columns = Math.round((box.maxX - box.minX) / cell);
  const rows = Math.round((box.maxY - box.minY) / cell);
  const fits =
    Math.abs(box.minX + columns * cell - box.maxX) < 1e-9 &&
    Math.abs(box.minY + rows * cell - box.maxY) < 1e-9;
  if (!fits || columns < 1 || rows < 1)
    throw new MeasureError(
      `grid box ${box.maxX - box.minX} x ${box.maxY - box.minY} m is no multiple of ${cell} m`,
    );
  return { box, cell, columns, rows };
}

/** Cell of a position (row * columns + column) or -1; cells are half-open, the last of each axis closed (numpy). */
export function gridCell(grid: Grid, x: number, y: number): number {
  const { box, cell, columns, rows } = grid;
  if (!(x >= box.minX && x <= box.maxX && y >= box.minY && y <= box.maxY)) return -1;
  return bin(x, box.minX, cell, columns) + bin(y, box.minY, cell, rows) * columns;
}

function bin(v: number, min: number, cell: number, bins: number): number {
  let k = Math.floor((v - min) / cell);
  // settle rounding of the division against the edges min + k * cell themselves
  if (v < min + k * cell) k--;
  else if (v >= min + (k + 1) * cell) k++;
  return k < 0 ? 0 : k >= bins ? bins - 1 : k;
}

/** Persons per cell, row-major from the lowest y. */
export function gridCounts(
  grid: Grid,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  from = 0,
  to: number = x.length,
): Int32Array {
  const counts = new Int32Array(grid.columns * grid.rows);
  for (let i = from; i < to; i++) {
    const cell = gridCell(grid, x[i], y[i]);
    if (cell >= 0) counts[cell]++;
  }
  return counts;
}

/** Profile of one frame: persons, density (1/m2) and mean velocity (m/s, NaN in empty cells) per cell. */
export type GridProfile = {
  readonly counts: Int32Array;
  readonly density: Float32Array;
  readonly vx: Float32Array;
  readonly vy: Float32Array;
};

/** Counts, classic density and mean velocity per cell; persons with unknown velocity (NaN) count but do not move. */
export function gridProfile(
  grid: Grid,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  vx: ArrayLike<number>,
  vy: ArrayLike<number>,
  n: number = x.length,
): GridProfile {
  const cells = grid.columns * grid.rows;
  const counts = new Int32Array(cells);
  const moving = new Int32Array(cells);
  const sumX = new Float64Array(cells);
  const sumY = new Float64Array(cells);
  for (let i = 0; i < n; i++) {
    const k = gridCell(grid, x[i], y[i]);
    if (k < 0) continue;
    counts[k]++;
    if (Number.isNaN(vx[i]) || Number.isNaN(vy[i])) continue;
    moving[k]++;
    sumX[k] += vx[i];
    sumY[k] += vy[i];
  }
  const area = grid.cell * grid.cell;
  const [density, meanX, meanY] = [new Float32Array(cells), new Float32Array(cells), new Float32Array(cells)];
  // Loops, for `from` with a function costs many times as much on grids of thousands of cells.
  for (let k = 0; k < cells; k++) {
    density[k] = counts[k] / area;
    meanX[k] = sumX[k] / moving[k];
    meanY[k] = sumY[k] / moving[k];
  }
  return { counts, density, vx: meanX, vy: meanY };
}
