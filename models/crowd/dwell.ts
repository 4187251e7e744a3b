// How long persons stay in a zone, and who loiters. State is bounded: a person is forgotten once gone.
import { crowdDefaults } from './defaults.ts';
import { MeasureError } from './errors.ts';

export type DwellOptions = {
  /** absence in seconds after which a person has left */
  readonly gap?: number;
  /** seconds in the zone from which a person loiters; Infinity: nobody does */
  readonly loitering?: number;
};

/** A stay that has ended: from the first to the last time the person was seen inside. */
export type Stay = { readonly id: number; readonly entered: number; readonly left: number };

/**
 * Dwell of one zone in one view. Feed it every frame of the zone, in order of time; it reads no clock. Times are seconds, or any
 * other unit in which both options are given (whole milliseconds add up without rounding).
 */
export class DwellTracker {
  private readonly gap: number;
  private readonly loitering: number;
  private readonly present = new Map<number, { entered: number; seen: number; watched: number }>();
  private now = -Infinity;

  constructor(options: DwellOptions = {}) {
    this.gap = options.gap ?? crowdDefaults.dwellGap.value;
    this.loitering = options.loitering ?? crowdDefaults.loiteringTime.value;
    if (!(this.gap >= 0) || !(this.loitering > 0))
      throw new MeasureError('dwell: the gap must be from 0 s and the loitering time above 0 s');
  }

  /**
   * The persons inside at `time`.
   * @returns stays that ended: persons not seen for longer than the gap
   * @throws MeasureError when time runs backwards
   */
  update(time: number, inside: Iterable<number>): Stay[] {
    const ended = this.see(time, inside);
    ended.push(...this.expire(time));
    return ended;
  }

  /**
   * The first half of `update`: who is inside, without looking through those who are not. Costs the persons given.
   * @param watched how long the zone has been watched by now; it stands still while the view is blind, so that nobody is absent
   *   who could not be seen. Default: always watched
   * @returns stays that ended, of persons who are back after longer than the gap
   * @throws MeasureError when time runs backwards
   */
  see(time: number, inside: Iterable<number>, watched: number = time): Stay[] {
    this.moveTo(time);
    const ended: Stay[] = [];
    for (const id of inside) {
      const stay = this.present.get(id);
      if (stay && watched - stay.watched <= this.gap) {
        stay.seen = time;
        stay.watched = watched;
      } else {
        if (stay) ended.push({ id, entered: stay.entered, left: stay.seen });
        this.present.delete(id);
        this.present.set(id, { entered: time, seen: time, watched });
      }
    }
    return ended;
  }

  /**
   * The other half: ends the stays of those not seen for longer than the gap.
   * @throws MeasureError when time runs backwards
   */
  expire(time: number, watched: number = time): Stay[] {
    this.moveTo(time);
    const ended: Stay[] = [];
    for (const [id, stay] of this.present) {
      if (watched - stay.watched <= this.gap) continue;
      ended.push({ id, entered: stay.entered, left: stay.seen });
      this.present.delete(id);
    }
    return ended;
  }

  /** Ends all stays at the last sight: nothing more can be known of them. */
  close(): Stay[] {
    const ended = [...this.present].map(([id, { entered, seen }]) => ({ id, entered, left: seen }));
    this.present.clear();
    return ended;
  }

  private moveTo(time: number): void {
    if (!(time >= this.now)) throw new MeasureError(`dwell: time ${time} comes after ${this.now}`);
    this.now = time;
  }

  /** Persons whose stay, up to when they were last seen, has lasted the loitering time or longer; longest first. */
  loiterers(): { id: number; seconds: number }[] {
    const out: { id: number; seconds: number }[] = [];
    for (const [id, stay] of this.present) {
      const seconds = stay.seen - stay.entered;
      if (seconds >= this.loitering) out.push({ id, seconds });
    }
    return out.sort((a, b) => b.seconds - a.seconds || a.id - b.id);
  }

  /** Mean and longest stay so far of the persons present; undefined when nobody is. */
  summary(): { persons: number; mean: number; longest: number } | undefined {
    const { persons, sum, longest } = this.totals();
    return persons === 0 ? undefined : { persons, mean: sum / persons, longest };
  }

  /**
   * Stays so far of the persons present: number, sum, longest, and how many of them loiter. Totals of several views add.
   * @param isHere leaves out who is known not to be there, though the gap has not passed yet: by id and last sight
   */
  totals(isHere: (id: number, seen: number) => boolean = () => true): {
    persons: number;
    sum: number;
    longest: number;
    loiterers: number;
  } {
    let [persons, sum, longest, loiterers] = [0, 0, 0, 0];
    for (const [id, stay] of this.present) {
      if (!isHere(id, stay.seen)) continue;
      persons++;
      const lasted = stay.seen - stay.entered;
      sum += lasted;
      longest = Math.max(longest, lasted);
      if (lasted >= this.loitering) loiterers++;
    }
    return { persons, sum, longest, loiterers };
  }

  /** What the next update depends on, for checkpoints: the time, then id, entered, seen, watched of each person present. */
  state(): Float64Array {
    const out = new Float64Array(1 + 4 * this.present.size);
    out[0] = this.now;
    let k = 1;
    for (const [id, { entered, seen, watched }] of this.present) {
      out.set([id, entered, seen, watched], k);
      k += 4;
    }
    return out;
  }

  /** Makes the state what it was at `state()`. @throws MeasureError for numbers that are no state */
  restore(state: Float64Array): void {
    if (state.length % 4 !== 1) throw new MeasureError(`dwell: ${state.length} numbers are no state`);
    this.now = state[0];
    this.present.clear();
    for (let k = 1; k < state.length; k += 4)
      this.present.set(state[k], { entered: state[k + 1], seen: state[k + 2], watched: state[k + 3] });
  }
}
