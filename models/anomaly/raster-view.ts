// One slot of rasters as persons and speeds per block of floor, and the places in it that depart from the usual.
import type { EventPhase } from './index.ts';
import { type Level, phasesOf } from './raster-level.ts';
import type { RasterOptions } from './raster-options.ts';
import { type Place, placesOf, pool } from './raster-places.ts';
import { motionSpeed, RASTER_UNIT, type RasterKind } from './raster-slot.ts';

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
/** The usual persons are scaled to as many as are there by this factor at most. */
const MOST_BUSY = 4;
/** Anscombe: square roots of counts plus this vary alike for every mean. */
const ANSCOMBE = 0.375;

/** The one nearer to zero of two departures to the same side; 0 for two sides, NaN when either is unknown. */
function lesser(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  return a * b <= 0 ? 0 : Math.sign(a) * Math.min(Math.abs(a), Math.abs(b));
}

/** A slot as persons and speeds per block, and the places in it that stand out. */
export class SlotView {
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
