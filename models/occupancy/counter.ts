// One cumulative counter (one direction of a turnstile) as a state machine: how many persons a reading adds, whatever the
// counter does. What it adds is never negative and never more than can have passed; each thing that is not plain counting is
// a correction with its reason.
import { occupancyDefaults } from './defaults.ts';
import { OccupancyError } from './errors.ts';

/** The most persons that can pass a device in one direction. */
export interface FlowBound {
  /** Within the first minute, 1/s. */
  readonly peakPerS: number;
  /** After it, 1/s. */
  readonly sustainedPerS: number;
  readonly burst: number;
}

const PEAK_S = 60;

/** Bound of a device of `lanes` turnstile lanes, or of an open line `widthM` wide. */
export function flowBound(device: { readonly lanes?: number; readonly widthM?: number }): FlowBound {
  const d = occupancyDefaults;
  if (device.lanes !== undefined) {
    if (!(device.lanes > 0))
      throw new OccupancyError(`${device.lanes} lanes; a turnstile device has at least one`);
    return {
      peakPerS: d.lanePeakPerS.value * device.lanes,
      sustainedPerS: d.laneSustainedPerS.value * device.lanes,
      burst: d.burst.value,
    };
  }
  if (!(device.widthM !== undefined && device.widthM > 0))
    throw new OccupancyError('a device needs its lanes or its width in metres, or its flow has no bound');
  return {
    peakPerS: d.linePeakPerMS.value * device.widthM,
    sustainedPerS: d.lineSustainedPerMS.value * device.widthM,
    burst: d.burst.value,
  };
}

/** The most persons that can have passed in `elapsedMs`. */
export function mostIn(bound: FlowBound, elapsedMs: number): number {
  const s = Math.max(0, elapsedMs / 1000);
  return Math.floor(
    bound.burst + bound.peakPerS * Math.min(s, PEAK_S) + bound.sustainedPerS * Math.max(0, s - PEAK_S),
  );
}

export type CorrectionReason =
  /** The reading is as old as one already taken, or older. */
  | 'out-of-order'
  /** Another reading of an instant already taken. */
  | 'conflict'
  /** Passed the end of its digits and began again. */
  | 'rollover'
  /** Began again near zero. */
  | 'reset'
  /** Rose by more than can have passed; nothing is counted until the next reading says which level is right. */
  | 'jump'
  /** The level after a jump was right: counting goes on from it. */
  | 'rebased'
  /** The counter came back to its old level. */
  | 'recovered'
  /** Fell by little; nothing is counted until it is known whether it counts down. */
  | 'fell'
  /** It counts down: what it fell by is counted. */
  | 'backwards'
  /** A delta device said more than can have passed: the rest is not counted. */
  | 'over-bound';

export interface Correction {
  readonly epochMs: number;
  readonly reason: CorrectionReason;
  readonly before: number;
  readonly after: number;
  /** Persons that the reading would have added by plain subtraction, and what it did add. */
  readonly raw: number;
  readonly counted: number;
}

/** Ends of the digits that counters have: decimal wheels and binary words. */
const MODULI = [1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 2 ** 16, 2 ** 24, 2 ** 32];

interface Level {
  readonly value: number;
  readonly epochMs: number;
}

export interface CounterState {
  /** Last reading that counting goes on from. */
  level: Level | undefined;
  /** A level left behind by a reset or a jump, to which the counter may come back, and what was counted since. */
  former: (Level & { readonly since: number }) | undefined;
  /** +1 counts up, -1 down. */
  direction: 1 | -1;
  /** Small steps against the direction, one after another. */
  against: number;
}

export class CumulativeCounter {
  state: CounterState = { level: undefined, former: undefined, direction: 1, against: 0 };
  readonly #bound: FlowBound;

  constructor(bound: FlowBound) {
    this.#bound = bound;
  }

  /**
   * Takes a reading; returns the persons it adds (0 <= added <= mostIn(time since the last level)).
   * @param correct called for each reading that is not plain counting
   */
  read(epochMs: number, value: number, correct: (correction: Correction) => void): number {
    const { level } = this.state;
    if (level === undefined) {
      this.state.level = { value, epochMs };
      return 0;
    }
    const note = (reason: CorrectionReason, counted: number): number => {
      const raw = (value - level.value) * this.state.direction;
      correct({ epochMs, reason, before: level.value, after: value, raw, counted });
      return counted;
    };
    if (epochMs === level.epochMs && value === level.value) return 0;
    if (epochMs <= level.epochMs) return note(epochMs === level.epochMs ? 'conflict' : 'out-of-order', 0);
    const most = mostIn(this.#bound, epochMs - level.epochMs);
    const step = (value - level.value) * this.state.direction;
    if (step >= 0 && step <= most) {
      // Only a step forwards is a word for its direction.
      if (step > 0) this.#forgive();
      const confirmed = this.#isSuspect();
      this.state.level = { value, epochMs };
      if (!confirmed) return step;
      this.state.former = undefined;
      return note('rebased', step);
    }
    const back = this.#recovered(epochMs, value);
    if (back !== undefined) {
      this.#move(epochMs, value, undefined);
      return note('recovered', back);
    }
    const rolled = this.#rolled(value, most);
    if (rolled !== undefined) {
      this.#move(epochMs, value, undefined);
      return note('rollover', rolled);
    }
    if (step < 0 && -step <= most) return this.#fell(epochMs, value, -step, note);
    if (step < 0 && this.state.direction === 1 && value <= most) {
      this.#move(epochMs, value, { ...level, since: value });
      return note('reset', value);
    }
    // Neither level can be trusted until the next reading chooses one.
    const former = this.#isSuspect() ? this.state.former : { ...level, since: 0 };
    this.#move(epochMs, value, former);
    return note('jump', 0);
  }

  /** True while the present level came by a jump and no reading has confirmed it. */
  #isSuspect(): boolean {
    return this.state.former?.since === 0;
  }

  /** Persons passed if the counter is back at its former level. */
  #recovered(epochMs: number, value: number): number | undefined {
    const { former, direction } = this.state;
    if (former === undefined) return undefined;
    const step = (value - former.value) * direction;
    if (step < 0 || step > mostIn(this.#bound, epochMs - former.epochMs)) return undefined;
    // What was counted at the other level since is part of it.
    const most = mostIn(this.#bound, epochMs - this.state.level!.epochMs);
    return Math.min(Math.max(0, step - former.since), most);
  }

  #rolled(value: number, most: number): number | undefined {
    const { level, direction } = this.state;
    for (const modulus of MODULI) {
      const step = (value - level!.value) * direction + modulus;
      if (level!.value < modulus && value < modulus && step >= 0 && step <= most) return step;
    }
    return undefined;
  }

  #fell(
    epochMs: number,
    value: number,
    by: number,
    note: (reason: CorrectionReason, counted: number) => number,
  ): number {
    const { state } = this;
    state.against++;
    const reached = state.against >= occupancyDefaults.backwardsReadings.value;
    const most = mostIn(this.#bound, epochMs - state.level!.epochMs);
    state.level = { value, epochMs };
    if (!reached) return note('fell', 0);
    state.direction = state.direction === 1 ? -1 : 1;
    // What the steps before may have been cannot all be credited now: this reading's own time bounds it.
    const counted = Math.min(by, most);
    this.#forgive();
    return note('backwards', counted);
  }

  #move(epochMs: number, value: number, former: CounterState['former']): void {
    this.state.level = { value, epochMs };
    this.state.former = former;
    this.#forgive();
  }

  #forgive(): void {
    this.state.against = 0;
  }
}
