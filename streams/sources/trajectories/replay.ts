// Sends frames at the pace of their event time, times a chosen speed, without drift.
import { encodeTracks } from '#streams/schema/tracks.ts';
import type { OutgoingFrame } from './frames.ts';

/** Where frames go; `Publisher` of streams/ is one. A returned promise is awaited before the next frame: back-pressure. */
export interface FramePublisher {
  publish(message: {
    readonly subject: string;
    readonly payload: Uint8Array;
    readonly messageId: string;
  }): Promise<void> | undefined;
  /** Resolves when everything published is stored. */
  flush(): Promise<void>;
}

/** The wall clock, so that tests need none. */
export interface WallClock {
  /** Milliseconds that only go forward. */
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const wallClock: WallClock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      signal?.addEventListener('abort', done);
    }),
};

export interface ReplayOptions {
  /** Factor of real time; Infinity for as fast as the publisher takes them. */
  readonly speed: number;
  readonly clock?: WallClock;
  /** Stops before the next frame; what was sent is still flushed. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ReplayReport) => void;
}

export interface ReplayReport {
  readonly frames: number;
  /** Person positions in those frames. */
  readonly positions: number;
  readonly bytes: number;
  /** Wall time so far, ms. */
  readonly elapsedMs: number;
  /** The most a frame left after its time, ms; 0 at speed Infinity. */
  readonly worstLagMs: number;
  /** Event time of the last frame sent; undefined before the first. */
  readonly lastEpochMs: number | undefined;
  readonly stopped: boolean;
}

/** Between two calls of `onProgress`, ms. */
const PROGRESS_MS = 2000;

/**
 * Publishes the frames, each at start + (event time - first event time) / speed of wall time, then flushes.
 * No frame is dropped when the publisher is slower: frames leave late, and the report says by how much.
 */
export async function replay(
  frames: Iterable<OutgoingFrame>,
  publisher: FramePublisher,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const { speed, signal, clock = wallClock } = options;
  const began = clock.now();
  let firstEpochMs: number | undefined;
  let lastEpochMs: number | undefined;
  let sent = 0;
  let positions = 0;
  let bytes = 0;
  let worstLagMs = 0;
  let stopped = false;
  let reported = began;
  const report = (): ReplayReport => ({
    frames: sent,
    positions,
    bytes,
    elapsedMs: clock.now() - began,
    worstLagMs,
    lastEpochMs,
    stopped,
  });
  for (const { subject, frame, messageId } of frames) {
    firstEpochMs ??= frame.epochMs;
    if (Number.isFinite(speed)) {
      const due = began + (frame.epochMs - firstEpochMs) / speed;
      const wait = due - clock.now();
      if (wait >= 1) await clock.sleep(wait, signal);
      worstLagMs = Math.max(worstLagMs, clock.now() - due);
    }
    if (signal?.aborted) {
      stopped = true;
      break;
    }
    const payload = encodeTracks(frame);
    const room = publisher.publish({ subject, payload, messageId });
    if (room !== undefined) await room;
    sent++;
    positions += frame.count;
    bytes += payload.byteLength;
    lastEpochMs = frame.epochMs;
    if (clock.now() - reported >= PROGRESS_MS) {
      reported = clock.now();
      options.onProgress?.(report());
    }
  }
  await publisher.flush();
  return report();
}
