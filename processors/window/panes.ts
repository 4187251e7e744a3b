// The panes an operator keeps: frames counted and samples accumulated in rings, sealed in order, sealed again where late frames
// changed them, and let go of. Knows nothing of windows.
import type { Kernel } from './aggregates/kernel.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { Plan } from './config.ts';
import { WindowError } from './errors.ts';
import { SeenFrames } from './seen.ts';
import type { WindowConfig, WindowFrame } from './types.ts';

export class Panes {
  /** The last sealed pane in which any source, clock included, sent a frame. */
  lastSeen = Number.NEGATIVE_INFINITY;
  readonly #config: WindowConfig;
  readonly #plan: Plan;
  readonly #kernels: readonly Kernel[];
  readonly #seen: SeenFrames;
  /** Samples per pane, to keep sums exact. */
  readonly #samples: Float64Array;
  /** First pane kept for windows, and first that may still change. */
  #base = 0;
  #openBase = 0;
  /** Panes before this are sealed. */
  #sealedTo = 0;

  constructor(config: WindowConfig, plan: Plan, kernels: readonly Kernel[]) {
    this.#config = config;
    this.#plan = plan;
    this.#kernels = kernels;
    this.#seen = new SeenFrames(config.paneMs);
    this.#samples = new Float64Array(plan.shape.capacity);
  }

  isSealed(pane: number): boolean {
    return pane < this.#sealedTo;
  }

  /** @throws WindowError `pane-overfull` when the frame's pane has no room for its samples */
  checkRoom(frame: WindowFrame): void {
    const { paneMs } = this.#config;
    const pane = Math.floor(frame.epochMs / paneMs);
    const { capacity, maxPaneSamples } = this.#plan.shape;
    if (frame.n > maxPaneSamples - this.#samples[pane & (capacity - 1)]!) {
      throw new WindowError(
        'pane-overfull',
        `more than ${maxPaneSamples} samples in the ${paneMs} ms from ${pane * paneMs}`,
        'use a coarser quantum or shorter panes',
      );
    }
  }

  /** Adds a frame; false for a duplicate. */
  insert(pane: number, frame: WindowFrame): boolean {
    const { source, epochMs, n } = frame;
    const { shape } = this.#plan;
    const bySeq = this.#config.sources[source]!.kind === 'events';
    if (!this.#seen.add(pane, source, epochMs, bySeq ? (frame.seq ?? 0) : null)) return false;
    if (pane < this.#openBase || pane >= this.#end) {
      throw new WindowError('invariant-broken', `pane ${pane} is outside the ring`, 'report this defect');
    }
    const at = shape.frames.row(pane);
    shape.frames.panes[at + source]!++;
    shape.frames.panes[at + shape.frames.width - 1]!++;
    if (n > 0) {
      this.#samples[pane & (shape.capacity - 1)]! += n;
      for (const kernel of this.#kernels) kernel.add(pane, frame);
    }
    return true;
  }

  /** The first pane beyond both rings: its slots still belong to older panes. */
  get #end(): number {
    const { capacity, openCapacity } = this.#plan.shape;
    return Math.min(this.#base + capacity, this.#openBase + openCapacity);
  }

  #hasFrames(pane: number): boolean {
    const { frames } = this.#plan.shape;
    return frames.panes[frames.row(pane) + frames.width - 1] !== 0;
  }

  /** The first pane from `from` on with a frame in it; undefined when there is none. */
  firstSeenFrom(from: number): number | undefined {
    for (let pane = from; pane < this.#end; pane++) if (this.#hasFrames(pane)) return pane;
    return undefined;
  }

  /** Sealing goes on at the first pane kept: at the very start, or when whatever was sealed has left the ring. */
  beginAnew(atStart: boolean): void {
    if (this.#sealedTo >= this.#base && !atStart) return;
    this.#sealedTo = this.#base;
    this.#plan.shape.frames.anchor();
    for (const kernel of this.#kernels) kernel.anchor();
  }

  /** Seals the panes before `pane`. */
  sealTo(pane: number): void {
    const { frames } = this.#plan.shape;
    for (; this.#sealedTo < pane; this.#sealedTo++) {
      frames.seal(this.#sealedTo);
      if (this.#hasFrames(this.#sealedTo)) this.lastSeen = this.#sealedTo;
      for (const kernel of this.#kernels) kernel.seal(this.#sealedTo, true);
    }
  }

  /** Seals again what is sealed from `first` on: what follows a changed pane counts on from it. */
  sealAgain(first: number, hasChanged: (pane: number) => boolean): void {
    for (let pane = first; pane < this.#sealedTo; pane++) {
      this.#plan.shape.frames.seal(pane);
      const changed = hasChanged(pane);
      for (const kernel of this.#kernels) kernel.seal(pane, changed);
    }
  }

  /** Lets go of panes that no window and no correction can need when the watermark is at `atMs`. */
  evict(atMs: number): void {
    const { paneMs, latenessMs } = this.#config;
    const { maxLengthMs, maxHopMs, minHopMs, shape } = this.#plan;
    const base = Math.floor((atMs - latenessMs - maxLengthMs - maxHopMs) / paneMs);
    const openBase = Math.floor((atMs - latenessMs - minHopMs) / paneMs);
    if (openBase > this.#openBase) {
      const last = Math.min(openBase, this.#openBase + shape.openCapacity);
      for (let pane = this.#openBase; pane < last; pane++)
        for (const kernel of this.#kernels) kernel.close(pane);
      this.#openBase = openBase;
      this.#seen.close(openBase);
    }
    if (base > this.#base) {
      const last = Math.min(base, this.#base + shape.capacity);
      for (let pane = this.#base; pane < last; pane++) {
        this.#samples[pane & (shape.capacity - 1)] = 0;
        shape.frames.clear(pane);
        for (const kernel of this.#kernels) kernel.clear(pane);
      }
      this.#base = base;
    }
  }

  writeBounds(writer: ByteWriter): void {
    for (const value of [this.#base, this.#openBase, this.#sealedTo]) writer.int(value);
  }

  readBounds(reader: ByteReader): void {
    this.#base = reader.int();
    this.#openBase = reader.int();
    this.#sealedTo = reader.int();
  }

  writeSeen(writer: ByteWriter): void {
    this.#seen.write(writer);
  }

  readSeen(reader: ByteReader): void {
    this.#seen.read(reader);
  }

  writeContents(writer: ByteWriter): void {
    writer.ints(this.#samples, 0, this.#samples.length);
    const { frames, capacity } = this.#plan.shape;
    frames.write(writer, this.#base, this.#base + capacity);
    for (const kernel of this.#kernels) kernel.write(writer, this.#base, this.#openBase, this.#sealedTo);
  }

  /** The last of a snapshot: rebuilds besides what was not written. */
  readContents(reader: ByteReader): void {
    reader.ints(this.#samples, 0, this.#samples.length);
    const { frames, capacity } = this.#plan.shape;
    frames.read(reader, this.#base, this.#base + capacity);
    for (const kernel of this.#kernels) kernel.read(reader, this.#base, this.#openBase, this.#sealedTo);
    if (!reader.done) {
      throw new WindowError('snapshot-refused', 'bytes are left over', 'restore an older checkpoint');
    }
    for (let pane = this.#base; pane < this.#sealedTo; pane++) {
      frames.seal(pane);
      for (const kernel of this.#kernels) kernel.reseal(pane);
    }
  }
}
