// How old is a number? Against the wall clock while the data are live. When what arrives was measured at a
// very different time (a recording replayed, a clock set wrong), that is said, and ages are counted from the feed's
// own newest event time: "13 years old" on every number would hide which number is late.

/** Beyond this the feed is another time, not a slow present. */
export const OTHER_TIME_MS = 10 * 60_000;
/** Event times this far ahead of the wall clock cannot be now. */
export const AHEAD_MS = 5_000;

export interface ClockReading {
  readonly mode: 'live' | 'other-time';
  /** Event time that is "now" for ages, epoch ms. */
  readonly nowMs: number;
  /** Since the last live message of any kind, ms; Infinity before the first. */
  readonly silentMs: number;
}

export class EventClock {
  #newestEvent = Number.NEGATIVE_INFINITY;
  #newestArrival = Number.NEGATIVE_INFINITY;
  #lastArrival = Number.NEGATIVE_INFINITY;

  /** A live message with event time `eventMs` arrived at wall time `arrivalMs`. */
  observe(eventMs: number, arrivalMs: number): void {
    this.#lastArrival = arrivalMs;
    // A recording that starts again steps back; late data do not reach that far.
    if (eventMs > this.#newestEvent || eventMs < this.#newestEvent - OTHER_TIME_MS) {
      this.#newestEvent = eventMs;
      this.#newestArrival = arrivalMs;
    }
  }

  reset(): void {
    this.#newestEvent = Number.NEGATIVE_INFINITY;
    this.#newestArrival = Number.NEGATIVE_INFINITY;
    this.#lastArrival = Number.NEGATIVE_INFINITY;
  }

  /** @param wallMs the wall clock, epoch ms */
  read(wallMs: number): ClockReading {
    const silentMs = wallMs - this.#lastArrival;
    const lag = this.#newestArrival - this.#newestEvent;
    const other = this.#newestEvent !== Number.NEGATIVE_INFINITY && (lag > OTHER_TIME_MS || lag < -AHEAD_MS);
    return other
      ? { mode: 'other-time', nowMs: this.#newestEvent + (wallMs - this.#newestArrival), silentMs }
      : { mode: 'live', nowMs: wallMs, silentMs };
  }
}
