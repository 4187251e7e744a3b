// One pass over a venue's history: read from before the span, compute as live does, and hand on, at the replay's pace, the
// results whose event time lies in it. Reads with a nameless consumer that acknowledges nothing: live does not notice.
// A processor that reads results of another one in the session reads those in place of live's from the span's beginning on.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Output } from '#processors/runtime/index.ts';
import { BatchConsumer, type RawMessage } from '#streams/consume.ts';
import { messageOf, StreamsError } from '#streams/errors.ts';
import {
  eventTimeOf,
  type HistoryStart,
  messageTimeOf,
  Pace,
  startOfHistory,
  type WallClock,
} from '#streams/replay/index.ts';
import { STREAM } from '#streams/topology.ts';
import type { SessionFeed } from './feed.ts';
import { JoinedInput, type PassInput, StoredInput } from './input.ts';
import { type Lane, LaneSpent } from './lane.ts';

/** A processor under one set of rules, and who takes its results. */
export interface PassLane {
  create(): Lane;
  /** A result of the span, in the order computed. Returns a promise when it must be waited for. */
  take(output: Output, endMs: number): Promise<void> | undefined;
  /** A result behind the span that others need to finish theirs; see `throughMs`. */
  takeBehind?(output: Output, endMs: number): Promise<void> | undefined;
  /** Results up to here have been taken, corrections aside. */
  progress?(eventMs: number): void;
  /** Everything comes again from the beginning. */
  restart?(): void;
}

/** Results of the session that a pass reads in place of live's. */
export interface Fed {
  readonly feeds: readonly SessionFeed[];
  /** Their subjects. */
  readonly replaced: readonly string[];
  /** Whether the processor reads something else as well. */
  readonly others: boolean;
}

export interface PassRequest {
  readonly org: string;
  readonly venue: string;
  readonly input: Lane['input'];
  readonly lanes: readonly PassLane[];
  /** Results with an event time in (fromMs, toMs] are handed on. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Others need results up to here to finish theirs; not before toMs, which it is unless given. */
  readonly throughMs?: number;
  /** Factor of real time; Infinity: as fast as the machine can. */
  readonly speed: number;
  /** Event time to read before the span; Infinity: all that is stored. */
  readonly warmUpMs: number;
  readonly settleMs: number;
  /** By how much event times may be out of order in the stream. */
  readonly outOfOrderMs: number;
  readonly fed?: Fed;
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
  /** In which way results may differ from live's, as sentences; empty where they are live's. */
  readonly differs: readonly string[];
}

const PROGRESS_MS = 1_000;
/** Live's results come in order of event time but for corrections and zones that one batch brings after another. */
const LIVE_OUT_OF_ORDER_MS = 60_000;

/** @throws StreamsError `consume-failed` when the venue has no history, or retention overtakes the replay */
export async function runPass(
  nc: NatsConnection,
  jsm: JetStreamManager,
  request: PassRequest,
): Promise<PassReport> {
  const start = await placeOf(jsm, request);
  let suspectThrough = -1;
  for (;;) {
    const attempt = new Attempt(jsm, request, start, suspectThrough);
    try {
      return await attempt.run(nc);
    } catch (error) {
      if (!(error instanceof LaneSpent)) throw error;
      // It read further than before, because everything up to there was taken one by one.
      suspectThrough = attempt.fedThrough;
      for (const lane of request.lanes) lane.restart?.();
      await request.onRestart?.();
    }
  }
}

interface Start extends HistoryStart {
  /** The stream has forgotten messages, maybe of this venue: from where it is complete shows with the first one read. */
  readonly unknown: boolean;
}

/** Before the span by the warm-up, or the beginning of what is stored. */
async function placeOf(jsm: JetStreamManager, request: PassRequest): Promise<Start> {
  const { org, venue, fromMs, warmUpMs, outOfOrderMs } = request;
  const { stream } = request.input;
  if (stream === STREAM.tracks && Number.isFinite(warmUpMs)) {
    const start = await startOfHistory(jsm, { org, venue }, fromMs - warmUpMs, outOfOrderMs);
    return { ...start, unknown: false };
  }
  try {
    const { state } = await jsm.streams.info(stream);
    const unknown = state.first_seq > 1;
    const after = { seq: Math.max(0, state.first_seq - 1), timeNs: '' };
    return { after, completeFromMs: Number.NEGATIVE_INFINITY, unknown };
  } catch (error) {
    throw new StreamsError(
      'consume-failed',
      `the stream ${stream} cannot be read: ${messageOf(error)}`,
      'run "tidewatch up" or apply the topology first',
      error,
    );
  }
}

class Attempt {
  readonly #jsm: JetStreamManager;
  readonly #request: PassRequest;
  readonly #start: Start;
  /** Batches that begin at or before it are taken one by one. */
  readonly #suspectThrough: number;
  readonly #lanes: readonly (PassLane & { readonly lane: Lane })[];
  readonly #pace: Pace;
  readonly #throughMs: number;
  #completeFromMs: number;
  #firstMs: number | undefined;
  #messages = 0;
  #results = 0;
  #withheld = 0;
  #readThrough: number;
  #fedThrough: number;
  #reportedAt = performance.now();

  constructor(jsm: JetStreamManager, request: PassRequest, start: Start, suspectThrough: number) {
    this.#jsm = jsm;
    this.#request = request;
    this.#start = start;
    this.#suspectThrough = suspectThrough;
    this.#lanes = request.lanes.map((one) => ({
      lane: one.create(),
      create: () => one.create(),
      take: (output, endMs) => one.take(output, endMs),
      takeBehind: (output, endMs) => one.takeBehind?.(output, endMs),
      progress: (eventMs) => one.progress?.(eventMs),
    }));
    this.#pace = new Pace(request.speed, request.fromMs, request.clock);
    this.#throughMs = Math.max(request.toMs, request.throughMs ?? request.toMs);
    this.#completeFromMs = start.completeFromMs;
    this.#readThrough = start.after.seq;
    this.#fedThrough = start.after.seq;
  }

  /** The last message that a lane was given. */
  get fedThrough(): number {
    return this.#fedThrough;
  }

  async run(nc: NatsConnection): Promise<PassReport> {
    const { signal, settleMs, fed } = this.#request;
    const input = await this.#open(nc);
    const stop = (): void => void input.close();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        const taken = signal?.aborted ? undefined : await input.next();
        if (taken === undefined || signal?.aborted) return this.#report('stopped');
        const { messages, ended } = taken;
        this.#messages += messages.length;
        if (messages.length > 0) this.#noteFirst(messages[0]!);
        this.#fedThrough = input.readThrough;
        // What the session gives does not come again: it is taken so that a failure costs one input.
        const oneByOne = fed !== undefined || this.#readThrough < this.#suspectThrough;
        for (const of of this.#lanes) {
          const waiting = this.#handOn(of.lane.feed(messages, oneByOne), 0, of);
          if (waiting !== undefined) await waiting;
          of.progress?.(of.lane.watermarkMs);
        }
        this.#readThrough = input.readThrough;
        if (this.#eventMs() >= this.#throughMs + settleMs) return this.#report('complete');
        if (ended) {
          return this.#report(this.#eventMs() >= this.#request.toMs + settleMs ? 'complete' : 'ended');
        }
        if (performance.now() - this.#reportedAt > PROGRESS_MS) {
          await this.#progress(this.#eventMs(), input.reading);
        }
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      await input.close();
    }
  }

  async #open(nc: NatsConnection): Promise<PassInput> {
    const { fed, fromMs, input } = this.#request;
    const { stream, filters } = input;
    const start = { after: this.#start.after };
    const live = await BatchConsumer.open(nc, this.#jsm, { stream, filters, start, maxMessages: 4_000 });
    return fed === undefined
      ? new StoredInput(live)
      : new JoinedInput({ live, ...fed, fromMs, outOfOrderMs: LIVE_OUT_OF_ORDER_MS });
  }

  /** Where the stream has forgotten something, history is complete from its first message on. */
  #noteFirst(message: RawMessage): void {
    if (this.#firstMs !== undefined || !(this.#start.unknown || this.#request.fed !== undefined)) return;
    this.#firstMs = messageTimeOf({ subject: message.subject, payload: message.data });
    if (this.#firstMs === undefined || !Number.isFinite(this.#request.warmUpMs)) return;
    const begun = this.#start.unknown || this.#firstMs > this.#request.fromMs;
    if (begun) this.#completeFromMs = this.#firstMs + this.#request.outOfOrderMs;
  }

  /** Synchronous while nothing has to be waited for. */
  #handOn(outputs: readonly Output[], from: number, to: PassLane): Promise<void> | undefined {
    const { fromMs, toMs, signal } = this.#request;
    for (let i = from; i < outputs.length; i++) {
      const output = outputs[i]!;
      const endMs = eventTimeOf(output);
      if (endMs <= fromMs || endMs > this.#throughMs) continue;
      if (endMs > toMs) {
        const behind = to.takeBehind?.(output, endMs);
        if (behind !== undefined) return behind.then(() => this.#handOn(outputs, i + 1, to));
        continue;
      }
      if (this.#isPartial(output, endMs)) {
        this.#withheld++;
        continue;
      }
      const due = this.#pace.until(endMs, signal);
      if (due !== undefined) {
        return due.then(async () => {
          if (signal?.aborted) return;
          await this.#give(output, endMs, to);
          if (performance.now() - this.#reportedAt > PROGRESS_MS) await this.#progress(endMs, true);
          await this.#handOn(outputs, i + 1, to);
        });
      }
      const waiting = this.#give(output, endMs, to);
      if (waiting !== undefined) return waiting.then(() => this.#handOn(outputs, i + 1, to));
    }
    return undefined;
  }

  #give(output: Output, endMs: number, to: PassLane): Promise<void> | undefined {
    this.#results++;
    return to.take(output, endMs);
  }

  /** Whether the window began before what history still has. */
  #isPartial(output: Output, endMs: number): boolean {
    const completeFromMs = this.#completeFromMs;
    // No window is longer than the warm-up.
    if (endMs - this.#request.warmUpMs >= completeFromMs) return false;
    return windowStart(output, endMs) < completeFromMs;
  }

  #eventMs(): number {
    return Math.min(...this.#lanes.map(({ lane }) => lane.watermarkMs));
  }

  /** @param reading whether more is read of the stream */
  async #progress(eventMs: number, reading: boolean): Promise<void> {
    this.#reportedAt = performance.now();
    const { stream } = this.#request.input;
    const { state } = await this.#jsm.streams.info(stream);
    if (reading && state.first_seq > this.#readThrough + 1 && this.#readThrough > this.#start.after.seq) {
      throw new StreamsError(
        'consume-failed',
        'history is being forgotten faster than it is replayed',
        `replay faster or a later span, or keep the stream ${stream} longer`,
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
      differs: this.#differs(),
    };
  }

  #differs(): string[] {
    const { warmUpMs, fromMs, input } = this.#request;
    if (Number.isFinite(warmUpMs)) return [];
    const { name } = this.#lanes[0]!.lane;
    const first = this.#firstMs;
    if (this.#start.unknown) {
      const since = first === undefined ? 'is empty' : `begins at ${new Date(first).toISOString()}`;
      return [
        `${name} depends on everything it has read, and what ${input.stream} still has of it ${since}: live may have ` +
          'read more before that',
      ];
    }
    if (first !== undefined && first > fromMs) {
      return [
        `${name} depends on everything it has read, and nothing of it is stored from before the span: it begins anew`,
      ];
    }
    return [];
  }
}

const decoder = new TextDecoder();

/** Start of a window result; a raster or a notice is an instant. */
function windowStart(output: Output, endMs: number): number {
  if (!output.subject.startsWith('win.')) return endMs;
  const window: unknown = JSON.parse(decoder.decode(output.payload));
  return typeof window === 'object' &&
    window !== null &&
    'start' in window &&
    typeof window.start === 'number'
    ? window.start
    : endMs;
}
