// Overlapping views of one floor as one list of persons. Camera tracks are joined, not detections: a track outlives a missed
// frame, so that a person whom one camera misses is not taken for a neighbour whom another camera misses.

import { alone, assignSightings, type Cluster, clusterSightings, identify, type Unseen } from './cluster.ts';
import { type FusionOptions, fusionDefaults } from './defaults.ts';
import { FusionError } from './errors.ts';
import { flattenSightings, readSightings, type Sighting } from './sighting.ts';

/** What one camera saw at one instant. Columns have `count` entries; ids are unique. Metres, m/s (NaN: not known). */
export interface View {
  /** Index of the camera. */
  readonly camera: number;
  /** Event time, UTC epoch ms. */
  readonly epochMs: number;
  readonly count: number;
  readonly ids: ArrayLike<number>;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly vx: ArrayLike<number>;
  readonly vy: ArrayLike<number>;
}

/** Persons at one instant, by id. */
export interface FusedPersons {
  readonly epochMs: number;
  readonly count: number;
  /** Stable while a person stays in any view. */
  readonly ids: Uint32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly vx: Float64Array;
  readonly vy: Float64Array;
  /** Share of the live cameras covering the place that detected the person at this instant; 0: counted from memory. */
  readonly confidence: Float64Array;
  /** Expected number of persons missed for each one counted: q / (1 - q), q = product of miss rates (see README). */
  readonly missed: Float64Array;
}

export interface FloorCameras {
  /** Deviation of a reported coordinate of each camera, m; undefined: the default. */
  readonly sigmaM: readonly (number | undefined)[];
  /** Indexes of the cameras that cover a place. */
  covering(x: number, y: number): readonly number[];
}

/** Frames a camera's miss rate is estimated over; older ones count half. */
const MEMORY_FRAMES = 20_000;
/** The default miss rate weighs as much as this many frames. */
const PRIOR_FRAMES = 200;
/** The default deviation weighs as much as this many pairs of detections. */
const PRIOR_PAIRS = 200;
/**
 * The estimate is taken so much larger: pairs are only learned of where they are close enough to be made, so that it is low in a
 * dense crowd, and too small a deviation counts people twice. Choice, by bench multi-camera.
 */
const MARGIN = 1.3;
/** A camera that is said never to miss anybody misses one in a thousand. */
const LEAST_MISS_RATE = 1e-3;
const VERSION = 2;

/** Fuses the cameras of one level. Deterministic: views and detections in any order give the same result. */
export class ViewFuser {
  readonly #cameras: FloorCameras;
  readonly #options: FusionOptions;
  #sightings: Sighting[] = [];
  #nextId = 1;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Per camera: frames delivered, and detections and misses of known tracks. */
  readonly #frames: Float64Array;
  readonly #hits: Float64Array;
  readonly #misses: Float64Array;
  /** Per camera: squared deviations of detections from those of other cameras that are surely the same person, and how many. */
  readonly #squares: Float64Array;
  readonly #pairs: Float64Array;
  readonly #unseen: Unseen;

  /** @throws FusionError for options out of range */
  constructor(cameras: FloorCameras, options: Partial<FusionOptions> = {}) {
    this.#cameras = cameras;
    this.#options = { ...fusionDefaults, ...options };
    check(this.#options, cameras.sigmaM);
    this.#frames = new Float64Array(cameras.sigmaM.length);
    this.#hits = new Float64Array(cameras.sigmaM.length);
    this.#misses = new Float64Array(cameras.sigmaM.length);
    this.#squares = new Float64Array(cameras.sigmaM.length);
    this.#pairs = new Float64Array(cameras.sigmaM.length);
    this.#unseen = {
      covering: (x, y) => cameras.covering(x, y),
      missed: -2 * Math.log(Math.max(this.#options.missRate, LEAST_MISS_RATE)),
    };
  }

  /** Estimated share of persons in view that a camera misses per frame: gaps within its own tracks. */
  missRate(camera: number): number {
    const misses = this.#misses[camera]! + PRIOR_FRAMES * this.#options.missRate;
    return misses / (misses + this.#hits[camera]! + PRIOR_FRAMES * (1 - this.#options.missRate));
  }

  /** Deviation of a camera's coordinates, m: as given, else as estimated from persons whom it sees together with others. */
  sigmaM(camera: number): number {
    const given = this.#cameras.sigmaM[camera];
    if (given !== undefined) return given;
    const sum = MARGIN ** 2 * this.#squares[camera]! + PRIOR_PAIRS * this.#options.positionSigmaM ** 2;
    return Math.sqrt(sum / (this.#pairs[camera]! + PRIOR_PAIRS));
  }

  /**
   * The persons at `epochMs`, from at most one view per camera since the last step.
   * @param live per camera, whether it delivers: the place of a person whom no live camera covers is not known
   * @throws FusionError for time that does not advance, or two views of one camera
   */
  step(epochMs: number, views: readonly View[], live: ArrayLike<number | boolean>): FusedPersons {
    if (!(epochMs > this.#lastMs))
      throw new FusionError(`time ${epochMs} does not follow ${this.#lastMs}; give steps in order`);
    if (new Set(views.map(({ camera }) => camera)).size < views.length)
      throw new FusionError('one view per camera and step is needed; choose the newest');
    this.#predict(epochMs);
    for (const view of views) this.#detect(view, epochMs);
    this.#sightings.sort((a, b) => a.camera - b.camera || a.local - b.local);
    const clusters = clusterSightings(
      this.#sightings.filter(({ replaced }) => !replaced),
      this.#options.gate,
      this.#options.change,
      this.#unseen,
    );
    this.#learnDeviations(epochMs, clusters);
    const ids = identify(clusters, () => {
      const id = this.#nextId;
      // Ids are u32 on the wire; after 4 billion persons they begin again.
      this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
      return id;
    });
    return this.#persons(epochMs, clusters, ids, live);
  }

  /** Moves sightings on by their velocity and forgets those too old; what is not seen becomes less certain. */
  #predict(epochMs: number): void {
    const dt = Number.isFinite(this.#lastMs) ? (epochMs - this.#lastMs) / 1000 : 0;
    this.#lastMs = epochMs;
    const spread = (this.#options.driftMS * dt) ** 2;
    this.#sightings = this.#sightings.filter(({ seenMs }) => epochMs - seenMs <= this.#options.bindMs);
    for (const sighting of this.#sightings) {
      if (!Number.isNaN(sighting.vx)) {
        sighting.x += sighting.vx * dt;
        sighting.y += sighting.vy * dt;
      }
      sighting.variance += spread;
    }
  }

  #detect(view: View, epochMs: number): void {
    const { camera } = view;
    const frame = ++this.#frames[camera]!;
    const known = new Map<number, Sighting>();
    for (const sighting of this.#sightings)
      if (sighting.camera === camera) known.set(sighting.local, sighting);
    const fresh: Sighting[] = [];
    for (let i = 0; i < view.count; i++) {
      const local = view.ids[i]!;
      const before = known.get(local);
      const seen = this.#detection(view, i, epochMs, frame, before?.person ?? 0);
      if (before === undefined) fresh.push(seen);
      else {
        known.delete(local);
        this.#learn(camera, frame - before.frame);
        Object.assign(before, seen);
      }
    }
    this.#stitch(
      fresh,
      // Who has walked out of view is not missed.
      [...known.values()].filter(
        ({ replaced, x, y }) => !replaced && this.#cameras.covering(x, y).includes(camera),
      ),
    );
    this.#sightings.push(...fresh);
  }

  /**
   * Trackers lose people and find them under a new id: a new track where an old one is missing goes on with it. The old one
   * is kept aside: if it comes back it was only missed, and the new one was somebody new.
   */
  #stitch(fresh: readonly Sighting[], missing: readonly Sighting[]): void {
    const order = (list: readonly Sighting[]): Sighting[] => [...list].sort((a, b) => a.local - b.local);
    const [rows, columns] = [order(fresh), order(missing)];
    assignSightings(rows, columns.map(alone), this.#options.gate, 0).forEach((column, r) => {
      if (column < 0) return;
      rows[r]!.person = columns[column]!.person;
      rows[r]!.guessed = true;
      columns[column]!.replaced = true;
    });
  }

  /** Detection i as at `epochMs`: moved on by its velocity from the instant it was seen. */
  #detection(view: View, i: number, epochMs: number, frame: number, person: number): Sighting {
    const { camera, ids, x, y, vx, vy } = view;
    const dt = (epochMs - view.epochMs) / 1000;
    const sigma = this.sigmaM(camera);
    const moves = !Number.isNaN(vx[i]!) && !Number.isNaN(vy[i]!);
    return {
      camera,
      local: ids[i]!,
      seenMs: epochMs,
      frame,
      x: x[i]! + (moves ? vx[i]! * dt : 0),
      y: y[i]! + (moves ? vy[i]! * dt : 0),
      vx: moves ? vx[i]! : Number.NaN,
      vy: moves ? vy[i]! : Number.NaN,
      variance: sigma * sigma + (this.#options.driftMS * dt) ** 2,
      person,
      guessed: false,
      replaced: false,
    };
  }

  /** `frames` after a detection of a local track comes the next: those between missed it. */
  #learn(camera: number, frames: number): void {
    this.#hits[camera]!++;
    this.#misses[camera]! += frames - 1;
    if (this.#hits[camera]! > MEMORY_FRAMES) {
      this.#hits[camera]! /= 2;
      this.#misses[camera]! /= 2;
    }
  }

  /**
   * Two cameras that saw one person at this instant, as before, at a place that both cover: half their squared distance is the sum
   * of their variances. Each takes of it the share that it is thought to have (an EM step).
   */
  #learnDeviations(epochMs: number, clusters: readonly Cluster[]): void {
    for (const { sightings } of clusters) {
      const seen = sightings.filter((s) => s.seenMs === epochMs && s.person !== 0 && !s.guessed);
      for (let i = 0; i < seen.length; i++) {
        for (let j = i + 1; j < seen.length; j++) {
          const [a, b] = [seen[i]!, seen[j]!];
          if (a.person !== b.person || !this.#covers(a.camera, b) || !this.#covers(b.camera, a)) continue;
          const square = ((a.x - b.x) ** 2 + (a.y - b.y) ** 2) / 2;
          const share = a.variance / (a.variance + b.variance);
          this.#learnSquare(a.camera, square * share);
          this.#learnSquare(b.camera, square * (1 - share));
        }
      }
    }
  }

  #covers(camera: number, { x, y }: Sighting): boolean {
    return this.#cameras.covering(x, y).includes(camera);
  }

  #learnSquare(camera: number, square: number): void {
    this.#squares[camera]! += square;
    if (++this.#pairs[camera]! <= MEMORY_FRAMES) return;
    this.#squares[camera]! /= 2;
    this.#pairs[camera]! /= 2;
  }

  #persons(
    epochMs: number,
    clusters: readonly Cluster[],
    ids: readonly number[],
    live: ArrayLike<number | boolean>,
  ): FusedPersons {
    const rows: { readonly id: number; readonly values: readonly number[] }[] = [];
    clusters.forEach((cluster, k) => {
      const { x, y, vx, vy, seenMs } = present(cluster);
      const cameras = this.#cameras.covering(x, y).filter((camera) => live[camera]);
      const seenBy = cluster.sightings.filter((s) => s.seenMs === epochMs).length;
      if (seenBy === 0 && (epochMs - seenMs > this.#options.coastMs || cameras.length === 0)) return;
      // A person seen outside every coverage (coverages are drawn by hand) was in reach of those who saw.
      const misses = cameras.length > 0 ? cameras : cluster.sightings.map(({ camera }) => camera);
      const q = misses.reduce((product, camera) => product * this.missRate(camera), 1);
      const confidence = Math.min(1, seenBy / misses.length);
      rows.push({ id: ids[k]!, values: [x, y, vx, vy, confidence, q / (1 - q)] });
    });
    rows.sort((a, b) => a.id - b.id);
    const column = (k: number): Float64Array => Float64Array.from(rows, ({ values }) => values[k]!);
    return {
      epochMs,
      count: rows.length,
      ids: Uint32Array.from(rows, ({ id }) => id),
      x: column(0),
      y: column(1),
      vx: column(2),
      vy: column(3),
      confidence: column(4),
      missed: column(5),
    };
  }

  /** Everything `step` depends on. */
  snapshot(): Float64Array {
    const head = [VERSION, this.#frames.length, this.#nextId, this.#lastMs];
    return Float64Array.from([
      ...head,
      ...this.#frames,
      ...this.#hits,
      ...this.#misses,
      ...this.#squares,
      ...this.#pairs,
      ...flattenSightings(this.#sightings),
    ]);
  }

  /** @throws FusionError for a snapshot of another version or number of cameras, or a damaged one */
  restore(flat: Float64Array): void {
    const n = this.#frames.length;
    const sightings = flat.length >= 4 + 5 * n ? readSightings(flat.subarray(4 + 5 * n)) : undefined;
    if (flat[0] !== VERSION || flat[1] !== n || sightings === undefined) {
      throw new FusionError(
        'the snapshot is damaged, of another version or of another number of cameras; start without it',
      );
    }
    this.#nextId = flat[2]!;
    this.#lastMs = flat[3]!;
    [this.#frames, this.#hits, this.#misses, this.#squares, this.#pairs].forEach((column, k) => {
      column.set(flat.subarray(4 + k * n, 4 + (k + 1) * n));
    });
    this.#sightings = sightings;
  }
}

/** Position and velocity of a cluster from its newest sightings, weighted by the inverse of their variances. */
function present({ sightings }: Cluster): { x: number; y: number; vx: number; vy: number; seenMs: number } {
  const seenMs = Math.max(...sightings.map((s) => s.seenMs));
  let [weight, x, y, moving, vx, vy] = [0, 0, 0, 0, 0, 0];
  for (const s of sightings) {
    if (s.seenMs !== seenMs) continue;
    const w = 1 / s.variance;
    weight += w;
    x += w * s.x;
    y += w * s.y;
    if (Number.isNaN(s.vx)) continue;
    moving += w;
    vx += w * s.vx;
    vy += w * s.vy;
  }
  // 0 / 0: no view knows the velocity.
  return { x: x / weight, y: y / weight, vx: vx / moving, vy: vy / moving, seenMs };
}

function check(options: FusionOptions, sigmas: readonly (number | undefined)[]): void {
  const { gate, change, bindMs, coastMs, driftMS, missRate, positionSigmaM } = options;
  for (const sigma of [positionSigmaM, ...sigmas]) {
    if (sigma !== undefined && !(sigma > 0 && sigma < 100)) {
      throw new FusionError(`a deviation of ${sigma} m is not between 0 and 100 m; correct the camera's`);
    }
  }
  if (!(gate > 0 && change >= 0 && coastMs >= 0 && bindMs >= coastMs && driftMS >= 0))
    throw new FusionError('gate > 0, change >= 0, bindMs >= coastMs >= 0 and driftMS >= 0 are needed');
  if (!(missRate >= 0 && missRate < 1)) throw new FusionError(`a miss rate of ${missRate} is not in [0,1)`);
}
