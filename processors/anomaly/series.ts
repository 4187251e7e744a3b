// The series of one venue with what has been learned of them: persons and speed of every zone, persons over gates and
// exits, the health of what sees them, and the venue as a whole. During an event they are compared with earlier events, at
// other times with their own past; see docs/anomaly.md.
import { z } from 'zod';
import {
  type AnomalyResult,
  CONTEXT_SECTIONS,
  ContextualScores,
  createDetector,
  type Detector,
  type EventPlace,
  HealthWatch,
  restoreDetector,
  SeenMagnitudes,
} from '#models/anomaly/index.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import type { Slot, ZoneSlot } from '../shared/zone-slots.ts';
import { type VenueScore, WholeVenue } from './whole.ts';

/** One value per series and so much event time, ms: the same for every venue and series. */
export const SLOT_MS = 60_000;

/** Scores of one slot, by zone in the order given. */
export interface SlotScores {
  /** Undefined in a venue of one zone. */
  readonly joint: VenueScore | undefined;
  readonly count: readonly AnomalyResult[];
  /** Undefined where too few persons were there to have a mean speed. */
  readonly speed: readonly (AnomalyResult | undefined)[];
  /** Undefined where no frame was expected. */
  readonly health: readonly (AnomalyResult | undefined)[];
}

/** A mean speed of fewer persons than this says more about them than about the place. */
const FEWEST_FOR_SPEED = 5;
/** Of more persons a mean speed is not surer: they walk with each other. */
const MOST_FOR_SPEED = 30;
/** A figure made from this much less of the frames than usually is not comparable. */
const INCOMPLETE = 0.15;
/** An event counts as complete when this share of it was seen. */
const MOST_OF_IT = 0.8;

/** A Poisson count has variance 1 on this scale; means over a minute vary less, but never by nothing. */
const COUNT = { scale: 'count', sized: true, floor: 0.25, silentWhenSmall: true, slotMs: SLOT_MS } as const;
/** Fewer persons more or less than this are nothing to send somebody for. */
const PERSONS = 5;
const PERSONS_PER_MINUTE = 5;
/** A departure of a mean speed that can be seen, m/s, and the variance of one person's, m2/s2: nobody's is less than 0.1. */
const METRES_PER_SECOND = 0.2;
const SPEED_FLOOR = 0.01;

export class VenueSeries {
  readonly #zones: readonly string[];
  readonly #lines: readonly string[];
  readonly #eventSeen = new SeenMagnitudes();
  readonly #speedSeen = new SeenMagnitudes();
  readonly #count: ContextualScores;
  readonly #speed: ContextualScores;
  readonly #flow: ContextualScores;
  readonly #whole: WholeVenue;
  readonly #health: HealthWatch;
  readonly #lineHealth: HealthWatch;
  #speedDetectors: Detector[];
  #flowDetectors: Detector[];
  /** The event that is on, and the slots seen of it. */
  #event: { name: string; slots: number; wholeMs: number } | undefined;

  /** @param lines keys of counted lines, each with its direction */
  constructor(zones: readonly string[], lines: readonly string[]) {
    this.#zones = zones;
    this.#lines = lines;
    this.#count = new ContextualScores(zones.length, { ...COUNT, material: () => PERSONS }, this.#eventSeen);
    this.#flow = new ContextualScores(
      lines.length,
      { ...COUNT, material: () => PERSONS_PER_MINUTE },
      this.#eventSeen,
    );
    this.#speed = new ContextualScores(
      zones.length,
      {
        scale: 'level',
        sized: false,
        floor: SPEED_FLOOR,
        material: () => METRES_PER_SECOND,
        silentWhenSmall: false,
        slotMs: SLOT_MS,
      },
      this.#speedSeen,
    );
    this.#whole = new WholeVenue(zones.length, this.#eventSeen, SLOT_MS);
    this.#health = new HealthWatch(zones.length);
    this.#lineHealth = new HealthWatch(lines.length);
    this.#speedDetectors = zones.map(() => createDetector());
    this.#flowDetectors = lines.map(() => createDetector());
  }

  /** Scores a slot of the zones. */
  update({ endMs, zones }: Slot, place: EventPlace | undefined): SlotScores {
    this.#follow(place);
    const comparable = this.#comparable(zones, this.#health);
    const health = zones.map(({ completeness, silent }, i) =>
      Number.isNaN(completeness) ? undefined : this.#health.update(i, completeness, silent.length),
    );
    const counts = zones.map(({ count }, i) => (comparable[i] ? count : Number.NaN));
    // Few or no persons have no mean speed, which is nothing unusual.
    const few = zones.map(({ count }) => count < FEWEST_FOR_SPEED);
    const speeds = zones.map(({ speed }, i) => (comparable[i] && !few[i] ? speed : Number.NaN));
    let count: readonly AnomalyResult[];
    let speed: readonly (AnomalyResult | undefined)[];
    let joint: VenueScore | undefined;
    if (place === undefined) {
      const venue = this.#whole.quiet(endMs, counts);
      joint = venue.score;
      count = this.#count.quiet(venue.zones).map((one) => one!);
      speed = this.#speed.quiet(
        speeds.map((value, i) => (few[i] ? undefined : this.#speedDetectors[i]!.update(endMs, value))),
      );
    } else {
      const scores = this.#count.during(place, counts);
      joint = this.#whole.during(place, counts, scores);
      count = scores.map(({ result }) => result);
      const weights = counts.map((persons) => Math.min(MOST_FOR_SPEED, persons));
      speed = this.#speed
        .during(place, speeds, weights)
        .map(({ result }, i) => (few[i] ? undefined : result));
    }
    return {
      joint,
      count: count.map((one, i) => (comparable[i] ? one : incomplete(one, zones[i]!.count))),
      speed: speed.map((one, i) =>
        one === undefined || comparable[i] ? one : incomplete(one, zones[i]!.speed),
      ),
      health,
    };
  }

  /** Scores a slot of the lines; undefined where nothing is known of an event that is not the zones' own. */
  updateLines(
    { endMs, zones: lines }: Slot,
    place: EventPlace | undefined,
  ): readonly AnomalyResult[] | undefined {
    if (place?.event !== this.#event?.name) return undefined;
    const comparable = this.#comparable(lines, this.#lineHealth);
    lines.forEach(({ completeness }, i) => {
      if (!Number.isNaN(completeness)) this.#lineHealth.update(i, completeness);
    });
    const flows = lines.map(({ count }, i) => (comparable[i] ? count : Number.NaN));
    const scores =
      place === undefined
        ? this.#flow
            .quiet(flows.map((value, i) => this.#flowDetectors[i]!.update(endMs, value)))
            .map((one) => one!)
        : this.#flow.during(place, flows).map(({ result }) => result);
    return scores.map((one, i) => (comparable[i] ? one : incomplete(one, lines[i]!.count)));
  }

  /** Whether as much was seen of each as usually; what is wholly unknown is told as missing, not as incomplete. */
  #comparable(slots: readonly ZoneSlot[], health: HealthWatch): boolean[] {
    return slots.map(
      ({ count, completeness }, i) => Number.isNaN(count) || !(health.usual(i) - completeness >= INCOMPLETE),
    );
  }

  /** Learns an event when it is over. */
  #follow(place: EventPlace | undefined): void {
    const event = this.#event;
    if (event !== undefined && place?.event !== event.name) {
      const whole = event.slots * SLOT_MS >= MOST_OF_IT * event.wholeMs;
      for (const family of [this.#count, this.#speed, this.#flow, this.#whole]) family.completeEvent(whole);
      this.#event = undefined;
    }
    if (place === undefined) return;
    this.#event ??= { name: place.event, slots: 0, wholeMs: 0 };
    this.#event.slots++;
    this.#event.wholeMs = place.wholeMs;
  }

  snapshot(): Uint8Array {
    const head = {
      zones: this.#zones,
      lines: this.#lines,
      event: this.#event ?? null,
    };
    return joinSections([
      new TextEncoder().encode(JSON.stringify(head)),
      this.#eventSeen.snapshot(),
      this.#speedSeen.snapshot(),
      joinSections(this.#count.snapshot()),
      joinSections(this.#speed.snapshot()),
      joinSections(this.#flow.snapshot()),
      this.#whole.snapshot(),
      this.#health.snapshot(),
      this.#lineHealth.snapshot(),
      joinSections(this.#speedDetectors.map((one) => one.snapshot())),
      joinSections(this.#flowDetectors.map((one) => one.snapshot())),
    ]);
  }

  /**
   * Zones and lines are found by name; one that is new begins to learn. What is learned of the venue as a whole holds for
   * exactly these zones in this order, and begins again when they are others.
   */
  restore(bytes: Uint8Array): void {
    const sections = splitSections(bytes, 11);
    const head = headOf(sections[0]!);
    const of = (now: readonly string[], before: readonly string[]): number[] =>
      now.map((id) => before.indexOf(id));
    const zones = of(this.#zones, head.zones);
    const lines = of(this.#lines, head.lines);
    const context = (section: Uint8Array): Uint8Array[] => splitSections(section, CONTEXT_SECTIONS);
    const each = (section: Uint8Array, from: readonly number[], stored: number): Detector[] => {
      const parts = splitSections(section, stored);
      return from.map((place) => (place < 0 ? createDetector() : restoreDetector(parts[place]!)));
    };
    this.#eventSeen.restore(sections[1]!);
    this.#speedSeen.restore(sections[2]!);
    this.#count.restore(context(sections[3]!), zones);
    this.#speed.restore(context(sections[4]!), zones);
    this.#flow.restore(context(sections[5]!), lines);
    this.#whole.restore(sections[6]!, zones, head.zones.length);
    this.#health.restore(sections[7]!, zones);
    this.#lineHealth.restore(sections[8]!, lines);
    this.#speedDetectors = each(sections[9]!, zones, head.zones.length);
    this.#flowDetectors = each(sections[10]!, lines, head.lines.length);
    this.#event = head.event;
  }
}

/** What is said of a value that cannot be compared. */
function incomplete({ reason }: AnomalyResult, observed: number): AnomalyResult {
  return {
    score: 0,
    evidence: 0,
    reason: { ...reason, code: 'incomplete', observed, points: 1, probability: 1 },
  };
}

const names = z.array(z.string());
const headShape = z.object({
  zones: names,
  lines: names,
  event: z.object({ name: z.string(), slots: z.number(), wholeMs: z.number() }).nullable(),
});

function headOf(bytes: Uint8Array) {
  const { event, ...rest } = headShape.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return { ...rest, event: event ?? undefined };
}
