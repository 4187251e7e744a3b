// The rasters of a venue, one per level and tick. Each shows, per camera, the newest frame up to the tick's end: an instant
// as the wall needs it, at a cost that does not grow with the frame rate. A camera that has sent nothing for two frame
// periods is not live; floor that only it sees is unknown.
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { encodeGrid } from '#streams/schema/grid.ts';
import type { TracksReader } from '#streams/schema/tracks.ts';
import { gridSubject } from '#streams/subjects.ts';
import type { TimeBounds } from './config.ts';
import { PersonList, type Placement } from './placement.ts';
import { DensityRaster } from './raster.ts';
import { HeldFrame, readFrames, writeFrames } from './raster-state.ts';

/** Frame periods without a frame until a camera is not live. */
const HELD_PERIODS = 2;
/** Sets of live cameras whose masks are kept, per level. Cameras seldom come and go. */
const MASKS_KEPT = 8;
/** Ticks that may be open while the venue's time is not known yet. */
const MAX_OPEN_TICKS_AT_START = 64;

interface LevelRaster {
  readonly raster: DensityRaster;
  /** Indexes of the level's cameras in the venue's list. */
  readonly cameras: readonly number[];
  readonly subject: string;
  /** Known cells by the set of live cameras. */
  readonly masks: Map<string, Uint8Array>;
}

export class TickRasters {
  readonly #venue: Venue;
  readonly #placement: Placement;
  readonly #levels: readonly LevelRaster[];
  /** How long a camera's frame stands for the present, ms. */
  readonly #heldMs: Float64Array;
  /** Frames further ahead of the watermark are not kept: the windows reject them too. */
  readonly #aheadMs: number;
  /** Newest frame of each camera in ticks that are closed. */
  readonly #held: (HeldFrame | undefined)[];
  readonly #persons = new PersonList();
  /** Buffers to be used again. */
  readonly #spare: HeldFrame[] = [];
  /** Newest frame of each camera, by the start of the open tick it is in. */
  readonly #open = new Map<number, (HeldFrame | undefined)[]>();

  constructor(venue: Venue, placement: Placement, bounds: TimeBounds) {
    this.#venue = venue;
    this.#placement = placement;
    this.#levels = venue.levels.map((level) => ({
      raster: new DensityRaster(level),
      cameras: venue.cameras.flatMap((camera, index) => (camera.level === level.ordinal ? [index] : [])),
      subject: gridSubject(venue.org, venue.id, level.ordinal),
      masks: new Map(),
    }));
    this.#heldMs = Float64Array.from(venue.cameras, ({ framesPerSecond }) =>
      Math.max(venue.tickMs, (HELD_PERIODS * 1000) / framesPerSecond),
    );
    this.#aheadMs = bounds.disorderMs + bounds.idleMs + bounds.futureMs + venue.tickMs;
    this.#held = new Array<HeldFrame | undefined>(venue.cameras.length).fill(undefined);
  }

  /**
   * Takes the positions of a camera's frame. Not kept: frames of ticks that the watermark has passed (their raster is
   * gone; windows are corrected, rasters are not) and frames from the future.
   */
  add(camera: number, frame: TracksReader, watermarkMs: number): void {
    const { epochMs, count, flat } = frame;
    const { tickMs } = this.#venue;
    const tick = Math.floor(epochMs / tickMs) * tickMs;
    if (tick + tickMs <= watermarkMs) return;
    let frames = this.#open.get(tick);
    if (frames === undefined) {
      const ahead = Number.isFinite(watermarkMs)
        ? epochMs > watermarkMs + this.#aheadMs
        : this.#open.size >= MAX_OPEN_TICKS_AT_START;
      if (ahead) return;
      frames = new Array<HeldFrame | undefined>(this.#venue.cameras.length).fill(undefined);
      this.#open.set(tick, frames);
    }
    let slot = frames[camera];
    if (slot === undefined) {
      slot = this.#spare.pop() ?? new HeldFrame();
      frames[camera] = slot;
    } else if (slot.epochMs >= epochMs) return;
    slot.set(epochMs, count, flat, count, 2 * count);
  }

  /** The rasters of the tick that ends at `end`. */
  close(end: number, outputs: Output[]): void {
    this.#take(end);
    for (const level of this.#levels) {
      if (level.cameras.length > 0) outputs.push(this.#output(level, end));
    }
  }

  /** Moves frames of ticks up to `end` to what is held. */
  #take(end: number): void {
    for (const [tick, frames] of this.#open) {
      if (tick >= end) continue;
      this.#open.delete(tick);
      frames.forEach((frame, camera) => {
        if (frame === undefined) return;
        const before = this.#held[camera];
        const newer = frame.epochMs > (before?.epochMs ?? -1);
        if (newer) this.#held[camera] = frame;
        const spent = newer ? before : frame;
        if (spent !== undefined) this.#spare.push(spent);
      });
    }
  }

  #output(level: LevelRaster, end: number): Output {
    const { raster, cameras, subject } = level;
    raster.clear();
    const live = cameras.filter((camera) => {
      const frame = this.#held[camera];
      return frame !== undefined && frame.epochMs >= end - this.#heldMs[camera]!;
    });
    // Each camera shows one frame, so that all of them together are one frame of one source.
    const persons = this.#persons;
    persons.clear();
    for (const camera of live) this.#placement.own(camera, raster.level, this.#held[camera]!, persons);
    raster.add([persons]);
    const completeness = live.length / cameras.length;
    const grid = raster.frame({ epochMs: end, completeness, revision: 0 }, this.#known(level, live));
    return { subject, messageId: `${subject}|${end}`, payload: encodeGrid(grid) };
  }

  #known({ raster, masks }: LevelRaster, live: readonly number[]): Uint8Array {
    const name = live.join();
    let known = masks.get(name);
    if (known === undefined) {
      known = raster.knownCells(live.map((camera) => this.#venue.cameras[camera]!.coverage));
      if (masks.size >= MASKS_KEPT) masks.delete(masks.keys().next().value!);
      masks.set(name, known);
    }
    return known;
  }

  snapshot(): Uint8Array {
    return writeFrames(this.#held, this.#open);
  }

  /** @throws Error when the bytes are not a snapshot of as many cameras */
  restore(bytes: Uint8Array): void {
    const { held, open } = readFrames(bytes, this.#held.length);
    held.forEach((frame, camera) => {
      this.#held[camera] = frame;
    });
    this.#open.clear();
    for (const [tick, frames] of open) this.#open.set(tick, frames);
  }
}
