// Puts frames in order for processors whose state depends on it (a track's steps over a line, a held picture of the
// floor): frames wait until the watermark has passed their tick, and then come out sorted by (event time, source).
//
// What comes out is therefore a function of the set of frames, not of their order of arrival, as long as they arrive
// within the disorder bound. A frame whose tick has already come out is late: it is named, never slipped in. This costs
// each result the disorder bound in delay, and a late frame is not a correction here as it is in the window operator:
// counts over a line are not sums of independent frames, so there is nothing to add it to.
import { ByteReader, ByteWriter } from '../window/bytes.ts';
import type { LateFrame, RejectedFrame, SourceSpec } from '../window/index.ts';
import { SeenFrames } from '../window/seen.ts';
import { VenueClock } from '../window/venue-clock.ts';
import type { TimeBounds } from './bounds.ts';

/** A frame as it came: `payload` is a copy of its own. */
export interface SequencedFrame {
  /** Index into the sources. */
  readonly source: number;
  readonly epochMs: number;
  readonly seq: number;
  /** Persons in it, for notices about it. */
  readonly samples: number;
  readonly payload: Uint8Array;
}

/** All frames of [startMs, endMs), ascending by event time, then source. Ticks without a frame do not come out. */
export interface Tick {
  readonly startMs: number;
  readonly endMs: number;
  readonly frames: readonly SequencedFrame[];
}

export interface SequencerConfig extends TimeBounds {
  readonly tickMs: number;
  readonly sources: readonly SourceSpec[];
}

/** Frames held at the start while it is not known what time it is. */
const MAX_HELD = 10_000;
const NO_BYTES = new Uint8Array(0);

export class FrameSequencer {
  readonly #tickMs: number;
  readonly #latenessMs: number;
  readonly #clock: VenueClock;
  readonly #seen: SeenFrames;
  readonly #open = new Map<number, SequencedFrame[]>();
  readonly #held: SequencedFrame[] = [];
  /** Ticks that end by here have come out. */
  #releasedTo = Number.NEGATIVE_INFINITY;
  late: LateFrame[] = [];
  rejected: RejectedFrame[] = [];
  duplicates = 0;

  constructor(config: SequencerConfig) {
    this.#tickMs = config.tickMs;
    this.#latenessMs = config.latenessMs;
    this.#clock = new VenueClock(config);
    this.#seen = new SeenFrames(config.tickMs);
  }

  get watermarkMs(): number {
    return this.#clock.watermarkMs;
  }

  /** Up to here ticks have come out; -Infinity before the first. */
  get releasedToMs(): number {
    return this.#releasedTo;
  }

  /**
   * Takes one frame (its payload is copied) and gives the ticks that it completes, in order. Frames that were too late or
   * claim the future are appended to `late` and `rejected`, which the caller empties.
   */
  push(frame: SequencedFrame): Tick[] {
    if (!this.#clock.started) return this.#hold(frame);
    this.#accept(frame, this.#clock.claim(frame.source, frame.epochMs), this.#clock.venueMs);
    return this.#release();
  }

  #hold(frame: SequencedFrame): Tick[] {
    this.#held.push(copyOf(frame));
    this.#clock.claim(frame.source, frame.epochMs);
    if (this.#clock.venueMs === Number.NEGATIVE_INFINITY && this.#held.length < MAX_HELD) return [];
    const settled = this.#clock.settle();
    this.#clock.rewind();
    for (const held of this.#held.splice(0))
      this.#accept(held, this.#clock.replay(held.epochMs, settled), settled);
    this.#clock.begin(settled);
    this.#clock.moveWatermark();
    return this.#release();
  }

  #accept(frame: SequencedFrame, believed: boolean, venueMs: number): void {
    const { source, epochMs, seq, samples } = frame;
    if (!believed) {
      this.rejected.push({ source, epochMs, seq, samples, venueMs });
      this.#clock.moveWatermark();
      return;
    }
    const tick = Math.floor(epochMs / this.#tickMs);
    const { watermarkMs } = this.#clock;
    this.#clock.reach(source, epochMs);
    // What the memory of duplicates no longer reaches is late, whether or not it was seen before.
    const remembered = (tick + 1) * this.#tickMs > watermarkMs - this.#latenessMs;
    if (remembered && !this.#seen.add(tick, source, epochMs, null)) {
      this.duplicates++;
      return;
    }
    if (tick * this.#tickMs < this.#releasedTo) {
      // A late clock frame says nothing that is not known.
      if (!this.#clock.isClock(source)) this.late.push({ source, epochMs, seq, samples, watermarkMs });
      return;
    }
    const frames = this.#open.get(tick);
    if (frames === undefined) this.#open.set(tick, [copyOf(frame)]);
    else frames.push(copyOf(frame));
  }

  #release(): Tick[] {
    const { watermarkMs } = this.#clock;
    const boundary = Math.floor(watermarkMs / this.#tickMs);
    const end = boundary * this.#tickMs;
    if (!(end > this.#releasedTo)) return [];
    this.#releasedTo = end;
    const due = [...this.#open.keys()].filter((tick) => tick < boundary).sort((a, b) => a - b);
    const ticks = due.map((tick): Tick => {
      const frames = this.#open.get(tick)!.sort((a, b) => a.epochMs - b.epochMs || a.source - b.source);
      this.#open.delete(tick);
      return { startMs: tick * this.#tickMs, endMs: (tick + 1) * this.#tickMs, frames };
    });
    this.#seen.close(Math.floor((watermarkMs - this.#latenessMs) / this.#tickMs));
    return ticks;
  }

  snapshot(): Uint8Array {
    const writer = new ByteWriter();
    this.#clock.write(writer);
    this.#seen.write(writer);
    writer.f64(this.#releasedTo);
    writer.uint(this.duplicates);
    const ticks = [...this.#open].sort(([a], [b]) => a - b);
    const frames = ticks.flatMap(([, list]) =>
      [...list].sort((a, b) => a.epochMs - b.epochMs || a.source - b.source),
    );
    writeFrames(writer, frames);
    writeFrames(writer, this.#held);
    return writer.bytes();
  }

  /** @throws WindowError `snapshot-refused` when the bytes end early */
  restore(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    this.#clock.read(reader);
    this.#seen.read(reader);
    this.#releasedTo = reader.f64();
    this.duplicates = reader.uint();
    this.#open.clear();
    for (const frame of readFrames(reader)) {
      const tick = Math.floor(frame.epochMs / this.#tickMs);
      const frames = this.#open.get(tick);
      if (frames === undefined) this.#open.set(tick, [frame]);
      else frames.push(frame);
    }
    this.#held.splice(0, this.#held.length, ...readFrames(reader));
  }
}

function copyOf(frame: SequencedFrame): SequencedFrame {
  const { source, epochMs, seq, samples, payload } = frame;
  return {
    source,
    epochMs,
    seq,
    samples,
    payload: payload.byteLength === 0 ? NO_BYTES : payload.slice(),
  };
}

function writeFrames(writer: ByteWriter, frames: readonly SequencedFrame[]): void {
  writer.uint(frames.length);
  for (const { source, epochMs, seq, samples, payload } of frames) {
    writer.uint(source);
    writer.uint(epochMs);
    writer.uint(seq);
    writer.uint(samples);
    writer.blob(payload);
  }
}

function readFrames(reader: ByteReader): SequencedFrame[] {
  return Array.from({ length: reader.uint() }, () => ({
    source: reader.uint(),
    epochMs: reader.uint(),
    seq: reader.uint(),
    samples: reader.uint(),
    payload: reader.blob().slice(),
  }));
}
