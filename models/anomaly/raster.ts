// Anomalies over a density raster: a crowd where none is usual, a place that empties, people who stand where they walk.
// Rasters become slots of time and blocks of floor; each block is compared with what is usual there in this phase of the
// event and with its own last minutes; evidence is pooled over neighbours into places; and a place's weight is ranked
// among the heaviest places of all slots before. Online, no look-ahead, bounded state, no clock, no randomness.
import { z } from 'zod';
import { AnomalyInputError, type EventPhase, eventPhases } from './index.ts';
import type { RasterFinding, RasterResult } from './raster-finding.ts';
import { type Level, newLevel, type Ongoing } from './raster-level.ts';
import { Learned } from './raster-levels.ts';
import { defaultRasterOptions, type RasterOptions } from './raster-options.ts';
import { gap, type Place, touches } from './raster-places.ts';
import { type RasterFrame, type RasterKind, rasterKinds } from './raster-slot.ts';
import { joinParts, notOurs, splitParts } from './raster-state.ts';
import { SlotView } from './raster-view.ts';

export { describeFinding, type RasterFinding, type RasterResult } from './raster-finding.ts';
export { defaultRasterOptions, type RasterOptions } from './raster-options.ts';
export {
  motionSpeed,
  RASTER_UNIT,
  RASTER_UNKNOWN,
  RASTER_WALL,
  type RasterFrame,
  type RasterKind,
  rasterKinds,
} from './raster-slot.ts';

/** An anomaly not seen for so long is over, ms. */
const OVER_MS = 60_000;
/**
 * Places of one kind that stand out within so long of each other are one anomaly with one alarm, if the later is not twice as
 * heavy: a crowd within so many metres, an emptying anywhere on the level, because those who leave a stand leave all of it.
 */
const TOGETHER_MS = 120_000;
const TOGETHER_M: Readonly<Record<RasterKind, number>> = {
  'unexpected-crowd': 15,
  emptying: Number.POSITIVE_INFINITY,
  'stopped-flow': 15,
};
/** After an alarm, the same place raises another when its evidence is greater by this. */
const ESCALATION = 1;
/** A past alarm counts 1/e after so much event time, ms. */
const ALARM_MEMORY_MS = 12 * 3_600_000;
const MOST_ONGOING = 16;
const MOST_FINDINGS = 4;
/** Pairs of rasters further apart than so many samples say nothing of speed. */
const PAIR_SAMPLES = 2;

const box = z.object({ left: z.number(), bottom: z.number(), right: z.number(), top: z.number() });
const headShape = z.object({
  layout: z.literal(1),
  options: z.object({
    slotMs: z.number(),
    sampleMs: z.number(),
    blockM: z.number(),
    sigmaM: z.number(),
    bar: z.number(),
    fewestPersons: z.number(),
  }),
  late: z.number(),
  resets: z.number(),
  level: z
    .object({
      shape: z.object({
        width: z.number().int().positive(),
        height: z.number().int().positive(),
        cellM: z.number(),
        originX: z.number(),
        originY: z.number(),
        kernel: z.enum(['box', 'gaussian']),
      }),
      endMs: z.number(),
      alarms: z.array(z.number()).length(rasterKinds.length),
      phase: z.enum(eventPhases),
      phaseBefore: z.enum(eventPhases),
      phaseSinceMs: z.number(),
      phases: z.array(z.enum(eventPhases)),
      slots: z.array(z.number()),
      ongoing: z.array(
        z.object({
          kind: z.enum(rasterKinds),
          box,
          sinceMs: z.number(),
          lastMs: z.number(),
          evidence: z.number(),
          mass: z.number(),
        }),
      ),
    })
    .nullable(),
});

/** Scores the rasters of one level. */
export class RasterDetector {
  readonly options: RasterOptions;
  #level: Level | undefined;
  #late = 0;
  #resets = 0;
  /** What is learned changes once per slot; checkpoints are more frequent. */
  #stored: { readonly slots: readonly number[]; readonly parts: Uint8Array[] } | undefined;

  /** @throws AnomalyInputError for options without meaning */
  constructor(options: Partial<RasterOptions> = {}) {
    this.options = { ...defaultRasterOptions, ...options };
    for (const [key, value] of Object.entries(this.options)) {
      if (!(Number.isFinite(value) && value > 0))
        throw new AnomalyInputError(`raster option ${key} must be a finite number above 0, not ${value}`);
    }
    if (this.options.sampleMs > this.options.slotMs)
      throw new AnomalyInputError('raster option sampleMs must not be above slotMs');
  }

  /** Rasters passed over because they were not newer than the one before; levels begun again with another shape. */
  get figures(): { readonly late: number; readonly resets: number } {
    return { late: this.#late, resets: this.#resets };
  }

  /** Bytes of numeric state. */
  get bytes(): number {
    return this.#level === undefined ? 0 : this.#level.learned.bytes + this.#level.sums.bytes;
  }

  /**
   * Takes the next raster; gives the slots that are complete by it: that of a raster at its very end, and one that
   * nothing more came for. `phaseAt` says the phase of a slot by its end.
   * @throws AnomalyInputError for cells that do not fit the shape, or a time that is not a number
   */
  update(frame: RasterFrame, phaseAt: (endMs: number) => EventPhase): RasterResult[] {
    const { epochMs, width, height, cells } = frame;
    if (!Number.isFinite(epochMs) || cells.length !== width * height || !(frame.cellM > 0))
      throw new AnomalyInputError(
        `a raster at ${epochMs} of ${width} x ${height} cells of ${frame.cellM} m with ${cells.length} of them`,
      );
    const { slotMs, sampleMs } = this.options;
    const endMs = Math.ceil(epochMs / slotMs) * slotMs;
    const level = this.#levelOf(frame, endMs);
    const before = level.sums.lastMs;
    if (epochMs <= before) {
      this.#late += 1;
      return [];
    }
    const results: RasterResult[] = [];
    if (endMs > level.endMs) {
      this.#close(level, phaseAt, results);
      const kept = Math.exp((level.endMs - endMs) / ALARM_MEMORY_MS);
      level.alarms = level.alarms.map((count) => count * kept);
      level.endMs = endMs;
    }
    const another = Number.isNaN(before) || Math.floor(epochMs / sampleMs) > Math.floor(before / sampleMs);
    if (another) level.sums.add(frame, PAIR_SAMPLES * sampleMs);
    if (epochMs === endMs) this.#close(level, phaseAt, results);
    return results;
  }

  #levelOf(frame: RasterFrame, endMs: number): Level {
    const known = this.#level;
    if (known !== undefined) {
      const { shape } = known;
      const same =
        shape.width === frame.width &&
        shape.height === frame.height &&
        shape.cellM === frame.cellM &&
        shape.originX === frame.originX &&
        shape.originY === frame.originY &&
        shape.kernel === frame.kernel;
      if (same) return known;
      this.#resets += 1;
    }
    const { width, height, cellM, originX, originY, kernel } = frame;
    this.#level = newLevel({ width, height, cellM, originX, originY, kernel }, this.options.blockM, endMs);
    this.#stored = undefined;
    return this.#level;
  }

  #close(level: Level, phaseAt: (endMs: number) => EventPhase, results: RasterResult[]): void {
    if (level.sums.samples > 0) results.push(this.#judge(level, phaseAt(level.endMs)));
  }

  #judge(level: Level, phase: EventPhase): RasterResult {
    const { sums, endMs } = level;
    if (phase !== level.phase) Object.assign(level, { phase, phaseBefore: level.phase, phaseSinceMs: endMs });
    const seen = new SlotView(level, this.options);
    sums.clear();
    const head = { startMs: endMs - this.options.slotMs, endMs, phase, known: seen.knownShare };
    if (seen.knownShare === 0)
      return { ...head, state: 'unknown', score: Number.NaN, alarm: false, persons: 0, findings: [] };
    const watching = level.learned.knows(phase);
    const findings = rasterKinds.flatMap((kind) => this.#find(level, seen, kind, phase, watching));
    findings.sort((a, b) => b.score - a.score || b.evidence - a.evidence);
    level.ongoing = level.ongoing.filter(({ lastMs }) => endMs - lastMs < OVER_MS).slice(-MOST_ONGOING);
    level.learned.learn(phase, seen.roots, seen.speeds);
    this.#stored = undefined;
    return {
      ...head,
      state: watching ? 'watching' : 'learning',
      score: findings[0]?.score ?? 0,
      alarm: findings.some(({ alarm }) => alarm),
      persons: seen.persons,
      findings: findings.slice(0, MOST_FINDINGS),
    };
  }

  #find(
    level: Level,
    seen: SlotView,
    kind: RasterKind,
    phase: EventPhase,
    watching: boolean,
  ): RasterFinding[] {
    const { learned, ongoing, endMs } = level;
    // Who has alarmed of late must show more: what recurs all evening is not an anomaly.
    const bar = this.options.bar + Math.log10(1 + level.alarms[rasterKinds.indexOf(kind)]);
    const findings: RasterFinding[] = [];
    let heaviest = 0;
    for (const place of seen.places(kind, phase)) {
      const evidence = learned.rarity(kind, phase, place.mass);
      const known = ongoing.find((one) => one.kind === kind && touches(one.box, place.box));
      const unusual =
        watching && evidence >= bar && (known === undefined || evidence >= known.evidence + ESCALATION);
      const origin = known === undefined && unusual ? this.#together(level, kind, place) : undefined;
      const alarm = unusual && origin === undefined;
      // Masses are ranked among ordinary ones: an anomaly must not make the next of its size ordinary.
      if (known === undefined && !unusual) heaviest = Math.max(heaviest, place.mass);
      if (known !== undefined) Object.assign(known, { lastMs: endMs, box: place.box });
      if (alarm) level.alarms[rasterKinds.indexOf(kind)] += 1;
      if (alarm && known !== undefined) known.evidence = evidence;
      const sinceMs = known?.sinceMs ?? origin?.sinceMs ?? (alarm ? endMs : undefined);
      if (known === undefined && sinceMs !== undefined)
        ongoing.push({ kind, box: place.box, sinceMs, lastMs: endMs, evidence, mass: place.mass });
      if (sinceMs === undefined && evidence < bar / 2) continue;
      findings.push({
        kind,
        alarm,
        evidence,
        sinceMs,
        score: alarm
          ? 1 - 0.5 * Math.exp(bar - evidence)
          : Math.min(0.49, 0.5 * (1 - 2 ** ((-2 * evidence) / bar))),
        ...seen.describe(kind, phase, place),
      });
    }
    learned.learnMass(kind, phase, heaviest);
    return findings;
  }

  /** The anomaly that this place is part of, if one of its kind has just begun near it. */
  #together({ ongoing, endMs, blocks, shape }: Level, kind: RasterKind, place: Place): Ongoing | undefined {
    const edge = blocks.side * shape.cellM;
    return ongoing.find(
      (one) =>
        one.kind === kind &&
        endMs - one.sinceMs <= TOGETHER_MS &&
        place.mass < 2 * one.mass &&
        edge * gap(one.box, place.box) <= TOGETHER_M[kind],
    );
  }

  snapshot(): Uint8Array {
    const level = this.#level;
    const head: z.infer<typeof headShape> = {
      layout: 1,
      options: { ...this.options },
      late: this.#late,
      resets: this.#resets,
      level: null,
    };
    if (level === undefined) return joinParts(head, []);
    this.#stored ??= level.learned.snapshot();
    const { slots, parts } = this.#stored;
    head.level = {
      shape: level.shape,
      endMs: level.endMs,
      alarms: level.alarms,
      phase: level.phase,
      phaseBefore: level.phaseBefore,
      phaseSinceMs: level.phaseSinceMs,
      phases: [...level.learned.phases],
      slots: [...slots],
      ongoing: level.ongoing,
    };
    // What is learned comes first: it stays where it is while the slot in progress grows.
    return joinParts(head, [...parts, level.sums.snapshot()]);
  }

  /** The detector a snapshot was taken from. @throws AnomalyInputError for bytes that are no such snapshot */
  static restore(bytes: Uint8Array): RasterDetector {
    const { head: text, parts } = splitParts(bytes);
    const read = headShape.safeParse(text);
    if (!read.success) throw notOurs();
    const head = read.data;
    const detector = new RasterDetector(head.options);
    detector.#late = head.late;
    detector.#resets = head.resets;
    if (head.level === null) return detector;
    const { shape, endMs, phases, slots, ...rest } = head.level;
    const level = newLevel(shape, head.options.blockM, endMs);
    const sums = parts.at(-1);
    if (sums === undefined || !level.sums.restore(sums)) throw notOurs();
    level.learned = Learned.restore(level.blocks.count, phases, slots, parts.slice(0, -1));
    Object.assign(level, rest);
    detector.#level = level;
    return detector;
  }
}
