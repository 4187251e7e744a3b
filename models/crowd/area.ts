// Counts, classic density and mean speed in an area. A person exactly on the boundary is outside (PedPy).
import { locatePoint, type Polygon, polygonArea } from '#models/geometry/index.ts';

/** Persons strictly inside the area among rows `from` up to `to`. */
export function countInside(
  area: Polygon,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  from = 0,
  to: number = x.length,
): number {
  let count = 0;
  for (let i = from; i < to; i++) if (locatePoint(area, x[i], y[i]) === 1) count++;
  return count;
}

/** Classic density in 1/m2: persons strictly inside over the area. */
export function classicDensity(
  area: Polygon,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  from = 0,
  to: number = x.length,
): number {
  return countInside(area, x, y, from, to) / polygonArea(area);
}

/**
 * Mean speed in m/s of the persons strictly inside; persons without a speed (NaN) are left out.
 * 0 when nobody is inside, NaN when nobody inside has a speed (PedPy's convention).
 */
export function meanSpeed(
  area: Polygon,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  speed: ArrayLike<number>,
  from = 0,
  to: number = x.length,
): number {
  let inside = 0;
  let known = 0;
  let sum = 0;
  for (let i = from; i < to; i++) {
    if (locatePoint(area, x[i], y[i]) !== 1) continue;
    inside++;
    if (Number.isNaN(speed[i])) continue;
    known++;
    sum += speed[i];
  }
  return inside === 0 ? 0 : sum / known;
}
