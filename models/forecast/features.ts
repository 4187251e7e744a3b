// The levels of a history as the inputs of a regression: differences from what is expected at the target time, in a
// scale (raw, square root, logarithm) in which errors of a count are of one size, and in units of the usual difference.
import type { Levels } from './history.ts';

/** Numbers per feature vector. */
export const FEATURES = 19;

export type Scale = 'raw' | 'root' | 'log';

export function toScale(scale: Scale, value: number): number {
  if (scale === 'raw') return value;
  if (scale === 'root') return Math.sign(value) * Math.sqrt(Math.abs(value));
  return Math.sign(value) * Math.log1p(Math.abs(value));
}

export function fromScale(scale: Scale, value: number): number {
  if (scale === 'raw') return value;
  if (scale === 'root') return Math.sign(value) * value * value;
  return Math.sign(value) * Math.expm1(Math.abs(value));
}

const known = (difference: number): number => (Number.isFinite(difference) ? difference : 0);

/**
 * Writes FEATURES numbers at `offset` and returns the expected level of the target in `scale`: a regression predicts the
 * target minus that, divided by `unit`. Unknown levels become zero: no difference from what is expected.
 * @param place place of the target in its day, in [0,1)
 */
export function writeFeatures(
  l: Levels,
  scale: Scale,
  unit: number,
  place: number,
  x: Float64Array,
  offset: number,
): number {
  const g = (v: number): number => toScale(scale, v);
  const target = g(l.expected);
  const y0 = g(l.y0);
  const now = known(y0 - g(l.expected0)) / unit;
  const near = known(g(l.near) - g(l.nearExpected)) / unit;
  const sin = Math.sin(2 * Math.PI * place);
  const cos = Math.cos(2 * Math.PI * place);
  x[offset] = 1;
  x[offset + 1] = now;
  x[offset + 2] = known(g(l.y1) - g(l.expected1)) / unit;
  x[offset + 3] = near;
  x[offset + 4] = known(g(l.far) - g(l.farExpected)) / unit;
  x[offset + 5] = known(g(l.weekLast) - target) / unit;
  x[offset + 6] = known(g(l.weekPrevious) - target) / unit;
  x[offset + 7] = known(g(l.dayLast) - target) / unit;
  x[offset + 8] = known(g(l.dayMean) - target) / unit;
  x[offset + 9] = known(y0 - target) / unit;
  x[offset + 10] = known(g(l.eventLast) - target) / unit;
  x[offset + 11] = known(g(l.eventMean) - target) / unit;
  x[offset + 12] = known(g(l.scaled) - target) / unit;
  x[offset + 13] = known(y0 - g(l.y1)) / unit;
  x[offset + 14] = known(g(l.y1) - g(l.y2)) / unit;
  x[offset + 15] = now * sin;
  x[offset + 16] = now * cos;
  x[offset + 17] = sin;
  x[offset + 18] = cos;
  return target;
}
