// The window operator: frames in, window results out; a pure function of the sequence of frames, however it is cut
// into batches. See README.md for the semantics.
import { createKernel } from './aggregates/create.ts';
import type { Kernel } from './aggregates/kernel.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { type Plan, planOf } from './config.ts';
import { WindowError } from './errors.ts';
import { copyFrame, FrameCheck } from './frames.ts';
import { ResultRows } from './rows.ts';
import { SeenFrames } from './seen.ts';
import { openSnapshot, readFrame, sealSnapshot, writeFrame } from './snapshot.ts';
import type {
  Gap,
  LateFrame,
  RejectedFrame,
  WindowBlock,
  WindowConfig,
  WindowFrame,
  WindowOutput,
  WindowStats,
} from './types.ts';
import { VenueClock } from './venue-clock.ts';

const NONE = Number.POSITIVE_INFINITY;
/** Frames held at the start while it is not known what time it is. */
const MAX_HELD = 10_000;

type CountedEvents = {
  -readonly [K in Exclude<keyof WindowStats, 'watermarkMs' | 'venueMs' | 'idle'>]: number;
};

export class WindowOperator {
  readonly config: WindowConfig;
  readonly #plan: Plan;
  readonly #check: FrameCheck;
  readonly #clock: VenueClock;
  readonly #seen: SeenFrames;
  readonly #kernels: readonly Kernel[];
  readonly #rows: ResultRows;
  /** Samples per pane, to keep sums exact. */
  readonly #paneSamples: Float64Array;

  /** First pane kept for windows, and first that may still change. */
  #base = 0;
  #openBase = 0;
  /** Panes before this are sealed. */
  #sealedTo = 0;
  /** Next end of each window spec; meaningless while dormant. */
  readonly #nextEnd: Float64Array;
  /** Ends from `#firstEnd` to `#lastEnd` of each spec have been issued since the last wake; NONE before the first. */
  readonly #firstEnd: Float64Array;
  readonly #lastEnd: Float64Array;
  /** Dormant: no window is due, because nothing has been seen yet or for long. */
  #dormant = true;
  /** The first end not issued since dormancy; NONE at the very start. */
  #gapFrom = NONE;
  /** While dormant, the least pane with a frame that is not covered by windows already issued. */
  #originPane = NONE;
  /** Panes changed after they were issued, each with the sources that changed it. */
  readonly #dirty = new Map<number, Set<number>>();
  readonly #held: WindowFrame[] = [];
  #heldSamples = 0;
  /** The last sealed pane in which any source, clock included, sent a frame. */
  #lastSeenPane = Number.NEGATIVE_INFINITY;
  #closed = false;

  #windows: WindowBlock[] = [];
  #late: LateFrame[] = [];
  #rejected: RejectedFrame[] = [];
  #gaps: Gap[] = [];
  readonly #count: CountedEvents = {
    frames: 0,
    samples: 0,
    duplicates: 0,
    lateAccepted: 0,
    lateRejected: 0,
    futureRejected: 0,
    revisions: 0,
    results: 0,
  };

  /** @throws WindowError `config-invalid` */
  constructor(config: WindowConfig) {
    this.config = config;
    this.#plan = planOf(config);
    const { shape } = this.#plan;
    this.#check = new FrameCheck(config, this.#plan);
    this.#clock = new VenueClock(config);
    this.#seen = new SeenFrames(config.paneMs);
    const named = Object.entries(config.aggregates).map(
      ([name, spec]) => [name, createKernel(shape, name, spec, this.#plan.columnIndexes[name]!)] as const,
    );
    this.#kernels = named.map(([, kernel]) => kernel);
    this.#rows = new ResultRows(config, this.#plan, named);
    this.#paneSamples = new Float64Array(shape.capacity);
    this.#nextEnd = new Float64Array(config.windows.length).fill(NONE);
    this.#firstEnd = new Float64Array(config.windows.length).fill(NONE);
    this.#lastEnd = new Float64Array(config.windows.length).fill(Number.NEGATIVE_INFINITY);
  }

  /** Event time up to which results are complete, ms; -Infinity before the start. */
  get watermarkMs(): number {
    return this.#clock.watermarkMs;
  }

  /**
   * Takes one frame. Results appear in the next `drain()`.
   * @throws WindowError `frame-invalid`, `key-unregistered`, `value-out-of-range` or `pane-overfull`: the frame is
   * refused and nothing has changed
   */
  push(frame: WindowFrame): void {
    if (this.#closed)
      throw new WindowError('operator-closed', 'a frame came after close()', 'make a new operator');
    this.#check.frame(frame);
    this.#checkRoom(frame);
    // Held frames are bounded so that what they add to one pane stays within its room.
    const { maxPaneSamples } = this.#plan.shape;
    if (!this.#clock.started && this.#heldSamples + frame.n > maxPaneSamples) this.#release();
    if (this.#clock.started) this.#accept(frame, this.#clock.claim(frame.source, frame.epochMs));
    else this.#hold(frame);
  }

  /** What has come out since the last drain. */
  drain(): WindowOutput {
    const output = { windows: this.#windows, late: this.#late, rejected: this.#rejected, gaps: this.#gaps };
    this.#windows = [];
    this.#late = [];
    this.#rejected = [];
    this.#gaps = [];
    return output;
  }

  /** End of input (a replay's last frame): issues every window that ends by the end of the last frame's pane. */
  close(): void {
    if (this.#closed) return;
    if (!this.#clock.started && this.#held.length > 0) this.#release();
    if (this.#clock.started) {
      this.#clock.finish(this.config.paneMs);
      this.#issueDue();
      this.#correct();
    }
    this.#closed = true;
  }

  stats(): WindowStats {
    const { venueMs, watermarkMs } = this.#clock;
    return { ...this.#count, venueMs, watermarkMs, idle: this.#clock.idle() };
  }

  // --- The start: until it is known what time it is -------------------------------------------------------------

  #hold(frame: WindowFrame): void {
    const { source, epochMs } = frame;
    this.#held.push(copyFrame(frame));
    this.#heldSamples += frame.n;
    this.#clock.claim(source, epochMs);
    if (this.#clock.venueMs !== Number.NEGATIVE_INFINITY || this.#held.length >= MAX_HELD) this.#release();
  }

  #release(): void {
    const settled = this.#clock.settle();
    this.#clock.rewind();
    const held = this.#held.splice(0);
    this.#heldSamples = 0;
    for (const frame of held) this.#accept(frame, this.#clock.replay(frame.epochMs, settled), settled);
    this.#clock.begin(settled);
    this.#clock.moveWatermark();
    this.#issueDue();
  }

  // --- One frame -------------------------------------------------------------------------------------------------

  #accept(frame: WindowFrame, believed: boolean, venueMs = this.#clock.venueMs): void {
    const { source, epochMs, n: samples } = frame;
    const seq = frame.seq ?? 0;
    this.#count.frames++;
    if (!believed) {
      this.#count.futureRejected++;
      this.#rejected.push({ source, epochMs, seq, samples, venueMs });
      this.#advance();
      return;
    }
    const watermarkMs = this.#clock.watermarkMs;
    const pane = Math.floor(epochMs / this.config.paneMs);
    if (epochMs >= watermarkMs) {
      this.#clock.reach(source, epochMs);
      this.#issueDue();
      // A clock frame can make idle the source that held the watermark back, and so be overtaken by it.
      if (epochMs >= this.#clock.watermarkMs) this.#insert(pane, frame);
      return;
    }
    // A late clock frame says nothing that is not known.
    if (this.#clock.isClock(source)) return;
    if ((pane + 1) * this.config.paneMs <= watermarkMs - this.config.latenessMs) {
      this.#count.lateRejected++;
      this.#late.push({ source, epochMs, seq, samples, watermarkMs });
    } else if (this.#insert(pane, frame)) {
      this.#count.lateAccepted++;
      this.#markDirty(pane, source);
    }
    this.#clock.reach(source, epochMs);
    this.#issueDue();
  }

  #advance(): void {
    this.#clock.moveWatermark();
    this.#issueDue();
  }

  #checkRoom(frame: WindowFrame): void {
    const pane = Math.floor(frame.epochMs / this.config.paneMs);
    const { capacity, maxPaneSamples } = this.#plan.shape;
    if (frame.n > maxPaneSamples - this.#paneSamples[pane & (capacity - 1)]!) {
      throw new WindowError(
        'pane-overfull',
        `more than ${maxPaneSamples} samples in the ${this.config.paneMs} ms from ${pane * this.config.paneMs}`,
        'use a coarser quantum or shorter panes',
      );
    }
  }

  /** The first pane beyond both rings: its slots still belong to older panes. */
  #ringEnd(): number {
    const { capacity, openCapacity } = this.#plan.shape;
    return Math.min(this.#base + capacity, this.#openBase + openCapacity);
  }

  /** False for a duplicate. */
  #insert(pane: number, frame: WindowFrame): boolean {
    const { source, epochMs, n } = frame;
    const { shape } = this.#plan;
    const bySeq = this.config.sources[source]!.kind === 'events';
    if (!this.#seen.add(pane, source, epochMs, bySeq ? (frame.seq ?? 0) : null)) {
      this.#count.duplicates++;
      return false;
    }
    if (pane < this.#openBase || pane >= this.#ringEnd()) {
      throw new WindowError('invariant-broken', `pane ${pane} is outside the ring`, 'report this defect');
    }
    const at = shape.frames.row(pane);
    shape.frames.panes[at + source]!++;
    shape.frames.panes[at + shape.frames.width - 1]!++;
    if (this.#dormant && pane >= this.#sealedTo && pane < this.#originPane) this.#originPane = pane;
    if (n > 0) {
      this.#count.samples += n;
      this.#paneSamples[pane & (shape.capacity - 1)]! += n;
      for (const kernel of this.#kernels) kernel.add(pane, frame);
    }
    return true;
  }

  #markDirty(pane: number, source: number): void {
    if (pane >= this.#sealedTo) return;
    let sources = this.#dirty.get(pane);
    if (sources === undefined) {
      sources = new Set();
      this.#dirty.set(pane, sources);
    }
    sources.add(source);
    if (pane > this.#lastSeenPane) this.#lastSeenPane = pane;
  }

  // --- Issuing windows -------------------------------------------------------------------------------------------

  /** Issues every window whose end the watermark has reached, in order of end, then of window spec. */
  #issueDue(): void {
    const { windows, paneMs } = this.config;
    const watermarkMs = this.#clock.watermarkMs;
    for (;;) {
      if (this.#dormant && !this.#wake(watermarkMs)) break;
      const end = Math.min(...this.#nextEnd);
      if (end > watermarkMs) break;
      this.#correct();
      this.#sealTo(end / paneMs);
      for (let w = 0; w < windows.length; w++) {
        if (this.#nextEnd[w] !== end) continue;
        this.#issue(w, end, null);
        if (end < this.#firstEnd[w]!) this.#firstEnd[w] = end;
        this.#lastEnd[w] = end;
        this.#nextEnd[w] = end + windows[w]!.hopMs;
      }
      this.#evict(end);
      this.#sleepAfterSilence(end / paneMs);
    }
    if (this.#dormant) this.#correct();
    this.#evict(watermarkMs);
  }

  /** Ends dormancy once a window with a frame in it is due. */
  #wake(watermarkMs: number): boolean {
    if (this.#originPane === NONE) return false;
    const { windows, paneMs } = this.config;
    const originMs = this.#originPane * paneMs;
    const ends = windows.map(({ hopMs }) => (Math.floor(originMs / hopMs) + 1) * hopMs);
    const first = Math.min(...ends);
    if (first > watermarkMs) return false;
    this.#correct();
    if (this.#gapFrom !== NONE) this.#gaps.push({ fromMs: this.#gapFrom, toMs: first });
    this.#nextEnd.set(ends);
    if (this.#sealedTo < this.#base || this.#gapFrom === NONE) {
      // Whatever was sealed has left the ring: sums begin anew at its first pane.
      this.#sealedTo = this.#base;
      this.#plan.shape.frames.anchor();
      for (const kernel of this.#kernels) kernel.anchor();
    }
    this.#dormant = false;
    this.#originPane = NONE;
    return true;
  }

  /** Falls dormant when for long no source, clock included, has sent anything. */
  #sleepAfterSilence(endPane: number): void {
    if (endPane - this.#lastSeenPane <= this.#plan.silencePanes) return;
    const { frames } = this.#plan.shape;
    this.#dormant = true;
    this.#gapFrom = Math.min(...this.#nextEnd);
    this.#originPane = NONE;
    for (let pane = endPane; pane < this.#ringEnd(); pane++) {
      if (frames.panes[frames.row(pane) + frames.width - 1] !== 0) {
        this.#originPane = pane;
        break;
      }
    }
  }

  #sealTo(pane: number): void {
    const { frames } = this.#plan.shape;
    for (; this.#sealedTo < pane; this.#sealedTo++) {
      frames.seal(this.#sealedTo);
      if (frames.panes[frames.row(this.#sealedTo) + frames.width - 1] !== 0)
        this.#lastSeenPane = this.#sealedTo;
      for (const kernel of this.#kernels) kernel.seal(this.#sealedTo, true);
    }
  }

  /** Issues again the windows that late frames have changed, in order of end, then of window spec. */
  #correct(): void {
    if (this.#dirty.size === 0) return;
    const { windows, paneMs } = this.config;
    const panes = [...this.#dirty.keys()].sort((a, b) => a - b);
    for (let pane = panes[0]!; pane < this.#sealedTo; pane++) {
      this.#plan.shape.frames.seal(pane);
      const changed = this.#dirty.has(pane);
      for (const kernel of this.#kernels) kernel.seal(pane, changed);
    }
    const due: { end: number; window: number }[] = [];
    windows.forEach(({ hopMs }, window) => {
      const after = panes[0]! * paneMs;
      const first = Math.max((Math.floor(after / hopMs) + 1) * hopMs, this.#firstEnd[window]!);
      for (let end = first; end <= this.#lastEnd[window]!; end += hopMs) due.push({ end, window });
    });
    due.sort((a, b) => a.end - b.end || a.window - b.window);
    for (const { end, window } of due) {
      const start = end - windows[window]!.lengthMs;
      const sources = new Set<number>();
      for (const pane of panes) {
        if (pane * paneMs < start || pane * paneMs >= end) continue;
        for (const source of this.#dirty.get(pane)!) sources.add(source);
      }
      const keys = new Set<number>();
      for (const source of sources) for (const key of this.#plan.keysOf[source]!) keys.add(key);
      if (keys.size > 0) this.#issue(window, end, Int32Array.from(keys).sort());
    }
    this.#dirty.clear();
  }

  #issue(window: number, end: number, corrected: Int32Array | null): void {
    const block = this.#rows.block(window, end, corrected);
    this.#count.results += block.keys.length;
    if (corrected !== null) this.#count.revisions += block.keys.length;
    this.#windows.push(block);
  }

  /** Lets go of panes that no window and no correction can need when the watermark is at `atMs`. */
  #evict(atMs: number): void {
    if (atMs === Number.NEGATIVE_INFINITY) return;
    const { paneMs, latenessMs } = this.config;
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
        this.#paneSamples[pane & (shape.capacity - 1)] = 0;
        shape.frames.clear(pane);
        for (const kernel of this.#kernels) kernel.clear(pane);
      }
      this.#base = base;
    }
    this.#rows.forget(atMs - latenessMs - minHopMs);
  }

  // --- Checkpoints -----------------------------------------------------------------------------------------------

  /**
   * The whole state as bytes: equal states give equal bytes.
   * @throws WindowError `outputs-pending` when results have not been drained: they would be lost or doubled
   */
  snapshot(): Uint8Array {
    if (this.#windows.length + this.#late.length + this.#rejected.length + this.#gaps.length > 0) {
      throw new WindowError(
        'outputs-pending',
        'results wait to be drained',
        'drain() and publish before snapshot()',
      );
    }
    return sealSnapshot(this.#plan.fingerprint, (writer) => this.#write(writer));
  }

  /**
   * An operator that goes on exactly where the snapshot was taken.
   * @throws WindowError `snapshot-refused` for damaged bytes, another version or another configuration
   */
  static restore(config: WindowConfig, bytes: Uint8Array): WindowOperator {
    const operator = new WindowOperator(config);
    operator.#read(openSnapshot(bytes, operator.#plan.fingerprint));
    return operator;
  }

  #write(writer: ByteWriter): void {
    this.#clock.write(writer);
    for (const value of [this.#base, this.#openBase, this.#sealedTo]) writer.int(value);
    for (const ends of [this.#nextEnd, this.#firstEnd, this.#lastEnd])
      for (const end of ends) writer.f64(end);
    writer.u8(this.#dormant ? 1 : 0);
    writer.u8(this.#closed ? 1 : 0);
    writer.f64(this.#gapFrom);
    writer.f64(this.#originPane);
    writer.f64(this.#lastSeenPane);
    for (const value of Object.values(this.#count)) writer.uint(value);
    writer.uint(this.#dirty.size);
    for (const [pane, sources] of [...this.#dirty].sort(([a], [b]) => a - b)) {
      writer.int(pane);
      writer.uint(sources.size);
      for (const source of [...sources].sort((a, b) => a - b)) writer.uint(source);
    }
    writer.uint(this.#held.length);
    for (const frame of this.#held) writeFrame(writer, frame);
    this.#seen.write(writer);
    this.#rows.write(writer);
    writer.ints(this.#paneSamples, 0, this.#paneSamples.length);
    const { frames, capacity } = this.#plan.shape;
    frames.write(writer, this.#base, this.#base + capacity);
    for (const kernel of this.#kernels) kernel.write(writer, this.#base, this.#openBase, this.#sealedTo);
  }

  #read(reader: ByteReader): void {
    this.#clock.read(reader);
    this.#base = reader.int();
    this.#openBase = reader.int();
    this.#sealedTo = reader.int();
    for (const ends of [this.#nextEnd, this.#firstEnd, this.#lastEnd]) {
      for (let w = 0; w < ends.length; w++) ends[w] = reader.f64();
    }
    this.#dormant = reader.u8() === 1;
    this.#closed = reader.u8() === 1;
    this.#gapFrom = reader.f64();
    this.#originPane = reader.f64();
    this.#lastSeenPane = reader.f64();
    for (const name of Object.keys(this.#count) as (keyof CountedEvents)[]) {
      this.#count[name] = reader.uint();
    }
    for (let left = reader.uint(); left > 0; left--) {
      const pane = reader.int();
      const sources = new Set<number>();
      for (let n = reader.uint(); n > 0; n--) sources.add(reader.uint());
      this.#dirty.set(pane, sources);
    }
    for (let left = reader.uint(); left > 0; left--)
      this.#held.push(readFrame(reader, this.config.columns.length));
    for (const frame of this.#held) this.#heldSamples += frame.n;
    this.#seen.read(reader);
    this.#rows.read(reader);
    reader.ints(this.#paneSamples, 0, this.#paneSamples.length);
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
