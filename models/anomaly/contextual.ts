// Scores of like series of a venue (the persons of its zones, the flows over its lines) in their context: during an event
// against the same minute of earlier events, at other times against their own past by the detector. Which departures are
// alarms is decided over all series of the moment together, by one rule in both contexts.
import { type CourseOptions, Courses, EVENTS_TO_LEARN } from './course.ts';
import type { AnomalyResult } from './detector.ts';
import { DiscoveryGate, SeenMagnitudes, type Verdict } from './discovery.ts';
import type { EventPlace } from './programme.ts';
import type { AnomalyCode } from './reason.ts';

const DAY_MS = 86_400_000;
/** Quiet time that must have been seen before anything of it is unusual: a day, with its night. */
const QUIET_TO_LEARN_MS = DAY_MS;
/**
 * False alarms per series and day that are planned for. A zone has two series of its own, a line two, and one false alarm
 * per zone and day is what people live with: this leaves a margin of two for what does not behave as it did.
 */
export const FALSE_ALARMS_PER_SERIES_DAY = 0.2;

export interface ContextOptions extends CourseOptions {
  /** Departure that would matter if it were real, in the unit of the series: less never alarms. */
  readonly material: (expected: number) => number;
  /** True where a series in which next to nothing is expected and found has nothing to say. */
  readonly silentWhenSmall: boolean;
  /** True where only more than expected is unusual. */
  readonly onlyHigh?: boolean;
  /** Time between two moments, ms. */
  readonly slotMs: number;
}

const NOTHING: Verdict = { rarity: 0, needed: Number.POSITIVE_INFINITY, alarm: false };

export class ContextualScores {
  readonly #options: ContextOptions;
  readonly #courses: Courses;
  readonly #eventSeen: SeenMagnitudes;
  readonly #eventGate: DiscoveryGate;
  readonly #quietSeen = new SeenMagnitudes();
  readonly #quietGate: DiscoveryGate;
  #quietSlots = 0;

  /** @param eventSeen departures of events in deviations; shared by families that are told in them */
  constructor(series: number, options: ContextOptions, eventSeen: SeenMagnitudes) {
    this.#options = options;
    this.#courses = new Courses(series, options);
    this.#eventSeen = eventSeen;
    const rate = (FALSE_ALARMS_PER_SERIES_DAY * series * options.slotMs) / DAY_MS;
    this.#eventGate = new DiscoveryGate(series, rate, eventSeen);
    this.#quietGate = new DiscoveryGate(series, rate, this.#quietSeen);
  }

  /** Complete events learned. */
  get events(): number {
    return this.#courses.events;
  }

  /**
   * Scores a moment of an event. NaN is unknown: it is `missing` and never an alarm; health tells of that.
   * @param weights how much is behind each value, relative to one
   */
  during(place: EventPlace, values: ArrayLike<number>, weights?: ArrayLike<number>): EventScore[] {
    const step = Math.floor(place.sinceMs / this.#options.slotMs);
    const departures = this.#courses.compare(place.part, step, values, weights);
    const { material, silentWhenSmall, onlyHigh = false } = this.#options;
    const told = departures.map(({ t, expected }, i) => {
      if (silentWhenSmall && Math.max(values[i]!, expected) < material(expected)) return Number.NaN;
      return onlyHigh && t < 0 ? 0 : t;
    });
    const verdicts = this.#eventGate.judge(told, (i) => this.#matters(values[i]!, departures[i]!.expected));
    const learning = this.#courses.events < EVENTS_TO_LEARN || !this.#eventSeen.ready;
    return departures.map(({ t, expected }, i) => {
      const value = values[i]!;
      const verdict = verdicts[i]!;
      const code: AnomalyCode = Number.isNaN(value)
        ? 'missing'
        : learning || Number.isNaN(expected)
          ? 'learning'
          : verdict.rarity > 1.3
            ? value > expected
              ? 'high-for-phase'
              : 'low-for-phase'
            : 'normal';
      return { t, result: scored(verdict, code, value, expected) };
    });
  }

  /** Scores a moment without an event, from what the detectors of the series say of it. */
  quiet(said: readonly (AnomalyResult | undefined)[]): (AnomalyResult | undefined)[] {
    this.#quietSlots++;
    const learning = this.#quietSlots * this.#options.slotMs < QUIET_TO_LEARN_MS;
    const known = said.map((one) =>
      one !== undefined && !Number.isNaN(one.reason.observed) ? one : undefined,
    );
    const told = known.map((one) =>
      one === undefined || learning
        ? Number.NaN
        : one.reason.observed < one.reason.expected
          ? -one.evidence
          : one.evidence,
    );
    const verdicts = this.#quietGate.judge(told, (i) => {
      const { observed, expected } = known[i]!.reason;
      return this.#matters(observed, expected);
    });
    return said.map((one, i) => {
      if (one === undefined) return undefined;
      const { reason, evidence } = one;
      if (Number.isNaN(reason.observed)) return { score: 0, evidence: 0, reason };
      // What is empty is not stuck.
      if (reason.code === 'flat-line' && reason.observed > 0 && !learning) return one;
      if (learning || !this.#quietSeen.ready) {
        return { score: Math.min(0.49, one.score), evidence, reason: { ...reason, code: 'learning' } };
      }
      const verdict = verdicts[i] ?? NOTHING;
      return { score: scoreOf(verdict), evidence, reason };
    });
  }

  /** The event is over. @param whole whether most of it was seen */
  completeEvent(whole: boolean): void {
    this.#courses.complete(whole);
  }

  #matters(value: number, expected: number): boolean {
    return Math.abs(value - expected) >= this.#options.material(expected);
  }

  /** Parts of the state; what is shared is not among them. */
  snapshot(): Uint8Array[] {
    const slots = new Uint8Array(Float64Array.of(this.#quietSlots).buffer);
    return [
      slots,
      this.#courses.snapshot(),
      this.#eventGate.snapshot(),
      this.#quietSeen.snapshot(),
      this.#quietGate.snapshot(),
    ];
  }

  /** @param from for each series its place in the snapshot's, or -1 for a new one */
  restore(parts: readonly Uint8Array[], from: readonly number[]): void {
    const [slots, courses, eventGate, quietSeen, quietGate] = parts;
    this.#quietSlots = new Float64Array(slots!.slice().buffer)[0]!;
    this.#courses.restore(courses!, from);
    this.#eventGate.restore(eventGate!, from);
    this.#quietSeen.restore(quietSeen!);
    this.#quietGate.restore(quietGate!, from);
  }
}

/** Sections of a snapshot. */
export const CONTEXT_SECTIONS = 5;

export interface EventScore {
  /** Departure in deviations; NaN while learning or unknown. */
  readonly t: number;
  readonly result: AnomalyResult;
}

function scoreOf({ alarm, rarity, needed }: Verdict): number {
  return alarm ? 1 - 0.5 * 10 ** -Math.max(0, (rarity - needed) / 2) : 0.5 * (1 - 2 ** (-rarity / 2));
}

function scored(verdict: Verdict, code: AnomalyCode, observed: number, expected: number): AnomalyResult {
  const told = code === 'high-for-phase' || code === 'low-for-phase';
  return {
    score: scoreOf(verdict),
    evidence: verdict.rarity,
    reason: {
      code,
      observed,
      expected,
      points: told ? 2 : 1,
      probability: told ? 10 ** -verdict.rarity : 1,
    },
  };
}
