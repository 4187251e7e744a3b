// How a group moves: against itself (counterflow), away from a point (dispersal), or in fits (stop-and-go).
import { crowdDefaults } from './defaults.ts';

export type Counterflow = {
  /** 0 everyone one way .. 1 both ways in balance: 1 - |net| / gross of the motion along the axis */
  readonly index: number;
  /** unit vector of the axis */
  readonly axisX: number;
  readonly axisY: number;
  /** sum of speed along and against the axis, m/s */
  readonly forward: number;
  readonly backward: number;
};

/**
 * Counterflow along an axis: the one given, or the main axis of motion (largest eigenvector of sum v v^T).
 * Unknown velocities (NaN) are left out.
 * @returns undefined when nobody moves along the axis
 */
export function counterflow(
  vx: ArrayLike<number>,
  vy: ArrayLike<number>,
  axis?: readonly [number, number],
  n: number = vx.length,
): Counterflow | undefined {
  const [axisX, axisY] = axis ? unit(axis[0], axis[1]) : mainAxis(vx, vy, n);
  let forward = 0;
  let backward = 0;
  for (let i = 0; i < n; i++) {
    const along = vx[i] * axisX + vy[i] * axisY;
    if (along > 0) forward += along;
    else if (along < 0) backward -= along;
  }
  const gross = forward + backward;
  if (!(gross > 0)) return undefined;
  return { index: 1 - Math.abs(forward - backward) / gross, axisX, axisY, forward, backward };
}

function unit(x: number, y: number): [number, number] {
  const length = Math.sqrt(x * x + y * y);
  return [x / length, y / length];
}

function mainAxis(vx: ArrayLike<number>, vy: ArrayLike<number>, n: number): [number, number] {
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(vx[i]) || Number.isNaN(vy[i])) continue;
    xx += vx[i] * vx[i];
    xy += vx[i] * vy[i];
    yy += vy[i] * vy[i];
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  return [Math.cos(angle), Math.sin(angle)];
}

export type Dispersal = {
  /** 1/s: slope of outward velocity on distance; positive apart, negative together */
  readonly rate: number;
  /** m/s: mean speed away from the centre */
  readonly outwardSpeed: number;
  /** share of the persons moving away from the centre, 0..1 */
  readonly outwardShare: number;
  readonly persons: number;
};

/**
 * Dispersal of a group about its centre, its common drift taken out: least-squares fit of v - <v> = rate (r - <r>).
 * @returns undefined below three persons with known velocity, or when they stand on one point
 */
export function dispersal(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  vx: ArrayLike<number>,
  vy: ArrayLike<number>,
  n: number = x.length,
): Dispersal | undefined {
  let [cx, cy, ux, uy, persons] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(vx[i]) || Number.isNaN(vy[i])) continue;
    persons++;
    cx += x[i];
    cy += y[i];
    ux += vx[i];
    uy += vy[i];
  }
  if (persons < 3) return undefined;
  cx /= persons;
  cy /= persons;
  ux /= persons;
  uy /= persons;
  let [rr, rv, outward, away] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(vx[i]) || Number.isNaN(vy[i])) continue;
    const rx = x[i] - cx;
    const ry = y[i] - cy;
    const dot = rx * (vx[i] - ux) + ry * (vy[i] - uy);
    const r2 = rx * rx + ry * ry;
    rr += r2;
    rv += dot;
    if (r2 > 0) outward += dot / Math.sqrt(r2);
    if (dot > 0) away++;
  }
  if (rr === 0) return undefined;
  return { rate: rv / rr, outwardSpeed: outward / persons, outwardShare: away / persons, persons };
}

export type StopAndGoLimits = {
  /** 1/(m s) */
  readonly flow: number;
  /** 1/m2 */
  readonly density: number;
};

export const stopAndGoLimits: StopAndGoLimits = {
  flow: crowdDefaults.stopAndGoFlow.value,
  density: crowdDefaults.stopAndGoDensity.value,
};

/**
 * Stop-and-go: specific outflow below the limit while density is above it. Marked the Mina 2006 crowd 26 minutes
 * before it became turbulent (Helbing 2007).
 * @param outflow persons per metre of width and second, counted over at least one wave (about 30 s)
 * @returns undefined when either is unknown (NaN)
 */
export function isStopAndGo(
  outflow: number,
  density: number,
  limits: StopAndGoLimits = stopAndGoLimits,
): boolean | undefined {
  if (Number.isNaN(outflow) || Number.isNaN(density)) return undefined;
  return outflow < limits.flow && density > limits.density;
}
