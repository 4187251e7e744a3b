// The venue as a whole: its total, how it is spread over the zones, and whether many zones depart at once. During an event
// each is compared with the same minute of earlier events; at other times the joint detector of the zones speaks.

import { z } from 'zod';
import {
  type AnomalyResult,
  CONTEXT_SECTIONS,
  ContextualScores,
  createDetector,
  createJointDetector,
  type Detector,
  type EventPlace,
  type EventScore,
  type JointCode,
  type JointDetector,
  type JointResult,
  restoreDetector,
  restoreJointDetector,
  type SeenMagnitudes,
} from '#models/anomaly/index.ts';
import { joinSections, splitSections } from '../shared/sections.ts';

/** How unusual the venue is, and where. */
export type VenueScore = Pick<JointResult, 'code' | 'cause' | 'departures'>;

/** A total that departs by fewer persons, or by less than this share, is nobody's concern. */
const PERSONS = 20;
const SHARE = 0.05;
/** Shares of fewer persons than this are chance. */
const FEWEST_TO_SHARE = 50;
const MATERIAL_SPREAD = 0.1;
const MATERIAL_TOGETHER = 0.5;
/** One zone alone does not make many: its departure counts to this many deviations. */
const MOST_DEVIATIONS = 6;
const REPORTED = 3;
/** Slots without any known zone until the venue itself is missing. */
const MISSING_SLOTS = 2;

export class WholeVenue {
  readonly #zones: number;
  readonly #total: ContextualScores;
  /** Spread and together. */
  readonly #shape: ContextualScores;
  /** For quiet times; a venue of one zone has that zone's detector alone. */
  #joint: JointDetector | undefined;
  #alone: Detector;
  #missing = 0;

  constructor(zones: number, eventSeen: SeenMagnitudes, slotMs: number) {
    this.#zones = zones;
    this.#total = new ContextualScores(
      1,
      {
        scale: 'count',
        sized: false,
        floor: 0.25,
        material: (expected) => Math.max(PERSONS, SHARE * expected),
        silentWhenSmall: true,
        slotMs,
      },
      eventSeen,
    );
    this.#shape = new ContextualScores(
      2,
      {
        scale: 'level',
        sized: false,
        floor: 0.0004,
        material: () => 0,
        silentWhenSmall: false,
        onlyHigh: true,
        slotMs,
      },
      eventSeen,
    );
    this.#joint = zones > 1 ? createJointDetector(zones) : undefined;
    this.#alone = createDetector();
  }

  /** Scores a moment of an event from the zones' persons and their scores; undefined in a venue of one zone. */
  during(
    place: EventPlace,
    counts: readonly number[],
    scores: readonly EventScore[],
  ): VenueScore | undefined {
    if (this.#zones < 2) return undefined;
    const total = counts.reduce((sum, count) => sum + count, 0);
    const expected = scores.map(({ result }) => result.reason.expected);
    const expectedTotal = expected.reduce((sum, count) => sum + count, 0);
    const shares = expected.map((usual, zone) => ({
      zone,
      share: counts[zone]! / total - usual / expectedTotal,
    }));
    const comparable = total >= FEWEST_TO_SHARE && expectedTotal >= FEWEST_TO_SHARE;
    const spread = comparable ? shares.reduce((sum, { share }) => sum + Math.abs(share), 0) / 2 : Number.NaN;
    const known = scores.filter(({ t }) => !Number.isNaN(t));
    const together =
      known.length === 0
        ? Number.NaN
        : known.reduce((sum, { t }) => sum + Math.min(MOST_DEVIATIONS, Math.abs(t)), 0) / known.length;
    const [whole] = this.#total.during(place, [total]);
    const [wide, many] = this.#shape.during(place, [spread, together]);
    const missing = this.#missed(counts);
    if (missing !== undefined) return { code: 'normal', cause: missing, departures: [] };
    const causes: [JointCode, AnomalyResult][] = [
      ['total', whole!.result],
      ['spread', material(wide!.result, MATERIAL_SPREAD)],
      ['together', material(many!.result, MATERIAL_TOGETHER)],
    ];
    const [code, cause] = causes.reduce((best, next) => (next[1].score > best[1].score ? next : best));
    return {
      code: cause.score >= 0.5 ? code : 'normal',
      cause,
      departures: comparable
        ? shares
            .filter(({ share }) => !Number.isNaN(share))
            .sort((a, b) => Math.abs(b.share) - Math.abs(a.share))
            .slice(0, REPORTED)
        : [],
    };
  }

  /** Scores a moment without an event, and what the detectors of the zones say of them. */
  quiet(
    endMs: number,
    counts: readonly number[],
  ): { score: VenueScore | undefined; zones: readonly AnomalyResult[] } {
    if (this.#joint === undefined)
      return { score: undefined, zones: [this.#alone.update(endMs, counts[0]!)] };
    const { zones, code, cause, departures } = this.#joint.update(endMs, counts);
    const missing = this.#missed(counts);
    if (missing !== undefined) return { score: { code: 'normal', cause: missing, departures: [] }, zones };
    const [result] = this.#total.quiet([cause]);
    return { score: { code: result!.score >= 0.5 ? code : 'normal', cause: result!, departures }, zones };
  }

  /** Nothing is known of any zone: after two slots one alarm says so for all of them. */
  #missed(counts: readonly number[]): AnomalyResult | undefined {
    this.#missing = counts.every(Number.isNaN) ? this.#missing + 1 : 0;
    if (this.#missing === 0) return undefined;
    return {
      score: this.#missing === MISSING_SLOTS ? 0.75 : 0.25,
      evidence: 0,
      reason: {
        code: 'missing',
        observed: Number.NaN,
        expected: Number.NaN,
        points: this.#missing,
        probability: 0,
      },
    };
  }

  completeEvent(whole: boolean): void {
    this.#total.completeEvent(whole);
    this.#shape.completeEvent(whole);
  }

  snapshot(): Uint8Array {
    const joint = this.#joint?.snapshot();
    const head: z.infer<typeof headShape> = {
      missing: this.#missing,
      seen: joint?.phases.map(({ seen }) => seen) ?? [],
      usualShare: joint?.phases.map(({ usualShare }) => [...usualShare]) ?? [],
    };
    return joinSections([
      new TextEncoder().encode(JSON.stringify(head)),
      joinSections(this.#total.snapshot()),
      joinSections(this.#shape.snapshot()),
      joinSections(joint?.zones ?? [this.#alone.snapshot()]),
      joinSections((joint?.phases ?? []).flatMap(({ total, spread, together }) => [total, spread, together])),
    ]);
  }

  /** @param from for each zone its place in the snapshot's `stored` zones, or -1 for a new one */
  restore(bytes: Uint8Array, from: readonly number[], stored: number): void {
    const [text, total, shape, zones, phases] = splitSections(bytes, 5);
    const head = headShape.parse(JSON.parse(new TextDecoder().decode(text!)));
    const before = splitSections(zones!, stored);
    const known = from.map((place) => (place < 0 ? createDetector().snapshot() : before[place]!));
    const same = from.length === stored && from.every((place, i) => place === i);
    this.#missing = head.missing;
    if (this.#joint === undefined) {
      this.#alone = restoreDetector(known[0]!);
    } else {
      const parts = splitSections(phases!, 3 * head.seen.length);
      this.#joint = restoreJointDetector({
        layout: 1,
        options: {},
        zones: known,
        phases: !same
          ? []
          : head.seen.map((seen, i) => ({
              phase: 'none' as const,
              seen,
              usualShare: head.usualShare[i]!,
              total: parts[3 * i]!,
              spread: parts[3 * i + 1]!,
              together: parts[3 * i + 2]!,
            })),
      });
    }
    if (!same) return;
    this.#total.restore(splitSections(total!, CONTEXT_SECTIONS), [0]);
    this.#shape.restore(splitSections(shape!, CONTEXT_SECTIONS), [0, 1]);
  }
}

/** An alarm only where the value exceeds the expected by so much. */
function material(result: AnomalyResult, least: number): AnomalyResult {
  const { observed, expected } = result.reason;
  return result.score < 0.5 || observed - expected >= least ? result : { ...result, score: 0.49 };
}

const headShape = z.object({
  missing: z.number(),
  seen: z.array(z.number()),
  usualShare: z.array(z.array(z.number())),
});
