// The levels of a history as the inputs of a regression: differences from what is expected at the target time, in a
// scale (raw, square root, logarithm) in which errors of a count are of one size, and in units of the usual difference.
import type { Levels } from './history.ts';

/** Numbers per feature vector. */
export const FEATURES = 19;

/** Inputs of a trained network: the features in the root scale, and the statistical median and band ends. */
export const INPUTS = FEATURES + 3;

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

/** Differences beyond this many units say no more than this: a jump must not drown what else is known. */
const MOST_UNITS = 1e4;

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
  const inUnits = (difference: number): number =>
    Number.isFinite(difference) ? Math.min(MOST_UNITS, Math.max(-MOST_UNITS, difference / unit)) : 0;
  const target = g(l.expected);
  const y0 = g(l.y0);
  const now = inUnits(y0 - g(l.expected0));
  const near = inUnits(g(l.near) - g(l.nearExpected));
  const sin = Math.sin(2 * Math.PI * place);
  const cos = Math.cos(2 * Math.PI * place);
  x[offset] = 1;
  x[offset + 1] = now;
  x[offset + 2] = inUnits(g(l.y1) - g(l.expected1));
  x[offset + 3] = near;
  x[offset + 4] = inUnits(g(l.far) - g(l.farExpected));
  x[offset + 5] = inUnits(g(l.weekLast) - target);
  x[offset + 6] = inUnits(g(l.weekPrevious) - target);
  x[offset + 7] = inUnits(g(l.dayLast) - target);
  x[offset + 8] = inUnits(g(l.dayMean) - target);
  x[offset + 9] = inUnits(y0 - target);
  x[offset + 10] = inUnits(g(l.eventLast) - target);
  x[offset + 11] = inUnits(g(l.eventMean) - target);
  x[offset + 12] = inUnits(g(l.scaled) - target);
  x[offset + 13] = inUnits(y0 - g(l.y1));
  x[offset + 14] = inUnits(g(l.y1) - g(l.y2));
  x[offset + 15] = now * sin;
  x[offset + 16] = now * cos;
  x[offset + 17] = sin;
  x[offset + 18] = cos;
  return target;
}
