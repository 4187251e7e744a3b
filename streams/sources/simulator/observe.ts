// What the cameras make of one instant of the crowd: noisy tracks per camera.
import { type Crowd, type Incident, PlaceIndex, type Random, STATE } from '#models/simulation/index.ts';
import type { Venue } from '#models/venue/types.ts';
import { emptyTrackFrame, type TrackFrame } from '#streams/schema/tracks.ts';
import type { NoiseModel } from './noise.ts';

export interface CameraFrame {
  /** Index in the venue's list. */
  readonly camera: number;
  readonly frame: TrackFrame;
}

/** Longest gap over which a velocity is still a finite difference, ms. */
const MAX_GAP_MS = 2000;

/** What a camera remembers of one person in its view. */
class Memory {
  readonly camera: Int16Array;
  readonly serial: Uint32Array;
  readonly track: Uint32Array;
  readonly seenMs: Float64Array;
  readonly errorX: Float64Array;
  readonly errorY: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;

  constructor(size: number) {
    this.camera = new Int16Array(size).fill(-1);
    this.serial = new Uint32Array(size);
    this.track = new Uint32Array(size);
    this.seenMs = new Float64Array(size);
    this.errorX = new Float64Array(size);
    this.errorY = new Float64Array(size);
    this.x = new Float64Array(size);
    this.y = new Float64Array(size);
  }
}

export class Cameras {
  readonly #venue: Venue;
  readonly #crowd: Crowd;
  readonly #noise: NoiseModel;
  readonly #random: Random;
  readonly #everyCamera: boolean;
  readonly #views = new Map<number, { index: PlaceIndex; cameras: readonly number[] }>();
  readonly #sequence: Uint32Array;
  readonly #nextTrack: Uint32Array;
  /** One memory for all cameras where each person is reported by one; else one per camera. */
  readonly #memories: readonly Memory[];
  readonly #lists: number[][];

  constructor(venue: Venue, crowd: Crowd, noise: NoiseModel, random: Random, everyCamera: boolean) {
    this.#venue = venue;
    this.#crowd = crowd;
    this.#noise = noise;
    this.#random = random;
    this.#everyCamera = everyCamera;
    for (const { ordinal } of venue.levels) {
      const cameras = venue.cameras.flatMap((c, k) => (c.level === ordinal ? [k] : []));
      const index = new PlaceIndex(cameras.map((k) => venue.cameras[k]!.coverage));
      this.#views.set(ordinal, { index, cameras });
    }
    const n = venue.cameras.length;
    this.#sequence = new Uint32Array(n);
    this.#nextTrack = new Uint32Array(n).fill(1);
    this.#memories = Array.from({ length: everyCamera ? n : 1 }, () => new Memory(crowd.capacity));
    this.#lists = venue.cameras.map(() => []);
  }

  /** Frames of the cameras due at `epochMs`; a dead camera gives none. */
  observe(epochMs: number, elapsedMs: number, incidents: readonly Incident[]): CameraFrame[] {
    const due = this.#venue.cameras.map(
      (c) =>
        elapsedMs % Math.round(1000 / c.framesPerSecond) === 0 &&
        !incidents.some((n) => n.kind === 'dead-camera' && n.camera === c.id),
    );
    if (!due.includes(true)) return [];
    for (const list of this.#lists) list.length = 0;
    this.#look(due);
    const out: CameraFrame[] = [];
    this.#venue.cameras.forEach((c, k) => {
      if (due[k]) out.push({ camera: k, frame: this.#frame(k, c.level, epochMs) });
    });
    return out;
  }

  #look(due: readonly boolean[]): void {
    const { state, level, x, y, high } = this.#crowd;
    const { missRate } = this.#noise;
    for (let i = 0; i < high; i++) {
      const s = state[i]!;
      if (s === STATE.free || s === STATE.stair) continue;
      const view = this.#views.get(level[i]!);
      if (view === undefined) continue;
      if (this.#everyCamera) {
        view.index.each(x[i]!, y[i]!, (k) => this.#see(view.cameras[k]!, i, due, missRate));
      } else {
        const k = view.index.first(x[i]!, y[i]!);
        if (k >= 0) this.#see(view.cameras[k]!, i, due, missRate);
      }
    }
  }

  #see(camera: number, i: number, due: readonly boolean[], missRate: number): void {
    if (!due[camera]) return;
    if (missRate > 0 && this.#random.uniform() < missRate) return;
    this.#lists[camera]!.push(i);
  }

  #frame(camera: number, level: number, epochMs: number): TrackFrame {
    const list = this.#lists[camera]!;
    const { crowd, noise, random } = { crowd: this.#crowd, noise: this.#noise, random: this.#random };
    const memory = this.#memories[this.#everyCamera ? camera : 0]!;
    const seq = this.#sequence[camera]!++;
    const frame = emptyTrackFrame({ epochMs, level, seq }, list.length);
    for (let k = 0; k < list.length; k++) {
      const i = list[k]!;
      const known = memory.camera[i] === camera && memory.serial[i] === crowd.serial[i];
      const gap = epochMs - memory.seenMs[i]!;
      if (known) {
        const keep = Math.exp(-gap / 1000 / noise.positionCorrelationS);
        const fresh = noise.positionSigmaM * Math.sqrt(1 - keep * keep);
        memory.errorX[i] = keep * memory.errorX[i]! + fresh * random.normal();
        memory.errorY[i] = keep * memory.errorY[i]! + fresh * random.normal();
      } else {
        memory.camera[i] = camera;
        memory.serial[i] = crowd.serial[i]!;
        memory.track[i] = this.#nextTrack[camera]!++;
        memory.errorX[i] = noise.positionSigmaM * random.normal();
        memory.errorY[i] = noise.positionSigmaM * random.normal();
      }
      const x = crowd.x[i]! + memory.errorX[i]!;
      const y = crowd.y[i]! + memory.errorY[i]!;
      frame.ids[k] = memory.track[i]!;
      frame.x[k] = x;
      frame.y[k] = y;
      const moving = known && gap > 0 && gap <= MAX_GAP_MS;
      frame.vx[k] = moving ? ((x - memory.x[i]!) * 1000) / gap : Number.NaN;
      frame.vy[k] = moving ? ((y - memory.y[i]!) * 1000) / gap : Number.NaN;
      frame.confidence[k] = 0.7 + 0.29 * random.uniform();
      memory.x[i] = x;
      memory.y[i] = y;
      memory.seenMs[i] = epochMs;
    }
    return frame;
  }
}
