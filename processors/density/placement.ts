// From a camera's frame to the samples of zones: who of the persons it saw this camera answers for, and where they stand.
import type { Venue } from '#models/venue/index.ts';
import type { KeySpec } from '#processors/window/index.ts';
import type { TrackFrame } from '#streams/schema/tracks.ts';
import { createOwnership, createZoneIndex, type Ownership, type ZoneIndex } from './zones.ts';

/** Samples of one frame; the arrays are reused by the next. */
export interface Samples {
  /** Number of samples: a person in several zones is one in each. */
  n: number;
  keys: Int32Array;
  /** Speed of each sample, m/s; NaN where unknown. */
  speeds: Float64Array;
  /** Positions of the persons that this camera answers for, `kept` of them. */
  kept: number;
  x: Float32Array;
  y: Float32Array;
}

interface LevelPlaces {
  readonly zones: ZoneIndex;
  readonly ownership: Ownership;
  /** Key of each zone of the level. */
  readonly keys: Int32Array;
}

export class Placement {
  /** Zones as window keys, with the cameras expected to report on each. */
  readonly keys: readonly KeySpec[];
  readonly #levels = new Map<number, LevelPlaces>();
  /** By camera: its number within its level. */
  readonly #local: Int32Array;
  /** By camera: 1 for each key it is expected to report on. */
  readonly #answers: readonly Uint8Array[];
  readonly #samples: Samples = {
    n: 0,
    keys: new Int32Array(0),
    speeds: new Float64Array(0),
    kept: 0,
    x: new Float32Array(0),
    y: new Float32Array(0),
  };
  #speed = new Float64Array(0);
  #assigned = new Int32Array(0);
  #keep = new Uint8Array(0);
  #outside = 0;

  constructor(venue: Venue) {
    this.#local = new Int32Array(venue.cameras.length);
    for (const { ordinal } of venue.levels) {
      const zones = createZoneIndex(venue, ordinal);
      const ownership = createOwnership(venue, ordinal);
      ownership.cameras.forEach((camera, local) => {
        this.#local[venue.cameras.indexOf(camera)] = local;
      });
      const keys = Int32Array.from(zones.zones, (zone) => venue.zones.indexOf(zone));
      this.#levels.set(ordinal, { zones, ownership, keys });
    }
    const answers = venue.cameras.map(() => new Uint8Array(venue.zones.length));
    this.keys = venue.zones.map((zone, key) => {
      const { ownership } = this.#levels.get(zone.level)!;
      const sources = ownership
        .covering(zone)
        .map((local) => venue.cameras.indexOf(ownership.cameras[local]!));
      for (const source of sources) answers[source]![key] = 1;
      return { name: zone.id, sources };
    });
    this.#answers = answers;
  }

  /** Persons seen so far in a zone that their camera's coverage does not reach: they count in no zone. */
  get outside(): number {
    return this.#outside;
  }

  /** The samples of `frame`, seen by `camera` (an index into the venue's cameras). Valid until the next call. */
  place(camera: number, frame: TrackFrame): Samples {
    const level = this.#levels.get(frame.level)!;
    const samples = this.#samples;
    this.#makeRoom(frame.count);
    this.#keepOwn(level.ownership, camera, frame);
    const assigned = this.#assigned;
    level.zones.assign(samples.x, samples.y, samples.kept, assigned);
    const answers = this.#answers[camera]!;
    const zoneCount = level.keys.length;
    samples.n = 0;
    for (let i = 0; i < samples.kept; i++) {
      const set = assigned[i]!;
      if (set < 0) continue;
      if (set < zoneCount) this.#add(level.keys[set]!, this.#speed[i]!, answers);
      else
        for (const zone of level.zones.members(set)) this.#add(level.keys[zone]!, this.#speed[i]!, answers);
    }
    return samples;
  }

  #add(key: number, speed: number, answers: Uint8Array): void {
    if (answers[key] === 0) {
      this.#outside++;
      return;
    }
    const samples = this.#samples;
    if (samples.n === samples.keys.length) this.#growSamples(samples.n * 2);
    samples.keys[samples.n] = key;
    samples.speeds[samples.n++] = speed;
  }

  /** Copies the persons that this camera answers for, with their speeds. */
  #keepOwn(ownership: Ownership, camera: number, frame: TrackFrame): void {
    const { x, y, vx, vy, count } = frame;
    const samples = this.#samples;
    const alone = ownership.cameras.length === 1;
    if (!alone) ownership.ownedBy(this.#local[camera]!, x, y, count, this.#keep);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (!alone && this.#keep[i] === 0) continue;
      samples.x[kept] = x[i]!;
      samples.y[kept] = y[i]!;
      // Not Math.hypot: an order of magnitude slower, and nobody walks near its overflow.
      this.#speed[kept++] = Math.sqrt(vx[i]! * vx[i]! + vy[i]! * vy[i]!);
    }
    samples.kept = kept;
  }

  #makeRoom(persons: number): void {
    if (persons <= this.#speed.length) return;
    const room = Math.max(256, 2 ** Math.ceil(Math.log2(persons)));
    this.#samples.x = new Float32Array(room);
    this.#samples.y = new Float32Array(room);
    this.#speed = new Float64Array(room);
    this.#assigned = new Int32Array(room);
    this.#keep = new Uint8Array(room);
    if (this.#samples.keys.length < room) this.#growSamples(room);
  }

  #growSamples(room: number): void {
    const { keys, speeds, n } = this.#samples;
    this.#samples.keys = new Int32Array(room);
    this.#samples.speeds = new Float64Array(room);
    this.#samples.keys.set(keys.subarray(0, n));
    this.#samples.speeds.set(speeds.subarray(0, n));
  }
}
