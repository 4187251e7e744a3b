// Every threshold of the crowd measures with its unit and citation. None is buried in code: each function takes its
// thresholds as a parameter and only defaults to these. `certain: false` marks a value known from a secondary source,
// which the venue's safety officer must confirm before it is relied on.

/** A number with where it comes from. */
export type Cited<T = number> = {
  readonly value: T;
  readonly unit: string;
  readonly source: string;
  readonly certain: boolean;
};

const fruin = 'Fruin 1971, Pedestrian Planning and Design';
const helbing = 'Helbing, Johansson & Al-Abideen 2007, Phys. Rev. E 75, 046109';
const gu = 'Gu et al. 2025, Nature 638, 112-119';

export const crowdDefaults = {
  /** Persons per m2 above which levels B, C, D, E, F begin on a walkway: 35, 25, 15, 10, 5 sq ft per person. */
  walkwayDensityBounds: {
    value: [1 / 3.25, 1 / 2.32, 1 / 1.39, 1 / 0.93, 1 / 0.46],
    unit: '1/m2',
    source: fruin,
    certain: true,
  },
  /** Flow above which levels B, C, D, E, F begin on a walkway: 7, 10, 15, 20, 25 persons per foot and minute. */
  walkwayFlowBounds: { value: [23, 33, 49, 66, 82], unit: '1/(m min)', source: fruin, certain: true },
  /** Persons per m2 above which levels B to F begin where people stand: 13, 10, 7, 3, 2 sq ft per person. */
  queueDensityBounds: {
    value: [1 / 1.21, 1 / 0.93, 1 / 0.65, 1 / 0.28, 1 / 0.19],
    unit: '1/m2',
    source: fruin,
    certain: true,
  },
  /** Crowd pressure above which motion turns turbulent. */
  turbulencePressure: { value: 0.02, unit: '1/s2', source: helbing, certain: false },
  /** Outflow below this, at density above `stopAndGoDensity`, is stop-and-go. */
  stopAndGoFlow: { value: 0.8, unit: '1/(m s)', source: helbing, certain: true },
  stopAndGoDensity: {
    value: 3.5,
    unit: '1/m2',
    source: 'Fruin, contact density; docs/measures.md',
    certain: false,
  },
  /** Band in which a packed crowd oscillates as one (18 s at 9 persons per m2 is 0.056 Hz). */
  oscillationBand: { value: [0.03, 0.1], unit: 'Hz', source: gu, certain: true },
  /** Density from which the oscillation was observed. */
  oscillationDensity: { value: 4, unit: '1/m2', source: gu, certain: false },
  /** How many of its last periods a frequency is fitted to, and the share of the velocity's variance it must explain there. */
  oscillationRules: {
    value: [
      { periods: 2, share: 0.8 },
      { periods: 3, share: 0.65 },
    ],
    unit: '1',
    source:
      'choice: one period cannot be told from a drift; shares by false calls on noise (bench measure-errors)',
    certain: false,
  },
  /** Amplitude of the common velocity below which an oscillation is of no concern. */
  oscillationAmplitude: {
    value: 0.03,
    unit: 'm/s',
    source: 'choice: noise of a tracked mean',
    certain: false,
  },
  /** Time in a zone from which a person loiters. */
  loiteringTime: { value: 300, unit: 's', source: 'choice of the venue', certain: false },
  /** Absence after which a person has left a zone rather than been lost by the tracker. */
  dwellGap: { value: 3, unit: 's', source: 'choice: usual tracker memory', certain: false },
} as const satisfies Record<
  string,
  Cited<number | readonly number[] | readonly Readonly<Record<string, number>>[]>
>;
