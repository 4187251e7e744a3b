// One pass over a venue's history: read from before the span, compute as live does, and hand on, at the replay's pace, the
// results whose event time lies in it. Reads with a nameless consumer that acknowledges nothing: live does not notice.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Output } from '#processors/runtime/index.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { StreamsError } from '#streams/errors.ts';
import {
  eventTimeOf,
  type HistoryStart,
  Pace,
  startOfHistory,
  type WallClock,
} from '#streams/replay/index.ts';
import { type Lane, LaneSpent } from './lane.ts';

/** A processor under one set of rules, and who takes its results. */
export interface PassLane {
  create(): Lane;
  /** A result of the span, in the order computed. Returns a promise when it must be waited for. */
  take(output: Output, endMs: number): Promise<void> | undefined;
}

export interface PassRequest {
  readonly org: string;
  readonly venue: string;
  readonly lanes: readonly PassLane[];
  /** Results with an event time in (fromMs, toMs] are handed on. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Factor of real time; Infinity: as fast as the machine can. */
  readonly speed: number;
  readonly warmUpMs: number;
  readonly settleMs: number;
  /** By how much event times may be out of order in the stream. */
  readonly outOfOrderMs: number;
  readonly signal?: AbortSignal;
  readonly clock?: WallClock;
  /** After each batch: event time up to which results are out. */
  readonly onProgress?: (eventMs: number) => Promise<void> | undefined;
  /** Called before going over history again because of input that a processor fails on: what was taken must not be taken twice. */
  readonly onRestart?: () => Promise<void>;
}

export interface PassReport {
  /** `complete`: everything up to `toMs` is out and can no longer change; `ended`: history ended before; `stopped` by the signal. */
  readonly state: 'complete' | 'ended' | 'stopped';
  /** Event time up to which results are out; -Infinity when nothing is. */
  readonly eventMs: number;
  /** Messages read, warm-up included. */
  readonly messages: number;
  readonly results: number;
  /** Results not handed on because their windows begin before what history still has: they would differ from live's. */
  readonly withheld: number;
  readonly setAside: number;
  /** Furthest that a result came after it was due, wall ms. */
  readonly mostBehindMs: number;
}

const PROGRESS_MS = 1_000;

/** @throws StreamsError `consume-failed` when the venue has no history, or retention overtakes the replay */
export async function runPass(
  nc: NatsConnection,
  jsm: JetStreamManager,
  request: PassRequest,
): Promise<PassReport> {
  const { org, venue, fromMs, warmUpMs, outOfOrderMs } = request;
  const start = await startOfHistory(jsm, { org, venue }, fromMs - warmUpMs, outOfOrderMs);
  let suspectThrough = -1;
  for (;;) {
    const attempt = new Attempt(jsm, request, start, suspectThrough);
    try {
      return await attempt.run(nc);
    } catch (error) {
      if (!(error instanceof LaneSpent)) throw error;
      // It read further than before, because everything up to there was taken one by one.
      suspectThrough = attempt.fedThrough;
      await request.onRestart?.();
    }
  }
}

class Attempt {
  readonly #jsm: JetStreamManager;
  readonly #request: PassRequest;
  readonly #start: HistoryStart;
  /** Batches that begin at or before it are taken one by one. */
  readonly #suspectThrough: number;
  readonly #lanes: readonly { readonly lane: Lane; readonly take: PassLane['take'] }[];
  readonly #pace: Pace;
  #messages = 0;
  #results = 0;
  #withheld = 0;
  #readThrough: number;
  #fedThrough: number;
  #reportedAt = performance.now();

  constructor(jsm: JetStreamManager, request: PassRequest, start: HistoryStart, suspectThrough: number) {
    this.#jsm = jsm;
    this.#request = request;
    this.#start = start;
    this.#suspectThrough = suspectThrough;
    this.#lanes = request.lanes.map((lane) => ({
      lane: lane.create(),
      take: (output, endMs) => lane.take(output, endMs),
    }));
    this.#pace = new Pace(request.speed, request.fromMs, request.clock);
    this.#readThrough = start.after.seq;
    this.#fedThrough = start.after.seq;
  }

  /** The last message that a lane was given. */
  get fedThrough(): number {
    return this.#fedThrough;
  }

  async run(nc: NatsConnection): Promise<PassReport> {
    const { signal, toMs, settleMs } = this.#request;
    const { stream, filters } = this.#lanes[0]!.lane.input;
    const consumer = await BatchConsumer.open(nc, this.#jsm, {
      stream,
      filters,
      start: { after: this.#start.after },
      maxMessages: 4_000,
    });
    const stop = (): void => void consumer.close();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      if (consumer.pendingAtOpen === 0) return this.#report('ended');
      for (;;) {
        const batch = signal?.aborted ? undefined : await consumer.next();
        if (batch === undefined) return this.#report('stopped');
        this.#messages += batch.messages.length;
        this.#fedThrough = batch.last.seq;
        for (const { lane, take } of this.#lanes) {
          const outputs = lane.feed(batch.messages, this.#readThrough < this.#suspectThrough);
          const waiting = this.#handOn(outputs, 0, take);
          if (waiting !== undefined) await waiting;
        }
        this.#readThrough = batch.last.seq;
        if (this.#eventMs() >= toMs + settleMs) return this.#report('complete');
        if (batch.pending === 0) return this.#report('ended');
        if (performance.now() - this.#reportedAt > PROGRESS_MS) await this.#progress();
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      await consumer.close();
    }
  }

  /** Synchronous while nothing has to be waited for. */
  #handOn(outputs: readonly Output[], from: number, take: PassLane['take']): Promise<void> | undefined {
    const { fromMs, toMs, signal } = this.#request;
    for (let i = from; i < outputs.length; i++) {
      const output = outputs[i]!;
      const endMs = eventTimeOf(output);
      if (endMs <= fromMs || endMs > toMs) continue;
      if (this.#isPartial(output, endMs)) {
        this.#withheld++;
        continue;
      }
      const due = this.#pace.until(endMs, signal);
      if (due !== undefined) {
        return due.then(async () => {
          if (signal?.aborted) return;
          await this.#give(output, endMs, take);
          if (performance.now() - this.#reportedAt > PROGRESS_MS) await this.#progress(endMs);
          await this.#handOn(outputs, i + 1, take);
        });
      }
      const waiting = this.#give(output, endMs, take);
      if (waiting !== undefined) return waiting.then(() => this.#handOn(outputs, i + 1, take));
    }
    return undefined;
  }

  #give(output: Output, endMs: number, take: PassLane['take']): Promise<void> | undefined {
    this.#results++;
    return take(output, endMs);
  }

  /** Whether the window began before what history still has. */
  #isPartial(output: Output, endMs: number): boolean {
    const { completeFromMs } = this.#start;
    // No window is longer than the warm-up.
    if (endMs - this.#request.warmUpMs >= completeFromMs) return false;
    return startOf(output, endMs) < completeFromMs;
  }

  #eventMs(): number {
    return Math.min(...this.#lanes.map(({ lane }) => lane.watermarkMs));
  }

  async #progress(eventMs = this.#eventMs()): Promise<void> {
    this.#reportedAt = performance.now();
    const { stream } = this.#lanes[0]!.lane.input;
    const { state } = await this.#jsm.streams.info(stream);
    if (state.first_seq > this.#readThrough + 1 && this.#readThrough > this.#start.after.seq) {
      throw new StreamsError(
        'consume-failed',
        'history is being forgotten faster than it is replayed',
        'replay faster or a later span, or keep the stream of tracks longer',
      );
    }
    await this.#request.onProgress?.(eventMs);
  }

  #report(state: PassReport['state']): PassReport {
    return {
      state,
      eventMs: this.#eventMs(),
      messages: this.#messages,
      results: this.#results,
      withheld: this.#withheld,
      setAside: this.#lanes.reduce((sum, { lane }) => Math.max(sum, lane.setAside), 0),
      mostBehindMs: Math.max(0, this.#pace.mostBehindMs),
    };
  }
}

const decoder = new TextDecoder();

/** Start of a window result; a raster or a notice is an instant. */
function startOf(output: Output, endMs: number): number {
  if (!output.subject.startsWith('win.')) return endMs;
  const window: unknown = JSON.parse(decoder.decode(output.payload));
  return typeof window === 'object' &&
    window !== null &&
    'start' in window &&
    typeof window.start === 'number'
    ? window.start
    : endMs;
}
