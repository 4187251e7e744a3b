// How cameras err, stated so that a test can derive its tolerance (see README.md).

export interface NoiseModel {
  /** Standard deviation of a reported coordinate about the true one, m. */
  readonly positionSigmaM: number;
  /** Correlation time of that error, s: a detector's error drifts with the person's posture, it does not jump each frame. */
  readonly positionCorrelationS: number;
  /** Probability that a person in view is not in the frame, independent for each person and frame. */
  readonly missRate: number;
  /** Probability that a frame is sent twice (same message id). */
  readonly duplicateRate: number;
  /** Probability that a frame comes after the next one of its camera. */
  readonly reorderRate: number;
  /** Probability that a frame is late by `lateMs`, uniformly between the two. */
  readonly lateRate: number;
  readonly lateMs: readonly [number, number];
  /** Ordinary delay from the instant shown to the sending, ms, uniformly between the two. */
  readonly delayMs: readonly [number, number];
}

export const DEFAULT_NOISE: NoiseModel = {
  positionSigmaM: 0.15,
  positionCorrelationS: 10,
  missRate: 0.03,
  duplicateRate: 0.005,
  reorderRate: 0.005,
  lateRate: 0.005,
  lateMs: [600, 1800],
  delayMs: [30, 120],
};

/** Perfect cameras: every person, at the true place, at once. */
export const NO_NOISE: NoiseModel = {
  positionSigmaM: 0,
  positionCorrelationS: 10,
  missRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  lateRate: 0,
  lateMs: [0, 0],
  delayMs: [0, 0],
};

/**
 * Bounds of a zone's reported count when `count` persons are truly there: binomial of the misses, `sigmas` wide, and `border`
 * persons who stand so near the zone's edge that the position error may put them on the other side.
 */
export function countBounds(
  count: number,
  noise: Pick<NoiseModel, 'missRate'>,
  sigmas = 4,
  border = 0,
): { low: number; high: number } {
  const mean = count * (1 - noise.missRate);
  const spread = sigmas * Math.sqrt(count * noise.missRate * (1 - noise.missRate));
  return { low: Math.floor(mean - spread) - border, high: Math.ceil(mean + spread) + border };
}
