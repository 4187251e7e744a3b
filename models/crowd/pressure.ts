// Crowd pressure: density times the variance of velocity, the precursor of crowd turbulence (Helbing et al. 2007).
import { crowdDefaults } from './defaults.ts';
import { type Grid, gridCell } from './grid.ts';

/**
 * Running sums of velocity for one zone or cell. Sums add and subtract, so panes of a sliding window combine.
 * m2 is taken about zero: at walking speeds the loss of digits is below 1e-12 for a million samples.
 */
export type VelocityMoments = { samples: number; sumX: number; sumY: number; sumSquares: number };

export function emptyMoments(): VelocityMoments {
  return { samples: 0, sumX: 0, sumY: 0, sumSquares: 0 };
}

/** Add one velocity in m/s; an unknown one (NaN) is left out. */
export function addVelocity(m: VelocityMoments, vx: number, vy: number): void {
  if (Number.isNaN(vx) || Number.isNaN(vy)) return;
  m.samples++;
  m.sumX += vx;
  m.sumY += vy;
  m.sumSquares += vx * vx + vy * vy;
}

/** Add the samples of `other` to `m`. */
export function mergeMoments(m: VelocityMoments, other: VelocityMoments): void {
  m.samples += other.samples;
  m.sumX += other.sumX;
  m.sumY += other.sumY;
  m.sumSquares += other.sumSquares;
}

/**
 * Var(v) = <|v - <v>|^2> in m2/s2 over all samples; NaN below two samples.
 * @param noiseVariance variance in m2/s2 that measurement noise adds to |v|^2 (both axes together); taken off, not
 *   below 0
 */
export function velocityVariance(m: VelocityMoments, noiseVariance = 0): number {
  if (m.samples < 2) return Number.NaN;
  const mx = m.sumX / m.samples;
  const my = m.sumY / m.samples;
  return Math.max(0, m.sumSquares / m.samples - mx * mx - my * my - noiseVariance);
}

/** P = rho Var(v) in 1/s2 from a density in 1/m2; NaN (unknown) below two velocities. */
export function crowdPressure(density: number, m: VelocityMoments, noiseVariance = 0): number {
  return density * velocityVariance(m, noiseVariance);
}

/** Whether a pressure is turbulent; unknown (NaN) is not a "no": undefined. */
export function isTurbulent(
  pressure: number,
  threshold: number = crowdDefaults.turbulencePressure.value,
): boolean | undefined {
  return Number.isNaN(pressure) ? undefined : pressure > threshold;
}

/** Moments per grid cell of one frame or many (pass the same array again to add a frame). */
export function addToGrid(
  moments: readonly VelocityMoments[],
  grid: Grid,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  vx: ArrayLike<number>,
  vy: ArrayLike<number>,
  n: number = x.length,
): void {
  for (let i = 0; i < n; i++) {
    const cell = gridCell(grid, x[i], y[i]);
    if (cell >= 0) addVelocity(moments[cell], vx[i], vy[i]);
  }
}
