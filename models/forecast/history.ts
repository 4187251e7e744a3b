// What a forecaster remembers of its series: the newest values, days, weeks and events, and how far the series is
// from what they lead one to expect. Everything a forecast is made of is read from here.
import type { Memory } from './memory.ts';
import { emptyView, Season, type SeasonView } from './season.ts';

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;
/** Events are followed this long after their beginning. */
const EVENT = 12 * HOUR;
/** Series coarser than this are not looked at event by event. */
const COARSEST_EVENT_STEP = 15 * 60_000;
/** A break in the series of this length ends an event. */
const BREAK_MS = HOUR;
/** So does a quiet time, of a series that never stops; longer, because a gate is quiet while a match is played. */
const QUIET_MS = 4 * HOUR;
/** At most this share of the largest value is quiet. */
const QUIET_SHARE = 0.02;

/** Levels, in the unit of the series, from which a forecast for one horizon is made; NaN where unknown. */
export interface Levels {
  /** Newest value, and those one and two steps before. */
  y0: number;
  y1: number;
  y2: number;
  /** What was expected of `y0` and `y1` before they came. */
  expected0: number;
  expected1: number;
  /** Means over the last few steps and over about a day, and what was expected of them. */
  near: number;
  nearExpected: number;
  far: number;
  farExpected: number;
  /** Expected at the target time. */
  expected: number;
  weekLast: number;
  weekPrevious: number;
  dayLast: number;
  dayMean: number;
  eventLast: number;
  eventMean: number;
  /** Expected at the target, scaled by how the last steps compare to what was expected of them. */
  scaled: number;
  /** Damped trend. */
  trend: number;
  /** Expected at the target plus the smoothed distance from expectation. */
  carried: number;
}

export function unknownLevels(): Levels {
  const x = Number.NaN;
  return {
    ...{ y0: x, y1: x, y2: x, expected0: x, expected1: x, near: x, nearExpected: x, far: x, farExpected: x },
    ...{ expected: x, weekLast: x, weekPrevious: x, dayLast: x, dayMean: x, eventLast: x, eventMean: x },
    ...{ scaled: x, trend: x, carried: x },
  };
}

const LAG = 4;
/** Places in the array of scalars. */
const S = {
  slot: 0,
  count: 1,
  near: 2,
  nearExpected: 3,
  far: 4,
  farExpected: 5,
  level: 6,
  trend: 7,
  mean: 8,
  min: 9,
  max: 10,
  event: 11,
  eventStart: 12,
  lastLoud: 13,
  nearWeight: 14,
  farWeight: 15,
  change: 16,
  anchor: 17,
} as const;

export class History {
  readonly stepMs: number;
  readonly #s: Float64Array;
  readonly #values: Float64Array;
  readonly #expected: Float64Array;
  readonly #day: Season | undefined;
  readonly #week: Season | undefined;
  readonly #event: Season | undefined;
  readonly #farKeep: number;
  readonly #a: SeasonView = emptyView();
  readonly #b: SeasonView = emptyView();
  readonly #c: SeasonView = emptyView();

  constructor(memory: Memory, stepMs: number) {
    this.stepMs = stepMs;
    this.#s = memory.take(18);
    this.#s[S.slot] = Number.NaN;
    this.#s[S.anchor] = Number.NaN;
    this.#s[S.min] = Number.POSITIVE_INFINITY;
    this.#s[S.max] = Number.NEGATIVE_INFINITY;
    this.#s[S.eventStart] = Number.NaN;
    this.#s[S.lastLoud] = Number.NaN;
    this.#values = memory.take(LAG, Number.NaN);
    this.#expected = memory.take(LAG, Number.NaN);
    const season = (periodMs: number, rate: number, wraps: boolean): Season =>
      new Season(memory, { periodMs, stepMs, rate, wraps });
    this.#day = stepMs <= 6 * HOUR ? season(DAY, 0.1, true) : undefined;
    this.#week = stepMs <= DAY ? season(WEEK, 0.2, true) : undefined;
    this.#event = stepMs <= COARSEST_EVENT_STEP ? season(EVENT, 0.25, false) : undefined;
    this.#farKeep = 1 - 1 / Math.min(48, Math.max(7, DAY / stepMs));
  }

  get count(): number {
    return this.#s[S.count];
  }

  /** Number of the newest step. NaN before the first value. */
  get slot(): number {
    return this.#s[S.slot];
  }

  /** Number of the step nearest to `epochMs`, counted from the first value's time, which the first call sets. */
  slotOf(epochMs: number): number {
    if (Number.isNaN(this.#s[S.anchor])) this.#s[S.anchor] = epochMs;
    return Math.round((epochMs - this.#s[S.anchor]) / this.stepMs);
  }

  #timeOf(slot: number): number {
    return this.#s[S.anchor] + slot * this.stepMs;
  }

  get min(): number {
    return this.#s[S.min];
  }

  get max(): number {
    return this.#s[S.max];
  }

  get newest(): number {
    return this.#values[((this.slot % LAG) + LAG) % LAG];
  }

  /** Mean absolute change per step, the unit of errors that are compared over time. */
  get change(): number {
    return this.#s[S.change];
  }

  /** Place of a step in its day, or in its week for daily series, in [0,1). */
  place(slot: number): number {
    const period = this.#day === undefined ? WEEK : DAY;
    const phase = this.#timeOf(slot) % period;
    return (phase < 0 ? phase + period : phase) / period;
  }

  /** Place of a step in the event that goes on, in [0,1) of the longest one; NaN outside any. */
  eventPlace(slot: number): number {
    return this.#event === undefined ? Number.NaN : (this.#timeOf(slot) - this.#s[S.eventStart]) / EVENT;
  }

  /** An event begins now. */
  beginEvent(timeMs: number): void {
    this.#s[S.event] += 1;
    this.#s[S.eventStart] = timeMs;
    this.#s[S.lastLoud] = timeMs;
  }

  /** Adds the value of step `slot`, newer than every step before. */
  learn(slot: number, value: number): void {
    const s = this.#s;
    const time = this.#timeOf(slot);
    const gap = Number.isNaN(s[S.slot]) ? 0 : slot - s[S.slot];
    this.#followEvents(time, value, gap);
    const expected = s[S.count] === 0 ? value : this.#expect(slot);
    for (let missing = 1; missing < Math.min(gap, LAG + 1); missing++) {
      const at = (((slot - missing) % LAG) + LAG) % LAG;
      this.#values[at] = this.#expected[at] = Number.NaN;
    }
    if (gap > 0) {
      const change = Math.abs(value - this.newest);
      s[S.change] += (change - s[S.change]) * Math.max(0.01, 1 / s[S.count]);
    }
    this.#smooth(value, expected, Math.max(1, gap));
    const at = ((slot % LAG) + LAG) % LAG;
    this.#values[at] = value;
    this.#expected[at] = expected;
    s[S.slot] = slot;
    s[S.count] += 1;
    s[S.min] = Math.min(s[S.min], value);
    s[S.max] = Math.max(s[S.max], value);
    s[S.mean] += (value - s[S.mean]) * Math.max(0.005, 1 / s[S.count]);
    this.#day?.learn(Math.floor(time / DAY), modulo(time, DAY), value);
    this.#week?.learn(Math.floor(time / WEEK), modulo(time, WEEK), value);
    if (!Number.isNaN(s[S.eventStart])) this.#event?.learn(s[S.event], time - s[S.eventStart], value);
  }

  #followEvents(time: number, value: number, gap: number): void {
    if (this.#event === undefined) return;
    const s = this.#s;
    const afterBreak = gap * this.stepMs > BREAK_MS;
    const loud = s[S.count] > 0 && value > Math.max(0, QUIET_SHARE * s[S.max]);
    const afterQuiet = loud && time - s[S.lastLoud] > QUIET_MS;
    // A series of evenings has a break between them; a series that never stops has hours near zero.
    if (s[S.count] === 0 || afterBreak || afterQuiet) this.beginEvent(time);
    if (loud) s[S.lastLoud] = time;
  }

  #smooth(value: number, expected: number, steps: number): void {
    const s = this.#s;
    const blend = (at: number, weightAt: number, keepOne: number, x: number): void => {
      const keep = keepOne ** steps * s[weightAt];
      s[at] = (s[at] * keep + x * (1 - keepOne)) / (keep + (1 - keepOne));
    };
    const weigh = (weightAt: number, keepOne: number): void => {
      s[weightAt] = s[weightAt] * keepOne ** steps + (1 - keepOne);
    };
    blend(S.near, S.nearWeight, 0.7, value);
    blend(S.nearExpected, S.nearWeight, 0.7, expected);
    weigh(S.nearWeight, 0.7);
    blend(S.far, S.farWeight, this.#farKeep, value);
    blend(S.farExpected, S.farWeight, this.#farKeep, expected);
    weigh(S.farWeight, this.#farKeep);
    if (s[S.count] === 0 || steps > LAG) {
      s[S.level] = value;
      s[S.trend] = 0;
      return;
    }
    // Holt's linear trend with damping (Gardner & McKenzie 1985), smoothing 0.5 and 0.2.
    const forecast = s[S.level] + DAMPING * s[S.trend];
    const level = forecast + 0.5 * (value - forecast);
    s[S.trend] = DAMPING * s[S.trend] + 0.2 * (level - s[S.level] - DAMPING * s[S.trend]);
    s[S.level] = level;
  }

  /** What the seasons say about a step: the event where one is known, else week and day, else the mean. */
  #expect(slot: number): number {
    this.#lookUp(slot);
    const { mean: event, cycles: events } = this.#c;
    const weeks = Math.min(this.#a.cycles, 4);
    const days = this.#b.cycles > 0 ? 1 : 0;
    let calendar = this.#s[S.mean];
    if (weeks + days > 0) {
      calendar = ((weeks > 0 ? weeks * this.#a.mean : 0) + (days > 0 ? this.#b.mean : 0)) / (weeks + days);
    }
    return events > 0 ? event : calendar;
  }

  #lookUp(slot: number): void {
    const time = this.#timeOf(slot);
    clear(this.#a);
    clear(this.#b);
    clear(this.#c);
    this.#week?.read(modulo(time, WEEK), this.#a);
    this.#day?.read(modulo(time, DAY), this.#b);
    if (!Number.isNaN(this.#s[S.eventStart])) this.#event?.read(time - this.#s[S.eventStart], this.#c);
  }

  /** Fills `out` for the step `steps` after the newest. */
  describe(steps: number, out: Levels): void {
    const s = this.#s;
    const slot = s[S.slot];
    const at = (back: number): number => (((slot - back) % LAG) + LAG) % LAG;
    out.y0 = this.#values[at(0)];
    out.y1 = this.#values[at(1)];
    out.y2 = this.#values[at(2)];
    out.expected0 = this.#expected[at(0)];
    out.expected1 = this.#expected[at(1)];
    out.near = s[S.near];
    out.nearExpected = s[S.nearExpected];
    out.far = s[S.far];
    out.farExpected = s[S.farExpected];
    out.expected = this.#expect(slot + steps);
    out.weekLast = this.#a.last;
    out.weekPrevious = this.#a.previous;
    out.dayLast = this.#b.last;
    out.dayMean = this.#b.mean;
    out.eventLast = this.#c.last;
    out.eventMean = this.#c.mean;
    const ratio = s[S.nearExpected] > 0 && s[S.near] >= 0 ? s[S.near] / s[S.nearExpected] : Number.NaN;
    out.scaled = out.expected * Math.min(3, Math.max(1 / 3, ratio));
    out.trend = s[S.level] + s[S.trend] * dampedSum(steps);
    out.carried = out.expected + (s[S.near] - s[S.nearExpected]);
  }
}

const DAMPING = 0.9;

/** Sum of the damping's first `steps` powers. */
function dampedSum(steps: number): number {
  return (DAMPING * (1 - DAMPING ** steps)) / (1 - DAMPING);
}

function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest < 0 ? rest + b : rest;
}

function clear(view: SeasonView): void {
  view.cycles = 0;
  view.last = view.previous = view.mean = Number.NaN;
}
