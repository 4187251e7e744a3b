// The window operator: frames in, window results out; a pure function of the sequence of frames, however it is cut
// into batches. See README.md for the semantics.
import { createKernel } from './aggregates/create.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { ChangedPanes } from './changed.ts';
import { type Plan, planOf } from './config.ts';
import { WindowError } from './errors.ts';
import { FrameCheck } from './frames.ts';
import { HeldFrames } from './held.ts';
import { Outbox } from './outbox.ts';
import { Panes } from './panes.ts';
import { ResultRows } from './rows.ts';
import { Schedule } from './schedule.ts';
import { openSnapshot, sealSnapshot } from './snapshot.ts';
import type { WindowConfig, WindowFrame, WindowOutput, WindowStats } from './types.ts';
import { VenueClock } from './venue-clock.ts';

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
  readonly #panes: Panes;
  readonly #schedule: Schedule;
  readonly #changed = new ChangedPanes();
  readonly #rows: ResultRows;
  readonly #held = new HeldFrames();
  readonly #out = new Outbox();
  #closed = false;
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
    this.#check = new FrameCheck(config, this.#plan);
    this.#clock = new VenueClock(config);
    const { shape, columnIndexes } = this.#plan;
    const named = Object.entries(config.aggregates).map(
      ([name, spec]) => [name, createKernel(shape, name, spec, columnIndexes[name]!)] as const,
    );
    this.#panes = new Panes(
      config,
      this.#plan,
      named.map(([, kernel]) => kernel),
    );
    this.#schedule = new Schedule(config);
    this.#rows = new ResultRows(config, this.#plan, named);
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
    this.#panes.checkRoom(frame);
    // Held frames are bounded so that what they add to one pane stays within its room.
    const { maxPaneSamples } = this.#plan.shape;
    if (!this.#clock.started && this.#held.samples + frame.n > maxPaneSamples) this.#release();
    if (this.#clock.started) this.#accept(frame, this.#clock.claim(frame.source, frame.epochMs));
    else this.#hold(frame);
  }

  /** What has come out since the last drain. */
  drain(): WindowOutput {
    return this.#out.drain();
  }

  /** End of input (a replay's last frame): issues every window that ends by the end of the last frame's pane. */
  close(): void {
    if (this.#closed) return;
    if (!this.#clock.started && this.#held.count > 0) this.#release();
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
    this.#held.add(frame);
    this.#clock.claim(source, epochMs);
    if (this.#clock.venueMs !== Number.NEGATIVE_INFINITY || this.#held.count >= MAX_HELD) this.#release();
  }

  #release(): void {
    const settled = this.#clock.settle();
    this.#clock.rewind();
    for (const frame of this.#held.takeAll())
      this.#accept(frame, this.#clock.replay(frame.epochMs, settled), settled);
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
      this.#out.rejected({ source, epochMs, seq, samples, venueMs });
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
      this.#out.late({ source, epochMs, seq, samples, watermarkMs });
    } else if (this.#insert(pane, frame)) {
      this.#count.lateAccepted++;
      this.#noteChange(pane, source);
    }
    this.#clock.reach(source, epochMs);
    this.#issueDue();
  }

  #advance(): void {
    this.#clock.moveWatermark();
    this.#issueDue();
  }

  /** False for a duplicate. */
  #insert(pane: number, frame: WindowFrame): boolean {
    if (!this.#panes.insert(pane, frame)) {
      this.#count.duplicates++;
      return false;
    }
    this.#count.samples += frame.n;
    if (!this.#panes.isSealed(pane)) this.#schedule.note(pane);
    return true;
  }

  #noteChange(pane: number, source: number): void {
    if (!this.#panes.isSealed(pane)) return;
    this.#changed.note(pane, source);
    if (pane > this.#panes.lastSeen) this.#panes.lastSeen = pane;
  }

  // --- Issuing windows -------------------------------------------------------------------------------------------

  /** Issues every window whose end the watermark has reached, in order of end, then of window spec. */
  #issueDue(): void {
    const { windows, paneMs } = this.config;
    const watermarkMs = this.#clock.watermarkMs;
    for (;;) {
      if (this.#schedule.dormant && !this.#wake(watermarkMs)) break;
      const end = this.#schedule.nextEnd;
      if (end > watermarkMs) break;
      this.#correct();
      this.#panes.sealTo(end / paneMs);
      for (let w = 0; w < windows.length; w++) if (this.#schedule.take(w, end)) this.#issue(w, end, null);
      this.#evict(end);
      this.#sleepAfterSilence(end / paneMs);
    }
    if (this.#schedule.dormant) this.#correct();
    this.#evict(watermarkMs);
  }

  /** Ends dormancy once a window with a frame in it is due. */
  #wake(watermarkMs: number): boolean {
    const first = this.#schedule.wakesAt(watermarkMs);
    if (first === undefined) return false;
    this.#correct();
    this.#panes.beginAnew(this.#schedule.atStart);
    const gap = this.#schedule.wake(first);
    if (gap !== undefined) this.#out.gap(gap);
    return true;
  }

  /** Falls dormant when for long no source, clock included, has sent anything. */
  #sleepAfterSilence(endPane: number): void {
    if (endPane - this.#panes.lastSeen <= this.#plan.silencePanes) return;
    this.#schedule.sleep(this.#panes.firstSeenFrom(endPane));
  }

  /** Issues again the windows that late frames have changed, in order of end, then of window spec. */
  #correct(): void {
    if (this.#changed.isEmpty) return;
    const { windows, paneMs } = this.config;
    const [first] = this.#changed.panes();
    this.#panes.sealAgain(first!, (pane) => this.#changed.has(pane));
    for (const { end, window } of this.#schedule.issuedAfter(first! * paneMs)) {
      const from = (end - windows[window]!.lengthMs) / paneMs;
      const keys = this.#changed.keysIn(from, end / paneMs, this.#plan.keysOf);
      if (keys.length > 0) this.#issue(window, end, keys);
    }
    this.#changed.clear();
  }

  #issue(window: number, end: number, corrected: Int32Array | null): void {
    const block = this.#rows.block(window, end, corrected);
    this.#count.results += block.keys.length;
    if (corrected !== null) this.#count.revisions += block.keys.length;
    this.#out.window(block);
  }

  /** Lets go of what no window and no correction can need when the watermark is at `atMs`. */
  #evict(atMs: number): void {
    if (atMs === Number.NEGATIVE_INFINITY) return;
    this.#panes.evict(atMs);
    this.#rows.forget(atMs - this.config.latenessMs - this.#plan.minHopMs);
  }

  // --- Checkpoints -----------------------------------------------------------------------------------------------

  /**
   * The whole state as bytes: equal states give equal bytes.
   * @throws WindowError `outputs-pending` when results have not been drained: they would be lost or doubled
   */
  snapshot(): Uint8Array {
    if (!this.#out.isEmpty) {
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
    this.#panes.writeBounds(writer);
    this.#schedule.writeEnds(writer);
    writer.u8(this.#closed ? 1 : 0);
    this.#schedule.writeDormancy(writer);
    writer.f64(this.#panes.lastSeen);
    for (const value of Object.values(this.#count)) writer.uint(value);
    this.#changed.write(writer);
    this.#held.write(writer);
    this.#panes.writeSeen(writer);
    this.#rows.write(writer);
    this.#panes.writeContents(writer);
  }

  #read(reader: ByteReader): void {
    this.#clock.read(reader);
    this.#panes.readBounds(reader);
    this.#schedule.readEnds(reader);
    this.#closed = reader.u8() === 1;
    this.#schedule.readDormancy(reader);
    this.#panes.lastSeen = reader.f64();
    for (const name of Object.keys(this.#count) as (keyof CountedEvents)[]) {
      this.#count[name] = reader.uint();
    }
    this.#changed.read(reader);
    this.#held.read(reader, this.config.columns.length);
    this.#panes.readSeen(reader);
    this.#rows.read(reader);
    this.#panes.readContents(reader);
  }
}
