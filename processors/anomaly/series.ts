// The detectors of one venue: persons of all zones jointly, and each zone's speed and health alone.

import { z } from 'zod';
import {
  type AnomalyResult,
  createDetector,
  createJointDetector,
  type Detector,
  type EventPhase,
  eventPhases,
  type JointDetector,
  type JointResult,
  restoreDetector,
  restoreJointDetector,
} from '#models/anomaly/index.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import type { Slot } from '../shared/zone-slots.ts';

/** Scores of one slot, by zone in the order given. */
export interface SlotScores {
  readonly joint: JointResult | undefined;
  readonly count: readonly AnomalyResult[];
  /** Undefined where too few persons were there to have a mean speed. */
  readonly speed: readonly (AnomalyResult | undefined)[];
  /** Undefined where no frame was expected. */
  readonly health: readonly (AnomalyResult | undefined)[];
}

/** A mean speed of fewer persons than this says more about them than about the place. */
const FEWEST_FOR_SPEED = 5;

const headShape = z.object({
  zones: z.array(z.string()),
  phases: z.array(
    z.object({ phase: z.enum(eventPhases), seen: z.number(), usualShare: z.array(z.number()) }),
  ),
  joint: z.boolean(),
});

export class VenueSeries {
  readonly #zones: readonly string[];
  /** Absent in a venue of one zone, whose persons have a detector of their own. */
  #joint: JointDetector | undefined;
  #alone: Detector[];
  #speed: Detector[];
  #health: Detector[];

  constructor(zones: readonly string[]) {
    this.#zones = zones;
    this.#joint = zones.length > 1 ? createJointDetector(zones.length) : undefined;
    this.#alone = zones.length > 1 ? [] : zones.map(() => createDetector());
    this.#speed = zones.map(() => createDetector());
    this.#health = zones.map(() => createDetector());
  }

  update({ endMs, zones }: Slot, phase: EventPhase): SlotScores {
    const counts = zones.map(({ count }) => count);
    const joint = this.#joint?.update(endMs, counts, phase);
    const speed = zones.map(({ count, speed }, i) => {
      // Unknown persons: the speed is missing. Few or none: there is no speed, which is nothing unusual.
      if (count < FEWEST_FOR_SPEED) return undefined;
      return this.#speed[i]!.update(endMs, Number.isNaN(count) ? Number.NaN : speed);
    });
    const health = zones.map(({ completeness }, i) => this.#health[i]!.update(endMs, completeness));
    return {
      joint,
      count: joint?.zones ?? this.#alone.map((detector, i) => detector.update(endMs, counts[i]!)),
      speed,
      health,
    };
  }

  snapshot(): Uint8Array {
    const joint = this.#joint?.snapshot();
    const head: z.infer<typeof headShape> = {
      zones: [...this.#zones],
      phases: (joint?.phases ?? []).map(({ phase, seen, usualShare }) => ({
        phase,
        seen,
        usualShare: [...usualShare],
      })),
      joint: joint !== undefined,
    };
    return joinSections([
      new TextEncoder().encode(JSON.stringify(head)),
      joinSections(joint?.zones ?? this.#alone.map((one) => one.snapshot())),
      joinSections((joint?.phases ?? []).flatMap(({ total, spread, together }) => [total, spread, together])),
      joinSections(this.#speed.map((one) => one.snapshot())),
      joinSections(this.#health.map((one) => one.snapshot())),
    ]);
  }

  /**
   * Zones are found by name; one that is new begins to learn. What is learned of the venue as a whole (its total and the
   * zones' shares) holds for exactly these zones in this order, and begins again when they are others.
   */
  restore(bytes: Uint8Array): void {
    const [text, counts, phases, speed, health] = splitSections(bytes, 5);
    const head = headShape.parse(JSON.parse(new TextDecoder().decode(text!)));
    const same =
      head.zones.length === this.#zones.length && head.zones.every((id, i) => id === this.#zones[i]);
    const place = new Map(head.zones.map((id, i) => [id, i]));
    const each = (section: Uint8Array | undefined): Detector[] => {
      const stored = splitSections(section!, head.zones.length);
      return this.#zones.map((id) => {
        const at = place.get(id);
        return at === undefined ? createDetector() : restoreDetector(stored[at]!);
      });
    };
    this.#speed = each(speed);
    this.#health = each(health);
    const known = each(counts);
    if (this.#joint === undefined) {
      this.#alone = known;
      return;
    }
    const parts = splitSections(phases!, 3 * head.phases.length);
    this.#joint = restoreJointDetector({
      layout: 1,
      options: {},
      zones: known.map((one) => one.snapshot()),
      phases: !same
        ? []
        : head.phases.map((phase, i) => ({
            ...phase,
            total: parts[3 * i]!,
            spread: parts[3 * i + 1]!,
            together: parts[3 * i + 2]!,
          })),
    });
  }
}
