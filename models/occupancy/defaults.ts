// Every constant of the ledger and of safe capacity, with unit and source. `certain: false`: quoted from memory or chosen;
// the venue's safety officer confirms or replaces it.

interface Cited<T> {
  readonly value: T;
  readonly unit: string;
  readonly source: string;
  readonly certain: boolean;
}

const guide = 'Guide to Safety at Sports Grounds (Green Guide), 6th edition';

export const occupancyDefaults = {
  /** The most that one turnstile lane passes in one direction in a short burst. */
  lanePeakPerS: { value: 1, unit: '1/s', source: 'makers state 20 to 60 a minute', certain: false },
  /** The most it passes for longer than a minute. */
  laneSustainedPerS: {
    value: 0.5,
    unit: '1/s',
    source: 'half the peak; 660 an hour is planned',
    certain: false,
  },
  /** The most that passes a metre of an open line in one direction. */
  linePeakPerMS: {
    value: 2.5,
    unit: '1/(m s)',
    source: 'twice the 82 p/m/min of the Green Guide, for groups',
    certain: false,
  },
  lineSustainedPerMS: { value: 1.5, unit: '1/(m s)', source: '82 p/m/min and a tenth more', certain: false },
  /** Persons that a reading may hold above the bound, for the rounding of times. */
  burst: { value: 5, unit: '1', source: 'choice', certain: false },
  /** Readings that must run backwards one after another until the counter is believed to count down. */
  backwardsReadings: {
    value: 3,
    unit: '1',
    source: 'choice: a noisy counter goes back once',
    certain: false,
  },
  /** Entry through one turnstile lane when capacity is planned. */
  entryLanePerHour: { value: 660, unit: '1/h', source: guide, certain: true },
  /** Time within which all must be able to enter. */
  entryTime: { value: 3600, unit: 's', source: guide, certain: true },
  /** Flow through exits on level ground, and over steps. */
  exitLevel: { value: 82, unit: '1/(m min)', source: guide, certain: true },
  exitStepped: { value: 66, unit: '1/(m min)', source: guide, certain: true },
  /** Normal egress. */
  egressTime: { value: 8, unit: 'min', source: guide, certain: true },
  /** Emergency egress: 2.5 min at high fire risk to 8 min at low. The middle until the fire assessment says. */
  emergencyTime: { value: 5, unit: 'min', source: `${guide}: 2.5 to 8 min by risk`, certain: true },
  /** Standing area filled at most to. */
  standingDensity: { value: 4.7, unit: '1/m2', source: `${guide}: 47 persons per 10 m2`, certain: true },
  /** Physical condition and safety management, 0 to 1: assessed per venue. */
  physical: { value: 1, unit: '1', source: `${guide}: P factor`, certain: false },
  safetyManagement: { value: 1, unit: '1', source: `${guide}: S factor`, certain: false },
  /** A line whose last window is older than this by the venue's time does not see. Flow gives windows about 3 s late. */
  silentLine: {
    value: 15,
    unit: 's',
    source: 'choice: five times the delay of the flow processor',
    certain: false,
  },
  /** Time over which a line's rate is a mean: what is expected of it while it does not see. */
  rateTime: { value: 300, unit: 's', source: 'choice: arrivals change over minutes', certain: false },
  /** Time a line must have been seen for its rate to be believed in full; below, in proportion. */
  leastKnown: { value: 60, unit: 's', source: 'choice', certain: false },
  /** Time after which that rate is believed no longer. */
  unseenHold: {
    value: 900,
    unit: 's',
    source: 'choice: by then a person must stand there and count',
    certain: false,
  },
  /** A counter that has not spoken for so long is compared with the other one all the same. */
  silentDevice: { value: 300, unit: 's', source: 'choice', certain: false },
  /** Occupancy at which tickets may be checked again, as a share of the approved number. */
  clearShare: {
    value: 0.95,
    unit: '1',
    source: 'choice: hysteresis, so that one order is given and not many',
    certain: false,
  },
} as const satisfies Record<string, Cited<number>>;
