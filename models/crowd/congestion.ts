// Congestion level: how much the rotor of the velocity field differs from place to place, over the mean speed.
// Feliciani & Nishinari 2018, Transportation Research C 91, 124-155; pure number: Zanlungo et al. 2023, ibid. 148.
import type { Grid } from './grid.ts';

export type Congestion = {
  /** (max rotor - min rotor) / mean speed, 1/m */
  readonly level: number;
  /** level times density, 1/m3 ("crowd danger") */
  readonly danger: number;
  /** level times the cell size: the dimensionless number, comparable between grids of different cells */
  readonly number: number;
  /** rotor range, 1/s, and mean speed, m/s, it was made from */
  readonly rotorMin: number;
  readonly rotorMax: number;
  readonly meanSpeed: number;
  /** cells with a rotor: few of them make the number meaningless */
  readonly cells: number;
};

/**
 * Rotor dvy/dx - dvx/dy (1/s) per cell by central differences; NaN where a neighbour's velocity is unknown.
 * @param vx,vy mean velocity per cell, m/s, NaN where unknown (see gridProfile)
 */
export function velocityRotor(grid: Grid, vx: ArrayLike<number>, vy: ArrayLike<number>): Float64Array {
  const { columns, rows, cell } = grid;
  const rotor = new Float64Array(columns * rows).fill(Number.NaN);
  for (let r = 1; r + 1 < rows; r++) {
    for (let c = 1; c + 1 < columns; c++) {
      const k = r * columns + c;
      rotor[k] = (vy[k + 1] - vy[k - 1] - vx[k + columns] + vx[k - columns]) / (2 * cell);
    }
  }
  return rotor;
}

/**
 * Congestion of the velocity field on a grid.
 * @param density of the region in 1/m2, for the danger
 * @returns undefined when no cell has four known neighbours or nobody moves: the number is unknown, not zero
 */
export function congestion(
  grid: Grid,
  vx: ArrayLike<number>,
  vy: ArrayLike<number>,
  density: number,
): Congestion | undefined {
  const rotor = velocityRotor(grid, vx, vy);
  let rotorMin = Infinity;
  let rotorMax = -Infinity;
  let cells = 0;
  for (const r of rotor) {
    if (Number.isNaN(r)) continue;
    cells++;
    if (r < rotorMin) rotorMin = r;
    if (r > rotorMax) rotorMax = r;
  }
  let speed = 0;
  let known = 0;
  for (let k = 0; k < rotor.length; k++) {
    if (Number.isNaN(vx[k]) || Number.isNaN(vy[k])) continue;
    speed += Math.sqrt(vx[k] * vx[k] + vy[k] * vy[k]);
    known++;
  }
  const meanSpeed = speed / known;
  if (cells === 0 || !(meanSpeed > 0)) return undefined;
  const level = (rotorMax - rotorMin) / meanSpeed;
  return { level, danger: level * density, number: level * grid.cell, rotorMin, rotorMax, meanSpeed, cells };
}
