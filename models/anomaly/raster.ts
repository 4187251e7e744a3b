// Anomalies over a density raster: a crowd where none is usual, a place that empties, people who stand where they walk.
// Rasters become slots of time and blocks of floor; each block is compared with what is usual there in this phase of the
// event and with its own last minutes; evidence is pooled over neighbours into places; and a place's weight is ranked
// among the heaviest places of all slots before. Online, no look-ahead, bounded state, no clock, no randomness.
import { z } from 'zod';
import { AnomalyInputError, type EventPhase, eventPhases } from './index.ts';
import { Learned } from './raster-levels.ts';
import { gap, type Place, type PlaceBox, placesOf, pool, touches } from './raster-places.ts';
import {
  type Blocks,
  blocksOf,
  motionSpeed,
  RASTER_UNIT,
  type RasterFrame,
  type RasterKind,
  rasterKinds,
  SlotSums,
} from './raster-slot.ts';
import { joinParts, notOurs, splitParts } from './raster-state.ts';

export {
  motionSpeed,
  RASTER_UNIT,
  RASTER_UNKNOWN,
  RASTER_WALL,
  type RasterFrame,
  type RasterKind,
  rasterKinds,
} from './raster-slot.ts';

/** Settings. The defaults are meant for every level. */
export interface RasterOptions {
  /** Length of a slot, ms of event time: one judgement per slot. */
  readonly slotMs: number;
  /** Of rasters that come more often, one in so many ms is used. */
  readonly sampleMs: number;
  /** Edge of a block, m, rounded to whole cells. */
  readonly blockM: number;
  /** Deviation of the rasters' Gaussian kernel, m; speeds follow from it. Rasters with a box kernel have no speed. */
  readonly sigmaM: number;
  /** Evidence that raises an alarm: -log10 of the share of earlier slots that were as extreme. */
  readonly bar: number;
  /** A place with fewer persons above or below the usual, or standing, than this is nothing to tell. */
  readonly fewestPersons: number;
}

export const defaultRasterOptions: RasterOptions = {
  slotMs: 10_000,
  sampleMs: 1_000,
  blockM: 2,
  sigmaM: 0.5,
  bar: 3,
  fewestPersons: 8,
};

/** A block's evidence counts at most so many deviations: one block alone, however wild, is no place. */
const MOST_EVIDENCE = 4;
/** Pooled evidence that makes a block part of a place; of one block alone it is at most 4 x 4 / 6 = 2.7. */
const THRESHOLD = 3;
/** The same for speeds, which are pooled over persons instead; one block's neighbours share its persons. */
const SPEED_THRESHOLD = 2.5;
/** Blocks a place has at least. */
const FEWEST_BLOCKS = 4;
/** People are said to stand where the usual speed is at least this, m/s, and theirs less than so much of it. */
const WALKING = 0.5;
const STANDING_SHARE = 0.5;
/** Persons in a block and its neighbours for a mean speed to mean anything. */
const FEWEST_FOR_SPEED = 2;
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
/** After a change of phase, so long a place must be unusual for the phase before too: programmes are not to the minute. */
const OVERLAP_MS = 120_000;
/** A past alarm counts 1/e after so much event time, ms. */
const ALARM_MEMORY_MS = 12 * 3_600_000;
const MOST_ONGOING = 16;
const MOST_FINDINGS = 4;
/** The usual persons are scaled to as many as are there by this factor at most. */
const MOST_BUSY = 4;
/** Pairs of rasters further apart than so many samples say nothing of speed. */
const PAIR_SAMPLES = 2;
/** Anscombe: square roots of counts plus this vary alike for every mean. */
const ANSCOMBE = 0.375;

/** One unusual place. */
export interface RasterFinding {
  readonly kind: RasterKind;
  /** In [0,1]; at least 0.5 exactly when `alarm`. */
  readonly score: number;
  /** Raised once per anomaly, and again when it has become clearly more extreme. */
  readonly alarm: boolean;
  readonly evidence: number;
  /** When the alarm for this place was first raised; undefined while there was none. */
  readonly sinceMs: number | undefined;
  /** Centroid, weighted by evidence, m. */
  readonly x: number;
  readonly y: number;
  /** Floor of the place, m2. */
  readonly areaM2: number;
  /** Persons there now (mean over the slot) and usually. */
  readonly persons: number;
  readonly usualPersons: number;
  /** Mean speed there, m/s, and the usual one; NaN unless the kind is stopped-flow. */
  readonly speed: number;
  readonly usualSpeed: number;
  /** Centres of its blocks as x0, y0, x1, y1, ..., m. */
  readonly centres: Float64Array;
}

/** One slot. */
export interface RasterResult {
  readonly startMs: number;
  readonly endMs: number;
  readonly phase: EventPhase;
  /** `unknown`: no floor was seen. `learning`: too little was seen of this phase to alarm. */
  readonly state: 'unknown' | 'learning' | 'watching';
  /** The highest of the findings, else what the heaviest place comes to; NaN when unknown. */
  readonly score: number;
  readonly alarm: boolean;
  /** Share of the floor that was seen. */
  readonly known: number;
  /** Persons on the floor that was seen. */
  readonly persons: number;
  /** Highest score first; at most four. Places that are over or beneath notice are left out. */
  readonly findings: readonly RasterFinding[];
}

interface Ongoing {
  kind: RasterKind;
  box: PlaceBox;
  sinceMs: number;
  lastMs: number;
  evidence: number;
  mass: number;
}

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

/** All that belongs to rasters of one shape. */
interface Level {
  readonly shape: Omit<RasterFrame, 'cells' | 'epochMs'>;
  readonly blocks: Blocks;
  readonly sums: SlotSums;
  learned: Learned;
  ongoing: Ongoing[];
  /** Alarms of late by kind: each counts 1/e after ALARM_MEMORY_MS. */
  alarms: number[];
  /** Phase of the newest judged slot, the one before it, and the end of its first slot. */
  phase: EventPhase;
  phaseBefore: EventPhase;
  phaseSinceMs: number;
  /** End of the slot in progress. */
  endMs: number;
}

/** The phases that a slot is compared with: its own, and just after a change the one before too. */
function phasesOf({ phase, phaseBefore, phaseSinceMs, endMs }: Level): readonly EventPhase[] {
  return endMs - phaseSinceMs < OVERLAP_MS && phaseBefore !== phase ? [phase, phaseBefore] : [phase];
}

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

function newLevel(shape: Level['shape'], blockM: number, endMs: number): Level {
  const blocks = blocksOf(shape, blockM);
  return {
    shape,
    blocks,
    sums: new SlotSums(blocks, shape.width, shape.height),
    learned: new Learned(blocks.count),
    ongoing: [],
    alarms: rasterKinds.map(() => 0),
    phase: 'none',
    phaseBefore: 'none',
    phaseSinceMs: endMs,
    endMs,
  };
}

/** The one nearer to zero of two departures to the same side; 0 for two sides, NaN when either is unknown. */
function lesser(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  return a * b <= 0 ? 0 : Math.sign(a) * Math.min(Math.abs(a), Math.abs(b));
}

/** A slot as persons and speeds per block, and the places in it that stand out. */
class SlotView {
  readonly #level: Level;
  readonly #options: RasterOptions;
  /** Square roots of persons (Anscombe) and speeds, m/s, per block; NaN is unknown. */
  readonly roots: Float32Array;
  readonly speeds: Float32Array;
  /** Persons and m2 of floor per block. */
  readonly #persons: Float32Array;
  readonly #areas: Float32Array;
  /** By phase that is compared with. */
  readonly #busyness = new Map<EventPhase, number>();
  readonly knownShare: number;
  readonly persons: number;

  constructor(level: Level, options: RasterOptions) {
    this.#level = level;
    this.#options = options;
    const { blocks, sums, shape } = level;
    const cellArea = shape.cellM * shape.cellM;
    this.roots = new Float32Array(blocks.count).fill(Number.NaN);
    this.speeds = new Float32Array(blocks.count).fill(Number.NaN);
    this.#persons = new Float32Array(blocks.count);
    this.#areas = new Float32Array(blocks.count);
    let floor = 0;
    let known = 0;
    let persons = 0;
    for (let b = 0; b < blocks.count; b += 1) {
      floor += sums.floor[b];
      known += sums.known[b];
      // Half of a block's floor over the slot must have been seen.
      if (sums.floor[b] === 0 || 2 * sums.known[b] < sums.floor[b]) continue;
      const area = (sums.floor[b] / sums.samples) * cellArea;
      const count = (sums.units[b] / sums.known[b]) * RASTER_UNIT * area;
      this.#areas[b] = area;
      this.#persons[b] = count;
      this.roots[b] = Math.sqrt(count + ANSCOMBE);
      persons += count;
    }
    this.knownShare = floor === 0 ? 0 : known / floor;
    this.persons = persons;
    if (shape.kernel === 'gaussian' && sums.pairCount > 0) this.#speedsOf(cellArea);
    for (const phase of phasesOf(level)) this.#busyness.set(phase, this.#busier(phase));
  }

  #speedsOf(cellArea: number): void {
    const { blocks, sums } = this.#level;
    const { columns, rows } = blocks;
    const { sigmaM } = this.#options;
    const seconds = sums.pairMs / sums.pairCount / 1000;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const b = row * columns + column;
        if (Number.isNaN(this.roots[b])) continue;
        let squares = 0;
        let both = 0;
        for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
          for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
            squares += sums.squares[y * columns + x];
            both += sums.both[y * columns + x];
          }
        }
        const persons = (both * RASTER_UNIT * cellArea) / 2 / sums.pairCount;
        if (persons < FEWEST_FOR_SPEED) continue;
        const motion = (4 * Math.PI * sigmaM * sigmaM * squares * RASTER_UNIT) / both;
        this.speeds[b] = motionSpeed(motion, sigmaM, seconds);
      }
    }
  }

  /** Places of a kind that have enough blocks and persons to be told, heaviest first. */
  places(kind: RasterKind, phase: EventPhase): Place[] {
    const { blocks } = this.#level;
    const evidence = new Float32Array(blocks.count);
    const visited = new Uint8Array(blocks.count);
    if (kind === 'stopped-flow') {
      this.#slowness(evidence);
      return placesOf(blocks, evidence, -1, SPEED_THRESHOLD, visited).filter((place) =>
        this.#matters(kind, phase, place),
      );
    }
    this.#departures(evidence);
    const pooled = new Float32Array(blocks.count);
    pool(blocks, evidence, pooled);
    return placesOf(blocks, pooled, kind === 'emptying' ? -1 : 1, THRESHOLD, visited).filter((place) =>
      this.#matters(kind, phase, place),
    );
  }

  /**
   * Departure of each block, in deviations, from three things: what is usual there in this phase, the same for as many
   * persons as were on the level of late, and its own last minutes. What counts is the least of the three, if they agree
   * in direction: a busier evening than usual, and the slow filling of a stand, are no anomaly.
   */
  #departures(out: Float32Array): void {
    const { learned } = this.#level;
    const phases = phasesOf(this.#level);
    for (let b = 0; b < out.length; b += 1) {
      const root = this.roots[b];
      const recent = learned.recent(b);
      if (Number.isNaN(root) || recent === undefined) {
        out[b] = Number.NaN;
        continue;
      }
      let z = recent.distance(b, root);
      for (const phase of phases) {
        const usual = learned.persons(phase, b);
        if (usual === undefined) z = Number.NaN;
        else {
          const scaled = (root - this.#usualRoot(phase, usual.mean[b])) / usual.deviation(b);
          z = lesser(z, lesser(usual.distance(b, root), scaled));
        }
      }
      out[b] = Math.min(MOST_EVIDENCE, Math.max(-MOST_EVIDENCE, z));
    }
  }

  /** The usual square root, for as many persons on the level as of late. */
  #usualRoot(phase: EventPhase, mean: number): number {
    const persons = Math.max(0, mean * mean - ANSCOMBE) * (this.#busyness.get(phase) ?? 1);
    return Math.sqrt(persons + ANSCOMBE);
  }

  /** How many times the usual persons of a phase were on the floor of late: what is seen now has no part in it. */
  #busier(phase: EventPhase): number {
    const { learned } = this.#level;
    let [of, late] = [0, 0];
    for (let b = 0; b < this.roots.length; b += 1) {
      const usual = learned.persons(phase, b);
      const recent = learned.recent(b);
      if (Number.isNaN(this.roots[b]) || usual === undefined || recent === undefined) continue;
      of += Math.max(0, usual.mean[b] ** 2 - ANSCOMBE);
      late += Math.max(0, recent.mean[b] ** 2 - ANSCOMBE);
    }
    return of === 0 ? 1 : Math.min(MOST_BUSY, Math.max(1 / MOST_BUSY, late / of));
  }

  /** How much slower people are than is usual, in deviations, where they stand and usually walk; else 0. */
  #slowness(out: Float32Array): void {
    const { learned } = this.#level;
    const phases = phasesOf(this.#level);
    for (let b = 0; b < out.length; b += 1) {
      const speed = this.speeds[b];
      let z = Number.isNaN(speed) ? Number.NaN : -MOST_EVIDENCE;
      for (const phase of phases) {
        const usual = learned.speed(phase, b);
        if (usual === undefined) z = Number.NaN;
        else {
          const mean = usual.mean[b];
          const stands = mean >= WALKING && speed < STANDING_SHARE * mean;
          z = stands ? lesser(z, usual.distance(b, speed)) : lesser(z, 0);
        }
      }
      out[b] = z;
    }
  }

  #matters(kind: RasterKind, phase: EventPhase, { blocks }: Place): boolean {
    if (blocks.length < FEWEST_BLOCKS) return false;
    const { fewestPersons } = this.#options;
    const here = blocks.reduce((sum, b) => sum + this.#persons[b], 0);
    if (kind === 'stopped-flow') return here >= fewestPersons;
    const usual = this.#usualPersons(phase, blocks);
    return kind === 'emptying' ? usual - here >= fewestPersons : here - usual >= fewestPersons;
  }

  /** Mean persons in these blocks: of a square root with this mean and variance. */
  #usualPersons(phase: EventPhase, blocks: readonly number[]): number {
    return blocks.reduce((sum, b) => {
      const usual = this.#level.learned.persons(phase, b);
      if (usual === undefined) return sum;
      return sum + Math.max(0, usual.mean[b] ** 2 + usual.variance[b] - ANSCOMBE);
    }, 0);
  }

  describe(kind: RasterKind, phase: EventPhase, { blocks }: Place) {
    const { shape, learned } = this.#level;
    const { side, columns } = this.#level.blocks;
    const edge = side * shape.cellM;
    const centres = new Float64Array(2 * blocks.length);
    let [x, y, weights, areaM2, persons, moving, usualMoving] = [0, 0, 0, 0, 0, 0, 0];
    blocks.forEach((b, i) => {
      const cx = shape.originX + ((b % columns) + 0.5) * edge;
      const cy = shape.originY + (Math.floor(b / columns) + 0.5) * edge;
      centres.set([cx, cy], 2 * i);
      const usual = learned.persons(phase, b);
      const weight = usual === undefined ? 0 : Math.abs(this.roots[b] - usual.mean[b]) + 1e-6;
      const here = kind === 'stopped-flow' ? this.#persons[b] + 1e-6 : weight;
      x += here * cx;
      y += here * cy;
      weights += here;
      areaM2 += this.#areas[b];
      persons += this.#persons[b];
      if (kind !== 'stopped-flow') return;
      moving += here * this.speeds[b];
      usualMoving += here * learned.speed(phase, b)!.mean[b];
    });
    const stopped = kind === 'stopped-flow';
    return {
      x: x / weights,
      y: y / weights,
      areaM2,
      persons,
      usualPersons: this.#usualPersons(phase, blocks),
      speed: stopped ? moving / weights : Number.NaN,
      usualSpeed: stopped ? usualMoving / weights : Number.NaN,
      centres,
    };
  }
}

const whole = (value: number): string => String(Math.round(value));

/** One plain line, such as `unexpected crowd: 34 persons where 6 are usual, 52 m2 around (12, 40)`. */
export function describeFinding(finding: RasterFinding): string {
  const { kind, persons, usualPersons, speed, usualSpeed, areaM2, x, y } = finding;
  const where = `${whole(areaM2)} m2 around (${whole(x)}, ${whole(y)})`;
  switch (kind) {
    case 'unexpected-crowd':
      return `unexpected crowd: ${whole(persons)} persons where ${whole(usualPersons)} are usual, ${where}`;
    case 'emptying':
      return `emptying: ${whole(persons)} persons left where ${whole(usualPersons)} are usual, ${where}`;
    case 'stopped-flow':
      return (
        `stopped flow: ${whole(persons)} persons at ${speed.toFixed(1)} m/s where ` +
        `${usualSpeed.toFixed(1)} m/s is usual, ${where}`
      );
  }
}
