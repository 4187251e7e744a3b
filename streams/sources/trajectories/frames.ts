// A recording as the frames a camera would have sent: one TrackFrame per observed instant, on the recording's own clock.

import { StreamsError } from '#streams/errors.ts';
import type { TrackFrame } from '#streams/schema/tracks.ts';
import { emptyTrackFrame, MAX_PERSONS_PER_FRAME, tracksMessageId } from '#streams/schema/tracks.ts';
import type { SourceAddress } from '#streams/subjects.ts';
import { CLOCK_SOURCE, observationSubject } from '#streams/subjects.ts';
import type { Trajectories } from './types.ts';

export interface FrameOptions {
  /** Event time of the first frame, UTC epoch ms, a whole number. */
  readonly startMs: number;
  /** Ordinal of the level the recording shows; 0 when not given. */
  readonly level?: number;
  /**
   * Frames between the first and the last in which the file has nobody. `empty` (when not given): sent with count 0,
   * because an empty scene is an observation. `missing`: those during which some track goes on before and after are
   * not sent, because somebody was there and was not recorded.
   */
  readonly absent?: 'empty' | 'missing';
}

/** One instant of a recording: rows `from` to `to` (exclusive); `from === to` where the file has nobody. */
export interface Instant {
  readonly frame: number;
  readonly from: number;
  readonly to: number;
  /** Tracks observed both before and after an instant without rows; 0 for an instant with rows. */
  readonly spanning: number;
}

/** Time between frames, ms (not rounded). */
export function periodMs(recording: Trajectories): number {
  return (1000 * recording.frameStep) / recording.framesPerSecond;
}

/** Event time of a frame number: start + (frame - first frame) / fps, rounded to the nearest whole ms, so errors never add up. */
export function eventTimeMs(recording: Trajectories, startMs: number, frame: number): number {
  return startMs + Math.round(((frame - recording.frames[0]!) * 1000) / recording.framesPerSecond);
}

/** From the first frame to the last, ms. */
export function durationMs(recording: Trajectories): number {
  return eventTimeMs(recording, 0, recording.frames[recording.count - 1]!);
}

/**
 * Every instant from the first frame to the last. Frames without rows are filled in at the frame step, counted from the
 * last frame that has some, and stop half a step before the next (some files shift their frame numbers at a cut).
 */
export function* instants(recording: Trajectories): Generator<Instant> {
  const { frames, count, frameStep } = recording;
  const spanning = spanCounter(recording);
  let from = 0;
  while (from < count) {
    const frame = frames[from]!;
    let to = from + 1;
    while (to < count && frames[to] === frame) to++;
    yield { frame, from, to, spanning: 0 };
    const next = to < count ? frames[to]! : frame;
    for (let absent = frame + frameStep; absent <= next - (frameStep + 1) / 2; absent += frameStep) {
      yield { frame: absent, from: to, to, spanning: spanning(absent) };
    }
    from = to;
  }
}

/** Number of tracks that begin before and end after a frame. */
function spanCounter(recording: Trajectories): (frame: number) => number {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (let i = 0; i < recording.count; i++) {
    const id = recording.ids[i]!;
    if (!first.has(id)) first.set(id, recording.frames[i]!);
    last.set(id, recording.frames[i]!);
  }
  const begins = Int32Array.from(first.values()).sort();
  const ends = Int32Array.from(last.values()).sort();
  // Tracks begun before the frame less those ended before it: an absent frame is nobody's first or last.
  return (frame) => countBelow(begins, frame) - countBelow(ends, frame);
}

/** Entries of a sorted array below `value`. */
function countBelow(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The frames of a recording in order of time. `seq` is the file's frame number modulo 2^32. */
export function* trackFrames(recording: Trajectories, options: FrameOptions): Generator<TrackFrame> {
  const { startMs, level = 0, absent = 'empty' } = options;
  for (const { frame, from, to, spanning } of instants(recording)) {
    if (from === to && absent === 'missing' && spanning > 0) continue;
    if (to - from > MAX_PERSONS_PER_FRAME) {
      throw new StreamsError(
        'source-malformed',
        `frame ${frame} holds ${to - from} persons, more than the ${MAX_PERSONS_PER_FRAME} of one message`,
        'cut the recording into several sources',
      );
    }
    const epochMs = eventTimeMs(recording, startMs, frame);
    const out = emptyTrackFrame({ epochMs, level, seq: frame >>> 0 }, to - from);
    out.ids.set(recording.ids.subarray(from, to));
    out.x.set(recording.x.subarray(from, to));
    out.y.set(recording.y.subarray(from, to));
    out.vx.set(recording.vx.subarray(from, to));
    out.vy.set(recording.vy.subarray(from, to));
    out.confidence.set(recording.confidence.subarray(from, to));
    yield out;
  }
}

/** A frame with where it goes and the id by which the stream knows a repetition. */
export interface OutgoingFrame {
  readonly subject: string;
  readonly frame: TrackFrame;
  readonly messageId: string;
}

/**
 * The frames addressed to `obs.tracks`, each followed, where `clock` is set, by a frame of the venue's clock one period
 * later: time then goes on across missing frames, and the last windows close.
 */
export function* outgoingFrames(
  recording: Trajectories,
  at: SourceAddress,
  options: FrameOptions & { readonly clock?: boolean },
): Generator<OutgoingFrame> {
  const subject = observationSubject('tracks', at);
  const clockSubject = observationSubject('tracks', { ...at, source: CLOCK_SOURCE });
  const level = options.level ?? 0;
  const address = (to: string, frame: TrackFrame): OutgoingFrame => ({
    subject: to,
    frame,
    messageId: tracksMessageId(to, frame),
  });
  for (const frame of trackFrames(recording, options)) {
    yield address(subject, frame);
    if (options.clock) {
      const epochMs = frame.epochMs + Math.round(periodMs(recording));
      yield address(clockSubject, emptyTrackFrame({ epochMs, level, seq: frame.seq, clock: true }, 0));
    }
  }
}
