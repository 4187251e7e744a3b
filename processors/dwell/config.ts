// Which windows dwell keeps, from when on a person loiters, and how long absence and blindness are forgiven.
import { crowdDefaults } from '#models/crowd/index.ts';
import type { Zone } from '#models/venue/index.ts';
import type { WindowSpec } from '#processors/window/index.ts';
import type { TimeBounds } from '../shared/bounds.ts';

export interface DwellWindowSpec extends WindowSpec {
  /** First token after `win.` of its results. */
  readonly metric: string;
}

/** Stays last minutes: shorter windows than one would hold no end of any. */
const WANTED = [
  { metric: 'dwell', lengthMs: 60_000 },
  { metric: 'dwell-15m', lengthMs: 900_000 },
] as const;
const HOP_MS = 1_000;

/** The windows of a venue with this tick. Lengths are rounded to whole ticks. */
export function dwellWindows(tickMs: number): DwellWindowSpec[] {
  const nearest = (ms: number): number => Math.max(1, Math.round(ms / tickMs)) * tickMs;
  return WANTED.map(({ metric, lengthMs }) => ({
    metric,
    name: metric,
    lengthMs: nearest(lengthMs),
    hopMs: nearest(HOP_MS),
  }));
}

export interface DwellSettings {
  /** Absence after which a person has left a zone, s. */
  readonly gapS: number;
  /** A camera may be silent for so long, s, without ending the stays in its view: they go on when it is back. */
  readonly blindS: number;
  /** Seconds in a zone from which a person loiters, by the zone's use; null: nobody does, staying is what it is for. */
  readonly loiteringS: Readonly<Record<Zone['use'], number | null>>;
}

const LOITERING_S = crowdDefaults.loiteringTime.value;

export const DEFAULT_DWELL: DwellSettings = {
  gapS: crowdDefaults.dwellGap.value,
  // Choice: longer than a camera's reconnection, shorter than people need to change places.
  blindS: 30,
  loiteringS: {
    moving: LOITERING_S,
    standing: LOITERING_S,
    pitch: LOITERING_S,
    seated: null,
    water: null,
  },
};

/** As flow's: a late frame cannot correct who was where, and figures over a minute lose nothing by two seconds. */
export const DWELL_BOUNDS: TimeBounds = {
  disorderMs: 2_000,
  latenessMs: 10_000,
  idleMs: 3_000,
  futureMs: 5_000,
};

/** Longer stays are shown as this, s: 18 hours. */
export const MAX_STAY_S = 2 ** 16;
/** Quantiles of stays: from here up, s, with this relative error; shorter ones count as 0. */
export const LEAST_STAY_S = 0.1;
export const STAY_ACCURACY = 0.01;
/** Frame periods without a frame until a camera is not live. */
export const HELD_PERIODS = 2;
