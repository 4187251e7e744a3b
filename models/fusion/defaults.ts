// Every constant of the fusion of views, with its unit and where it comes from.

export interface FusionOptions {
  /** Standard deviation of a reported coordinate, m, of cameras without one of their own, until it is estimated. */
  readonly positionSigmaM: number;
  /** Squared Mahalanobis distance up to which two sightings may be one person. */
  readonly gate: number;
  /** What it costs, in squared Mahalanobis distance, to take two sightings for one person that were not before. */
  readonly change: number;
  /** How long a camera's local track is remembered without a detection, ms of event time. */
  readonly bindMs: number;
  /** How long a person whom no camera detects is still counted, ms of event time. */
  readonly coastMs: number;
  /** Growth of the position's deviation while nobody sees the person, m/s. */
  readonly driftMS: number;
  /** Share of persons in view that a camera misses per frame, until enough has been seen to estimate it. */
  readonly missRate: number;
}

export const fusionDefaults: FusionOptions = {
  // Where the estimate from persons seen by several cameras begins: the middle of 0.1-0.4 m, the usual range of feet on a calibrated
  // floor. Where no two cameras see the same person it stays: too large confuses neighbours, too small counts people twice.
  positionSigmaM: 0.25,
  // Chi-square with 2 degrees of freedom, 99.9 %: -2 ln 0.001.
  gate: -2 * Math.log(1e-3),
  // Choice: -2 ln of the odds, about 1 in 3 per step, that noise alone makes the wrong pair of two fit better.
  change: 2,
  // Choice: a person missed by 20 % of the frames is unseen for 1 s of a camera at 2 frames/s with probability 0.8 %.
  bindMs: 1_500,
  // Choice: bridges one missed frame at 1 frame/s or two at 2; a person who leaves is counted at most so much longer.
  coastMs: 1_000,
  // Weidmann 1993: free walking speed 1.34 +- 0.26 m/s; what the last velocity does not foretell of a step.
  driftMS: 0.5,
  // Choice until measured: order of the miss rate of detectors in open crowds.
  missRate: 0.05,
};
