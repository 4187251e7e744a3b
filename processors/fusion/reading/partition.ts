// A partition that works on fused persons, tick by tick in order: chain -> kernel -> window operator -> results.
//
// Time is that of the ticks: they say what was looked at, so that completeness and silent cameras are as in a processor of raw
// tracks. When fusion itself falls silent, the venue's clock, which the server copies into the stream, goes on: windows more than
// `latenessMs` behind it are said to be unknown, and said again with revision 1 when fusion has caught up. What is said last of
// a window is therefore the same whatever was dead in between.
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
  type WindowSpec,
} from '#processors/window/index.ts';
import { CLOCK_SOURCE } from '#streams/subjects.ts';
import type { TimeBounds } from '../../shared/bounds.ts';
import { LateNotices } from '../../shared/late.ts';
import { joinSections, splitSections } from '../../shared/sections.ts';
import { type ChainedTick, chainSources, TickChain } from './chain.ts';
import type { FusedInput } from './input.ts';

/** What a processor does with fused persons in order. Pure: no clock, no I/O; all its state is in the snapshot. */
export interface FusedKernel {
  /**
   * One tick. Must push exactly one window frame for each frame of each camera in it, ascending by event time and then camera, so
   * that it counts as seen.
   */
  tick(tick: ChainedTick, push: (frame: WindowFrame) => void): void;
  /** Issued windows: the kernel's state is that of the window's end. */
  append(block: WindowBlock, outputs: Output[]): void;
  snapshot(): Uint8Array;
  restore(bytes: Uint8Array): void;
  figures?(): Readonly<Record<string, number>>;
}

export interface FusedParts {
  /** The processor's name: its late messages are `late.<name>`. */
  readonly name: string;
  readonly venue: Venue;
  /**
   * `disorderMs`: by how much the first messages may be out of order; `idleMs`: how far ticks go on until one that is missing is
   * given up; `latenessMs`: how far windows fall behind the venue's clock until they are said to be unknown.
   */
  readonly bounds: TimeBounds;
  readonly windows: readonly WindowSpec[];
  /** Their sources are cameras. */
  readonly keys: readonly KeySpec[];
  readonly columns: readonly string[];
  readonly aggregates: Readonly<Record<string, AggregateSpec>>;
  readonly kernel: FusedKernel;
}

/** Fusion has waited for stragglers; its messages come in order, unless its publisher must send one again. */
export const READING_BOUNDS: TimeBounds = {
  disorderMs: 2_000,
  idleMs: 10_000,
  // A worker that dies is replaced within some seconds, and what is missing is given up before.
  latenessMs: 15_000,
  futureMs: 0,
};

const NO_KEYS = new Int32Array(0);

export function fusedPartition(parts: FusedParts): Partition<FusedInput> {
  const { venue, kernel, windows, keys } = parts;
  const { tickMs } = venue;
  const clock = venue.cameras.length;
  const sources: SourceSpec[] = [
    ...venue.cameras.map(
      ({ id, framesPerSecond }): SourceSpec => ({ name: id, kind: 'frames', rateHz: framesPerSecond }),
    ),
    { name: CLOCK_SOURCE, kind: 'clock' },
  ];
  const config: WindowConfig = {
    paneMs: tickMs,
    windows,
    sources,
    keys,
    columns: parts.columns,
    aggregates: parts.aggregates,
    // Ticks come in order: nothing is awaited and nothing is late behind the chain.
    disorderMs: 0,
    latenessMs: 0,
    idleMs: 0,
    futureMs: 2 * tickMs,
  };
  const unknown = unknownBlocks(config);
  const chain = new TickChain(venue, parts.bounds);
  const notices = new LateNotices(parts.name, venue, chainSources(venue));
  const none = parts.columns.map(() => new Float64Array(0));
  let operator = new WindowOperator(config);
  /** Windows up to here have been said to be unknown. */
  let unknownTo = Number.NEGATIVE_INFINITY;
  let clockMs = Number.NEGATIVE_INFINITY;
  let begun = false;
  let lateTotal = 0;

  const push = (frame: WindowFrame): void => operator.push(frame);

  function passTime(epochMs: number, outputs: Output[]): void {
    operator.push({ source: clock, epochMs, n: 0, keys: NO_KEYS, columns: none });
    const { windows: blocks, late, rejected, gaps } = operator.drain();
    for (const block of blocks) {
      // It has been said before, as unknown.
      if (block.end <= unknownTo) block.revisions.fill(1);
      kernel.append(block, outputs);
    }
    notices.append({ late, rejected, gaps }, outputs);
  }

  /** Fusion has not said anything of [.., dueMs) for so long that nobody knows. */
  function sayUnknown(dueMs: number, outputs: Output[]): void {
    for (let end = Math.max(chain.reachedMs, unknownTo) + tickMs; end <= dueMs; end += tickMs) {
      windows.forEach(({ lengthMs, hopMs }, window) => {
        if (end % hopMs === 0) kernel.append({ ...unknown[window]!, start: end - lengthMs, end }, outputs);
      });
      unknownTo = end;
    }
  }

  function take(input: FusedInput, outputs: Output[]): void {
    if (input.kind === 'clock') {
      clockMs = Math.max(clockMs, input.epochMs);
    } else {
      for (const tick of chain.push(input)) {
        begun = true;
        passTime(tick.startMs, outputs);
        kernel.tick(tick, push);
        passTime(tick.endMs, outputs);
      }
      if (chain.late.length > 0) {
        const late = chain.late;
        chain.late = [];
        lateTotal += late.length;
        notices.append({ late, rejected: [], gaps: [] }, outputs);
      }
    }
    // Before the first tick there is nothing whose windows could be due.
    if (begun) sayUnknown(clockMs - parts.bounds.latenessMs, outputs);
  }

  return rxPartition<FusedInput>({
    pipeline: map((inputs) => {
      const outputs: Output[] = [];
      for (const input of inputs) take(input, outputs);
      return outputs;
    }),
    snapshot() {
      const times = new Float64Array([unknownTo, clockMs, begun ? 1 : 0, lateTotal]);
      return joinSections([
        new Uint8Array(times.buffer),
        chain.snapshot(),
        operator.snapshot(),
        kernel.snapshot(),
      ]);
    },
    restore(bytes) {
      const [times, chained, windowed, own] = splitSections(bytes, 4);
      const [said, clocked, started, late] = new Float64Array(times!.slice().buffer);
      unknownTo = said!;
      clockMs = clocked!;
      begun = started === 1;
      lateTotal = late!;
      chain.restore(chained!);
      operator = WindowOperator.restore(config, windowed!);
      kernel.restore(own!);
    },
    figures: () => ({
      ...(Number.isFinite(chain.reachedMs) && { watermarkMs: chain.reachedMs }),
      late_total: lateTotal,
      ticks_missing_total: chain.missing,
      // How far fusion is behind the venue's clock; its disorder bound and a tick are as it should be.
      ...(Number.isFinite(clockMs) &&
        Number.isFinite(chain.reachedMs) && { fusion_behind_ms: clockMs - chain.reachedMs }),
      dropped_total: 0,
      keys: keys.length,
      ...kernel.figures?.(),
    }),
  });
}

/** Of each window spec a window of which nothing is known: what the operator itself says when only the clock goes on. */
function unknownBlocks(config: WindowConfig): WindowBlock[] {
  const operator = new WindowOperator(config);
  const clock = config.sources.findIndex(({ kind }) => kind === 'clock');
  const longest = Math.max(...config.windows.map(({ lengthMs }) => lengthMs));
  const slowest = Math.max(...config.windows.map(({ hopMs }) => hopMs));
  const none = config.columns.map(() => new Float64Array(0));
  for (const epochMs of [longest, longest + 2 * slowest])
    operator.push({ source: clock, epochMs, n: 0, keys: NO_KEYS, columns: none });
  const blocks = operator.drain().windows;
  return config.windows.map((_, window) => blocks.find((block) => block.window === window)!);
}
