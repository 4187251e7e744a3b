// Reads a stream in batches: pull requests bounded in messages and bytes, in order and without gaps across lost
// connections and restarted servers, acknowledged when the caller has used them.
//
// It speaks the pull protocol itself, because back-pressure needs the next request to depend on what is used up.
// A few requests are open in turn, so that data arrives while a batch is worked on. Order and completeness are checked
// once per batch: the server numbers deliveries per consumer, so the last number must equal the count received.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/nats-core';
import { nuid } from '@nats-io/nats-core';
import {
  CONSUMER_NOT_FOUND,
  consumerConfig,
  failed,
  isApiError,
  STREAM_NOT_FOUND,
  startPosition,
  taken,
} from './consumer-setup.ts';
import { isStreamsError, StreamsError } from './errors.ts';
import { checkPosition, parseDelivery, type StreamPosition } from './position.ts';
import { HEARTBEAT_MS, PullRequests } from './pull-requests.ts';

/** A message as it came. `data` is a view into a socket buffer: copy what you keep beyond the batch. */
export interface RawMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs;
  /** Says where in the stream it is: parseDelivery(). */
  readonly reply?: string;
}

/** A delivery that can be acknowledged, with everything before it. */
export interface AckPoint extends StreamPosition {
  readonly reply: string;
  /** Which incarnation of the server's consumer delivered it: another one's numbers mean nothing to it. */
  readonly incarnation: number;
}

export interface Batch {
  readonly messages: readonly RawMessage[];
  /** Where the last message of the batch lies: what ack() takes when the batch is used. */
  readonly last: AckPoint;
  /** Messages in the stream behind this batch, as of its delivery. */
  readonly pending: number;
}

export interface ConsumerOptions {
  readonly stream: string;
  /** Subjects to read; empty: all of the stream. */
  readonly filters: readonly string[];
  /**
   * Name kept by the server. Opening it again takes it over: the former holder ends with `consumer-taken`.
   * Absent: a nameless one that acknowledges nothing, for reading history.
   */
  readonly durable?: string;
  /** `after`: everything behind a position. `acked`: where the durable consumer's acknowledgements stopped. */
  readonly start: { readonly after: StreamPosition } | 'acked' | 'first' | 'new';
  /** Messages and bytes requested or waiting to be used. Bytes must stay well under 64 MB. */
  readonly maxMessages?: number;
  readonly maxBytes?: number;
  /** Unacknowledged messages until the server pauses; at least what lies between two acknowledgements. */
  readonly maxAckPending?: number;
  /** Only headers, no payloads. */
  readonly headersOnly?: boolean;
}

const MAX_MESSAGES = 2_000;
const MAX_BYTES = 16 * 1024 * 1024;
const SILENCE_MS = 3 * HEARTBEAT_MS;
const RESYNC_PAUSE_MS = 100;
const ACK = new TextEncoder().encode('+ACK');

export class BatchConsumer {
  readonly #nc: NatsConnection;
  readonly #jsm: JetStreamManager;
  readonly #options: ConsumerOptions;
  readonly #owner = nuid.next();
  readonly #timer: NodeJS.Timeout;
  #name = '';
  /** Of the present incarnation of the server's consumer. */
  #pulls: PullRequests | undefined;
  #incarnation = 0;
  #last: StreamPosition;
  #acked: StreamPosition;
  #waiting: { resolve: (batch: Batch | undefined) => void; reject: (error: unknown) => void } | undefined;
  #failure: StreamsError | undefined;
  #resyncing = false;
  #closed = false;
  #connected = true;
  #resyncs = 0;
  #expired = 0;
  #pendingAtOpen = 0;

  private constructor(
    nc: NatsConnection,
    jsm: JetStreamManager,
    options: ConsumerOptions,
    after: StreamPosition,
  ) {
    this.#nc = nc;
    this.#jsm = jsm;
    this.#options = options;
    this.#last = after;
    this.#acked = after;
    this.#timer = setInterval(() => this.#watchSilence(), HEARTBEAT_MS);
    this.#timer.unref();
    void this.#watchConnection();
  }

  /**
   * @throws StreamsError `stream-missing`, `stream-rewound` (the server no longer has `start.after`), `consume-failed`
   */
  static async open(
    nc: NatsConnection,
    jsm: JetStreamManager,
    options: ConsumerOptions,
  ): Promise<BatchConsumer> {
    try {
      await jsm.streams.info(options.stream);
    } catch (error) {
      if (!isApiError(error, STREAM_NOT_FOUND)) throw failed(options.stream, error);
      throw new StreamsError(
        'stream-missing',
        `there is no stream ${options.stream}`,
        'run "tidewatch up" or apply the topology first',
        error,
      );
    }
    const after = await startPosition(jsm, options);
    const consumer = new BatchConsumer(nc, jsm, options, after);
    try {
      await consumer.#incarnate(true);
    } catch (error) {
      consumer.#release();
      throw isStreamsError(error) ? error : failed(options.stream, error);
    }
    return consumer;
  }

  /** How often the consumer had to be set up again: after lost connections, gaps and silence. */
  get resyncs(): number {
    return this.#resyncs;
  }

  /** Messages that were there to be read when it was opened. */
  get pendingAtOpen(): number {
    return this.#pendingAtOpen;
  }

  /** The last message handed out. */
  get last(): StreamPosition {
    return this.#last;
  }

  /** Messages and bytes that have arrived and wait to be used. */
  get buffered(): { readonly messages: number; readonly bytes: number } {
    return this.#pulls?.buffered ?? { messages: 0, bytes: 0 };
  }

  /**
   * The next batch, in stream order without gaps, as soon as one message is there; undefined once closed.
   * @throws StreamsError `consumer-taken`, `stream-rewound`, `consume-failed`
   */
  next(): Promise<Batch | undefined> {
    if (this.#waiting !== undefined) {
      return Promise.reject(failed(this.#options.stream, new Error('next() is already waiting')));
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#deliver();
    });
  }

  /** Tells the server that everything up to `point`, the `last` of one of this consumer's batches, is used. */
  ack(point: AckPoint): void {
    if (this.#options.durable === undefined || this.#nc.isClosed()) return;
    if (point.seq > this.#acked.seq) this.#acked = point;
    // After a new incarnation it is remembered here, and the server learns of it with the next acknowledgement.
    if (point.incarnation === this.#incarnation && this.#connected) this.#nc.publish(point.reply, ACK);
  }

  /** Ends: next() gives undefined. What was not used is not acknowledged. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#release();
    if (this.#options.durable === undefined && this.#connected && !this.#nc.isClosed()) {
      // The server removes it by itself when idle, should this not reach it.
      await this.#jsm.consumers.delete(this.#options.stream, this.#name).catch(() => false);
    }
  }

  #release(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#drop();
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (this.#failure !== undefined) {
      this.#waiting = undefined;
      waiting.reject(this.#failure);
      return;
    }
    if (this.#closed) {
      this.#waiting = undefined;
      waiting.resolve(undefined);
      return;
    }
    if (this.#resyncing || this.#pulls === undefined) return;
    const { arrived, received } = this.#pulls;
    if (arrived.length > 0) {
      const reply = arrived[arrived.length - 1]!.reply!;
      const delivery = parseDelivery(reply);
      if (delivery.consumerSeq !== received) {
        this.#resync(`delivery ${delivery.consumerSeq} came as number ${received}`);
        return;
      }
      let messages = this.#pulls.take();
      if (parseDelivery(messages[0]!.reply!).seq <= this.#last.seq) {
        // Set up again from the last acknowledgement: what was handed out before is not handed out twice.
        messages = messages.filter((message) => parseDelivery(message.reply!).seq > this.#last.seq);
      }
      if (messages.length > 0) {
        const { seq, timeNs, pending } = delivery;
        const last = { seq, timeNs, reply, incarnation: this.#incarnation };
        this.#last = last;
        this.#waiting = undefined;
        waiting.resolve({ messages, last, pending });
      }
    }
    this.#request();
  }

  #request(): void {
    if (this.#closed || this.#resyncing || !this.#connected || this.#failure !== undefined) return;
    this.#pulls?.request();
  }

  /** Messages of the stream that retention removed before they could be read; seen when reading (re)starts. */
  get expired(): number {
    return this.#expired;
  }

  /** Makes the server's consumer anew, after the last acknowledged message; what was handed out since is skipped. */
  async #incarnate(first: boolean): Promise<void> {
    const { stream, durable, maxMessages = MAX_MESSAGES, maxBytes = MAX_BYTES } = this.#options;
    this.#drop();
    this.#incarnation++;
    if ((await checkPosition(this.#jsm, stream, this.#last)) === 'rewound') {
      throw new StreamsError(
        'stream-rewound',
        `stream ${stream} no longer has message ${this.#last.seq} as it was read`,
        'the server lost its newest messages: start again from an older checkpoint',
      );
    }
    const { state } = await this.#jsm.streams.info(stream);
    if (this.#last.seq > 0) this.#expired += Math.max(0, state.first_seq - this.#last.seq - 1);
    const name = durable ?? `reader-${nuid.next()}`;
    if (durable !== undefined) await this.#takeOver(durable, first);
    const after = durable === undefined ? this.#last : this.#acked;
    const config = consumerConfig(this.#options, name, this.#owner, after.seq + 1);
    const info = await this.#jsm.consumers.add(stream, config);
    if (first) this.#pendingAtOpen = info.num_pending;
    if (this.#closed) return;
    this.#name = name;
    this.#pulls = new PullRequests({
      nc: this.#nc,
      stream,
      consumer: name,
      maxMessages,
      maxBytes,
      onArrival: () => {
        if (this.#waiting !== undefined) queueMicrotask(() => this.#deliver());
      },
      onEnded: () => this.#request(),
      onTrouble: (why) => this.#resync(why),
      onError: (error) => this.#fail(failed(stream, error)),
    });
    this.#request();
  }

  /** Removes the former incarnation; one that belongs to another live reader is only taken over on opening. */
  async #takeOver(durable: string, first: boolean): Promise<void> {
    const { stream } = this.#options;
    try {
      const info = await this.#jsm.consumers.info(stream, durable);
      if (!first && info.config.metadata?.owner !== this.#owner) throw taken(durable);
      await this.#jsm.consumers.delete(stream, durable);
    } catch (error) {
      if (!isApiError(error, CONSUMER_NOT_FOUND)) throw error;
    }
  }

  #drop(): void {
    this.#pulls?.drop();
    this.#pulls = undefined;
  }

  /** Sets the consumer up again, retrying for ever while the server cannot be asked. */
  #resync(_why: string): void {
    if (this.#resyncing || this.#closed || this.#failure !== undefined) return;
    this.#resyncing = true;
    this.#resyncs++;
    void this.#resyncLoop().catch((error: unknown) => this.#fail(failed(this.#options.stream, error)));
  }

  async #resyncLoop(): Promise<void> {
    for (let attempt = 0; !this.#closed && !this.#nc.isClosed(); attempt++) {
      await pause(Math.min(RESYNC_PAUSE_MS * attempt, 2_000));
      if (!this.#connected) continue;
      try {
        await this.#incarnate(false);
        this.#resyncing = false;
        this.#request();
        this.#deliver();
        return;
      } catch (error) {
        if (isStreamsError(error)) {
          this.#fail(error);
          return;
        }
      }
    }
  }

  #fail(error: StreamsError): void {
    this.#failure ??= error;
    this.#resyncing = false;
    this.#drop();
    this.#deliver();
  }

  #watchSilence(): void {
    if (this.#closed || !this.#connected || this.#resyncing) return;
    const pulls = this.#pulls;
    if (pulls?.waits && Date.now() - pulls.heardAt > SILENCE_MS) this.#resync('no heartbeat');
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (this.#closed) return;
      if (status.type === 'disconnect') this.#connected = false;
      else if (status.type === 'reconnect') {
        this.#connected = true;
        this.#resync('reconnected');
      } else if (status.type === 'close') {
        this.#release();
        return;
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
