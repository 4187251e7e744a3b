// The two counters of one passage held against each other: at the instants of the device's messages, once the line has reached
// them, so that what differs is what they count and not when they speak.
import { occupancyDefaults } from './defaults.ts';
import type { LineTaken, LineTally, LineWindow } from './line-tally.ts';

export interface Persons {
  readonly in: number;
  readonly out: number;
}

/** Both counters of a passage over the same time, from the first instant at which both were known. */
export interface Comparison {
  /** The line's time at which they were compared last. */
  readonly atMs: number;
  readonly device: Persons;
  readonly line: Persons;
  /** Time in which the line did not see, ms. */
  readonly unseenMs: number;
}

/** JSON of everything the next comparison depends on. */
export interface ComparisonState {
  readonly device: Persons;
  readonly lineUnseenMs: number;
  readonly origin: Comparison | null;
  readonly pending: { readonly epochMs: number; readonly device: Persons } | null;
  readonly last: Comparison | null;
}

const NOBODY: Persons = { in: 0, out: 0 };

export class CounterComparison {
  #device: Persons = NOBODY;
  #lineUnseenMs = 0;
  /** Totals of both where the comparison began. */
  #origin: Comparison | null = null;
  /** A message of the device that the line has not reached yet. */
  #pending: ComparisonState['pending'] = null;
  #last: Comparison | null = null;

  /** The last comparison; null before the first. */
  get last(): Comparison | null {
    return this.#last;
  }

  /** Takes what the device counted up to `epochMs`. */
  device(epochMs: number, entered: number, left: number, tally: LineTally): void {
    this.#device = { in: this.#device.in + entered, out: this.#device.out + left };
    if (tally.endMs !== null) this.#pending ??= { epochMs, device: this.#device };
    this.#compare(tally);
  }

  /**
   * Takes a window that the line has just taken.
   * @param fromTheStart the device is to be compared from the line's beginning, although nobody has heard of it yet
   */
  line({ startMs, endMs }: LineWindow, taken: LineTaken, tally: LineTally, fromTheStart: boolean): void {
    if (fromTheStart) this.#origin ??= { atMs: startMs, device: NOBODY, line: NOBODY, unseenMs: 0 };
    this.#lineUnseenMs += taken.unseen.ms;
    const origin = this.#origin;
    // A correction of what was before the comparison began moves its beginning.
    if (origin !== null && endMs <= origin.atMs)
      this.#origin = {
        ...origin,
        line: { in: origin.line.in + taken.in, out: origin.line.out + taken.out },
        unseenMs: origin.unseenMs + taken.unseen.ms,
      };
    this.#compare(tally);
  }

  #compare(tally: LineTally): void {
    const atMs = tally.endMs;
    if (atMs === null) return;
    const pending = this.#pending;
    let device: Persons | undefined;
    if (pending !== null && atMs >= pending.epochMs) device = pending.device;
    else if (pending === null && this.#origin !== null) {
      // A device that has gone silent must not hide behind its last word.
      const since = atMs - (this.#last?.atMs ?? Number.NEGATIVE_INFINITY);
      if (since >= occupancyDefaults.silentDevice.value * 1000) device = this.#device;
    }
    if (device === undefined) return;
    this.#pending = null;
    const now: Comparison = { atMs, device, line: tally.totals, unseenMs: this.#lineUnseenMs };
    const origin = this.#origin ?? now;
    this.#origin = origin;
    this.#last = {
      atMs,
      device: difference(now.device, origin.device),
      line: difference(now.line, origin.line),
      unseenMs: now.unseenMs - origin.unseenMs,
    };
  }

  get state(): ComparisonState {
    return {
      device: this.#device,
      lineUnseenMs: this.#lineUnseenMs,
      origin: this.#origin,
      pending: this.#pending,
      last: this.#last,
    };
  }

  restore(state: ComparisonState): void {
    this.#device = state.device;
    this.#lineUnseenMs = state.lineUnseenMs;
    this.#origin = state.origin;
    this.#pending = state.pending;
    this.#last = state.last;
  }
}

function difference(a: Persons, b: Persons): Persons {
  return { in: a.in - b.in, out: a.out - b.out };
}
