// From a camera's frame to the samples of zones: who of the persons it saw this camera answers for, and where they stand.
// One look into one index of zones and coverages says both.
import type { Venue } from '#models/venue/index.ts';
import type { KeySpec } from '#processors/window/index.ts';
import type { TracksReader } from '#streams/schema/tracks.ts';
import { type AreaIndex, createAreaIndex } from './area-index.ts';
import { createOwnership } from './zones.ts';

/** Samples of one frame; the arrays are reused by the next. */
export interface Samples {
  /** Number of samples: a person in several zones is one in each. */
  n: number;
  keys: Int32Array;
  /** Speed of each sample, m/s; NaN where unknown. */
  speeds: Float64Array;
}

/** Persons of one frame: x of person i at `flat[xAt + i]`, y at `flat[yAt + i]`, metres. */
export interface Positions {
  readonly count: number;
  readonly flat: Float32Array;
  readonly xAt: number;
  readonly yAt: number;
}

/** Positions that grow, in buffers that are used again. */
export class PersonList {
  count = 0;
  x = new Float32Array(0);
  y = new Float32Array(0);

  clear(): void {
    this.count = 0;
  }

  /** Makes room for `more` persons. */
  makeRoom(more: number): void {
    if (this.count + more <= this.x.length) return;
    const room = 2 * (this.count + more);
    const [x, y] = [new Float32Array(room), new Float32Array(room)];
    x.set(this.x);
    y.set(this.y);
    this.x = x;
    this.y = y;
  }
}

/** What a place means to a camera, where it is no key: */
const ANOTHERS = -1;
const IN_NO_ZONE = -2;
const IN_SEVERAL_ZONES = -3;
/** In a zone that the camera's coverage does not reach. */
const OUTSIDE = -4;
const NOT_KNOWN_YET = -5;

/** Cells of the index, m: finer ones cost memory, coarser ones more looks at edges. */
const CELL_M = 0.5;

interface LevelPlaces {
  /** Zones, then coverages. */
  readonly index: AreaIndex;
  /** Keys of the level's zones. */
  readonly keys: readonly number[];
  /** Cameras of the level, as indexes into the venue's list. */
  readonly cameras: readonly number[];
}

export class Placement {
  /** Zones as window keys, with the cameras expected to report on each. */
  readonly keys: readonly KeySpec[];
  readonly #levels = new Map<number, LevelPlaces>();
  /** By camera, what each set of areas means to it; entry 0 is "in no area". */
  readonly #meanings: Int32Array[];
  readonly #samples: Samples = { n: 0, keys: new Int32Array(0), speeds: new Float64Array(0) };
  #assigned = new Int32Array(0);
  #outside = 0;

  constructor(venue: Venue) {
    for (const { ordinal } of venue.levels) {
      const keys = venue.zones.flatMap((zone, key) => (zone.level === ordinal ? [key] : []));
      const cameras = venue.cameras.flatMap((camera, index) => (camera.level === ordinal ? [index] : []));
      const index = createAreaIndex(
        [
          ...keys.map((key) => venue.zones[key]!.area),
          ...cameras.map((camera) => venue.cameras[camera]!.coverage),
        ],
        CELL_M,
      );
      this.#levels.set(ordinal, { index, keys, cameras });
    }
    const ownerships = new Map(venue.levels.map(({ ordinal }) => [ordinal, createOwnership(venue, ordinal)]));
    this.keys = venue.zones.map((zone) => {
      const { cameras } = this.#levels.get(zone.level)!;
      const sources = ownerships
        .get(zone.level)!
        .covering(zone)
        .map((local) => cameras[local]!);
      return { name: zone.id, sources };
    });
    this.#meanings = venue.cameras.map(() => new Int32Array(0));
  }

  /** Persons seen so far in a zone that their camera's coverage does not reach: they count in no zone. */
  get outside(): number {
    return this.#outside;
  }

  /** The samples of `frame`, seen by `camera` (an index into the venue's cameras). Valid until the next call. */
  place(camera: number, frame: TracksReader): Samples {
    const { flat, count } = frame;
    const [vx, vy] = [3 * count, 4 * count];
    const level = this.#levels.get(frame.level)!;
    const assigned = this.#assign(level, flat, count, 2 * count, count);
    const meanings = this.#meaningsFor(camera, level);
    const samples = this.#samples;
    if (samples.keys.length < count) this.#growSamples(assigned.length);
    let [keys, speeds, n] = [samples.keys, samples.speeds, 0];
    for (let i = 0; i < count; i++) {
      const meaning = meanings[assigned[i]! + 1]!;
      if (meaning === ANOTHERS || meaning === IN_NO_ZONE) continue;
      // Not Math.hypot: an order of magnitude slower, and nobody walks near its overflow.
      const u = flat[vx + i]!;
      const v = flat[vy + i]!;
      const speed = Math.sqrt(u * u + v * v);
      if (meaning >= 0 && n < keys.length) {
        keys[n] = meaning;
        speeds[n++] = speed;
        continue;
      }
      samples.n = n;
      if (meaning >= 0) this.#add(meaning, speed);
      else if (meaning === OUTSIDE) this.#outside++;
      else this.#addToSeveral(camera, level, assigned[i]!, speed);
      ({ keys, speeds, n } = samples);
    }
    samples.n = n;
    return samples;
  }

  /** Appends the positions of those persons of a frame that the camera answers for. */
  own(camera: number, level: number, frame: Positions, into: PersonList): void {
    const { flat, xAt, yAt } = frame;
    const places = this.#levels.get(level)!;
    const assigned = this.#assign(places, flat, xAt, yAt, frame.count);
    const meanings = this.#meaningsFor(camera, places);
    into.makeRoom(frame.count);
    for (let i = 0; i < frame.count; i++) {
      if (meanings[assigned[i]! + 1] === ANOTHERS) continue;
      into.x[into.count] = flat[xAt + i]!;
      into.y[into.count++] = flat[yAt + i]!;
    }
  }

  #assign({ index }: LevelPlaces, flat: Float32Array, xAt: number, yAt: number, count: number): Int32Array {
    if (this.#assigned.length < count) {
      this.#assigned = new Int32Array(Math.max(256, 2 ** Math.ceil(Math.log2(count))));
    }
    index.assignFlat(flat, xAt, yAt, count, this.#assigned);
    return this.#assigned;
  }

  /** The camera's table, with an entry for every set the index has met so far. */
  #meaningsFor(camera: number, level: LevelPlaces): Int32Array {
    const known = this.#meanings[camera]!;
    const needed = level.index.sets + 1;
    if (known.length >= needed) return known;
    const meanings = new Int32Array(needed).fill(NOT_KNOWN_YET);
    meanings.set(known);
    for (let set = known.length - 1; set < needed - 1; set++) {
      meanings[set + 1] = set < 0 ? IN_NO_ZONE : this.#meaning(camera, level, set);
    }
    this.#meanings[camera] = meanings;
    return meanings;
  }

  #meaning(camera: number, level: LevelPlaces, set: number): number {
    const members = level.index.members(set);
    // A place that several cameras see belongs to the first of the venue's list; one that none sees (coverages are drawn
    // by hand) to whoever reports from it.
    const first = members.find((member) => member >= level.keys.length);
    if (first !== undefined && level.cameras[first - level.keys.length] !== camera) return ANOTHERS;
    const keys = this.#keysOf(level, set);
    if (keys.length === 0) return IN_NO_ZONE;
    if (keys.length > 1) return IN_SEVERAL_ZONES;
    return this.keys[keys[0]!]!.sources.includes(camera) ? keys[0]! : OUTSIDE;
  }

  #keysOf({ index, keys }: LevelPlaces, set: number): number[] {
    return index.members(set).flatMap((member) => (member < keys.length ? [keys[member]!] : []));
  }

  #addToSeveral(camera: number, level: LevelPlaces, set: number, speed: number): void {
    for (const key of this.#keysOf(level, set)) {
      if (this.keys[key]!.sources.includes(camera)) this.#add(key, speed);
      else this.#outside++;
    }
  }

  #add(key: number, speed: number): void {
    const samples = this.#samples;
    if (samples.n === samples.keys.length) this.#growSamples(2 * samples.n);
    samples.keys[samples.n] = key;
    samples.speeds[samples.n++] = speed;
  }

  #growSamples(room: number): void {
    const { keys, speeds, n } = this.#samples;
    this.#samples.keys = new Int32Array(room);
    this.#samples.speeds = new Float64Array(room);
    this.#samples.keys.set(keys.subarray(0, n));
    this.#samples.speeds.set(speeds.subarray(0, n));
  }
}
