// How long persons stay in a zone, and who loiters. State is bounded: a person is forgotten once gone.
import { crowdDefaults } from './defaults.ts';
import { MeasureError } from './errors.ts';

export type DwellOptions = {
  /** absence in seconds after which a person has left */
  readonly gap?: number;
  /** seconds in the zone from which a person loiters */
  readonly loitering?: number;
};

/** A stay that has ended: from the first to the last time the person was seen inside, seconds. */
export type Stay = { readonly id: number; readonly entered: number; readonly left: number };

/** Dwell of one zone. Feed it every frame of the zone, in order of time; it reads no clock. */
export class DwellTracker {
  private readonly gap: number;
  private readonly loitering: number;
  private readonly present = new Map<number, { entered: number; seen: number }>();
  private now = -Infinity;

  constructor(options: DwellOptions = {}) {
    this.gap = options.gap ?? crowdDefaults.dwellGap.value;
    this.loitering = options.loitering ?? crowdDefaults.loiteringTime.value;
    if (!(this.gap >= 0) || !(this.loitering > 0))
      throw new MeasureError('dwell: the gap must be from 0 s and the loitering time above 0 s');
  }

  /**
   * The persons inside at `time` (seconds).
   * @returns stays that ended: persons not seen for longer than the gap
   * @throws MeasureError when time runs backwards
   */
  update(time: number, inside: Iterable<number>): Stay[] {
    if (!(time >= this.now)) throw new MeasureError(`dwell: time ${time} s comes after ${this.now} s`);
    this.now = time;
    const ended: Stay[] = [];
    for (const id of inside) {
      const stay = this.present.get(id);
      if (stay && time - stay.seen <= this.gap) {
        stay.seen = time;
      } else {
        if (stay) ended.push({ id, entered: stay.entered, left: stay.seen });
        this.present.delete(id);
        this.present.set(id, { entered: time, seen: time });
      }
    }
    for (const [id, stay] of this.present) {
      if (time - stay.seen <= this.gap) continue;
      ended.push({ id, entered: stay.entered, left: stay.seen });
      this.present.delete(id);
    }
    return ended;
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

  /** Mean and longest stay so far of the persons present, seconds; undefined when nobody is. */
  summary(): { persons: number; mean: number; longest: number } | undefined {
    let [sum, longest] = [0, 0];
    for (const stay of this.present.values()) {
      const seconds = stay.seen - stay.entered;
      sum += seconds;
      longest = Math.max(longest, seconds);
    }
    const persons = this.present.size;
    return persons === 0 ? undefined : { persons, mean: sum / persons, longest };
  }
}
