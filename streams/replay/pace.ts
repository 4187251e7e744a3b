// The clock of a replay: event time runs from the beginning of the span at a multiple of the wall clock, which is
// injected. At `max` (Infinity) nothing ever waits.

/** The wall clock: milliseconds that only rise, and a wait that an abort cuts short. */
export interface WallClock {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const wallClock: WallClock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end, { once: true });
    }),
};

/** Waits shorter than this are not worth a timer, ms. */
const SHORTEST_WAIT_MS = 2;
/** Timers take at most a 31-bit delay; and a wait is looked at anew at least this often. */
const LONGEST_SLEEP_MS = 60_000;

export class Pace {
  readonly #speed: number;
  readonly #fromMs: number;
  readonly #clock: WallClock;
  #startedAt: number | undefined;
  #mostBehindMs = 0;

  /** `speed` is a positive factor of real time, or Infinity; event time `fromMs` is due at once. */
  constructor(speed: number, fromMs: number, clock: WallClock = wallClock) {
    if (!(speed > 0)) throw new RangeError(`speed ${speed} is not positive`);
    this.#speed = speed;
    this.#fromMs = fromMs;
    this.#clock = clock;
  }

  /** Furthest that a result came after it was due, in wall ms. */
  get mostBehindMs(): number {
    return this.#mostBehindMs;
  }

  /** Wall ms until event time `epochMs` is due; not positive when it is. The clock starts with the first time after `fromMs`. */
  waitMs(epochMs: number): number {
    if (this.#speed === Number.POSITIVE_INFINITY || !(epochMs > this.#fromMs)) return 0;
    this.#startedAt ??= this.#clock.now();
    return this.#startedAt + (epochMs - this.#fromMs) / this.#speed - this.#clock.now();
  }

  /** Undefined when `epochMs` is due; else a promise that resolves when it is, or when `signal` aborts. */
  until(epochMs: number, signal?: AbortSignal): Promise<void> | undefined {
    const wait = this.waitMs(epochMs);
    if (-wait > this.#mostBehindMs) this.#mostBehindMs = -wait;
    return wait < SHORTEST_WAIT_MS ? undefined : this.#sleep(epochMs, signal);
  }

  async #sleep(epochMs: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const wait = this.waitMs(epochMs);
      if (wait < SHORTEST_WAIT_MS || signal?.aborted) return;
      await this.#clock.sleep(Math.min(wait, LONGEST_SLEEP_MS), signal);
    }
  }
}
