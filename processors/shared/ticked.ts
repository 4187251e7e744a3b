// A partition whose state depends on the order of frames: sequencer -> kernel, tick by tick -> window operator -> results.
// The kernel sees every frame of a tick in canonical order and pushes samples; the operator behind it therefore gets
// frames in order, is never late, and issues each window as soon as the tick at its end has been worked through.
import { map } from 'rxjs';
import type { Venue } from '#models/venue/index.ts';
import { type Output, type Partition, rxPartition } from '#processors/runtime/index.ts';
import {
  type AggregateSpec,
  type KeySpec,
  type SourceSpec,
  type WindowBlock,
  type WindowConfig,
  type WindowFrame,
  WindowOperator,
  type WindowOutput,
  type WindowSpec,
} from '#processors/window/index.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { CLOCK_SOURCE } from '#streams/subjects.ts';
import type { TimeBounds } from './bounds.ts';
import type { TracksInput } from './input.ts';
import { LateNotices } from './late.ts';
import { joinSections, splitSections } from './sections.ts';
import { FrameSequencer, type SequencedFrame, type Tick } from './sequencer.ts';

/** What a processor does with frames in order. Pure: no clock, no I/O; all its state is in the snapshot. */
export interface TickKernel {
  /** One frame of a camera. Must push exactly one window frame for it, so that it counts as seen. */
  frame(frame: SequencedFrame, push: (frame: WindowFrame) => void): void;
  /** The end of a tick that had frames. Samples of the whole tick go to `TICK` sources, at `endMs - 1`. */
  endTick?(tick: Tick, push: (frame: WindowFrame) => void): void;
  /** Issued windows: the kernel's state is that of the window's end. */
  append(block: WindowBlock, outputs: Output[]): void;
  snapshot(): Uint8Array;
  restore(bytes: Uint8Array): void;
  figures?(): Readonly<Record<string, number>>;
}

export interface TickedParts {
  /** The processor's name: its late frames are `late.<name>`. */
  readonly name: string;
  readonly venue: Pick<Venue, 'org' | 'id' | 'tickMs' | 'cameras'>;
  readonly bounds: TimeBounds;
  readonly windows: readonly WindowSpec[];
  readonly keys: readonly KeySpec[];
  readonly columns: readonly string[];
  readonly aggregates: Readonly<Record<string, AggregateSpec>>;
  readonly kernel: TickKernel;
}

/** Index of the clock among the sources: behind the venue's cameras. */
export const clockIndex = (venue: Pick<Venue, 'cameras'>): number => venue.cameras.length;
/** Index of the source of whole ticks: behind the clock. */
export const tickIndex = (venue: Pick<Venue, 'cameras'>): number => venue.cameras.length + 1;

const NO_KEYS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

export function tickedPartition(parts: TickedParts): Partition<TracksInput> {
  const { venue, bounds, kernel } = parts;
  const clock = clockIndex(venue);
  const cameras = venue.cameras.map(
    ({ id, framesPerSecond }): SourceSpec => ({ name: id, kind: 'frames', rateHz: framesPerSecond }),
  );
  const timed: SourceSpec[] = [...cameras, { name: CLOCK_SOURCE, kind: 'clock' }];
  const config: WindowConfig = {
    paneMs: venue.tickMs,
    windows: parts.windows,
    sources: [...timed, { name: 'tick', kind: 'events' }],
    keys: parts.keys,
    columns: parts.columns,
    aggregates: parts.aggregates,
    // Frames come in order: nothing is awaited and nothing is late behind the sequencer.
    disorderMs: 0,
    latenessMs: 0,
    idleMs: 0,
    futureMs: 2 * venue.tickMs,
  };
  const sequencer = new FrameSequencer({ ...bounds, tickMs: venue.tickMs, sources: timed });
  const notices = new LateNotices(
    parts.name,
    venue,
    timed.map(({ name }) => name),
  );
  const none = parts.columns.map(() => new Float64Array(0));
  const reader = new TracksReader();
  let operator = new WindowOperator(config);

  const push = (frame: WindowFrame): void => operator.push(frame);
  const pushTime = (epochMs: number): void =>
    operator.push({ source: clock, epochMs, n: 0, keys: NO_KEYS, columns: none });

  function issue(outputs: Output[]): void {
    const { windows, late, rejected, gaps }: WindowOutput = operator.drain();
    for (const block of windows) kernel.append(block, outputs);
    notices.append({ late, rejected, gaps }, outputs);
  }

  function work(tick: Tick, outputs: Output[]): void {
    pushTime(tick.startMs);
    issue(outputs);
    for (const frame of tick.frames) {
      if (frame.source === clock) pushTime(frame.epochMs);
      else kernel.frame(frame, push);
    }
    kernel.endTick?.(tick, push);
    pushTime(tick.endMs);
    issue(outputs);
  }

  function take({ source, payload }: TracksInput, outputs: Output[]): void {
    reader.reread(payload);
    const { epochMs, seq, count: samples } = reader;
    const before = sequencer.releasedToMs;
    const ticks = sequencer.push({
      source,
      epochMs,
      seq,
      samples,
      payload: source === clock ? NO_BYTES : payload,
    });
    for (const tick of ticks) work(tick, outputs);
    const to = sequencer.releasedToMs;
    // Before the first tick there is nothing whose windows could be due; where the watermark begins depends on order.
    const begun = operator.stats().frames > 0;
    if (begun && to > before && to !== ticks.at(-1)?.endMs) {
      pushTime(to);
      issue(outputs);
    }
    const { late, rejected } = sequencer;
    if (late.length + rejected.length === 0) return;
    sequencer.late = [];
    sequencer.rejected = [];
    lateTotal += late.length;
    futureTotal += rejected.length;
    notices.append({ late, rejected, gaps: [] }, outputs);
  }

  let lateTotal = 0;
  let futureTotal = 0;
  return rxPartition<TracksInput>({
    pipeline: map((inputs) => {
      const outputs: Output[] = [];
      for (const input of inputs) take(input, outputs);
      return outputs;
    }),
    snapshot: () => joinSections([sequencer.snapshot(), operator.snapshot(), kernel.snapshot()]),
    restore(bytes) {
      const [ordered, windows, own] = splitSections(bytes, 3);
      sequencer.restore(ordered!);
      operator = WindowOperator.restore(config, windows!);
      kernel.restore(own!);
    },
    figures: () => ({
      ...(Number.isFinite(sequencer.watermarkMs) && { watermarkMs: sequencer.watermarkMs }),
      late_total: lateTotal,
      future_total: futureTotal,
      revisions_total: 0,
      duplicates_total: sequencer.duplicates,
      dropped_total: 0,
      keys: parts.keys.length,
      ...kernel.figures?.(),
    }),
  });
}
