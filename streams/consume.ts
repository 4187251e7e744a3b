// Reads a stream in batches: pull requests bounded in messages and bytes, in order and without gaps across lost
// connections and restarted servers, acknowledged when the caller has used them.
//
// It speaks the pull protocol itself, because back-pressure needs the next request to depend on what is used up.
// A few requests are open in turn, so that data arrives while a batch is worked on. Order and completeness are checked
// once per batch: the server numbers deliveries per consumer, so the last number must equal the count received.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/nats-core';
import { createInbox, nuid } from '@nats-io/nats-core';
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

const NANOS_PER_MS = 1_000_000;
/** Requests open in turn: data arrives while a batch is worked on. */
const SLOTS = 4;
const PULL_EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 2_000;
const SILENCE_MS = 3 * HEARTBEAT_MS;
const RESYNC_PAUSE_MS = 100;
const ACK = new TextEncoder().encode('+ACK');

interface Slot {
  readonly subscription: Subscription;
  readonly inbox: string;
  /** Messages the open request may still bring; 0: no request is open. */
  open: number;
}

export class BatchConsumer {
  readonly #nc: NatsConnection;
  readonly #jsm: JetStreamManager;
  readonly #options: ConsumerOptions;
  readonly #pullMessages: number;
  readonly #pullBytes: number;
  readonly #owner = nuid.next();
  readonly #timer: NodeJS.Timeout;
  #name = '';
  #slots: Slot[] = [];
  #buffer: Msg[] = [];
  #bufferBytes = 0;
  /** Deliveries of the present incarnation of the consumer. */
  #received = 0;
  #incarnation = 0;
  #last: StreamPosition;
  #acked: StreamPosition;
  #waiting: { resolve: (batch: Batch | undefined) => void; reject: (error: unknown) => void } | undefined;
  #failure: StreamsError | undefined;
  #resyncing = false;
  #closed = false;
  #connected = true;
  #heardAt = Date.now();
  /** Set when a message larger than a request's bytes stands in the way: the next request asks for it alone. */
  #oversized = false;
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
    this.#pullMessages = Math.max(1, Math.floor((options.maxMessages ?? 2_000) / SLOTS));
    this.#pullBytes = Math.max(1, Math.floor((options.maxBytes ?? 16 * 1024 * 1024) / SLOTS));
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
    return { messages: this.#buffer.length, bytes: this.#bufferBytes };
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
    this.#dropSlots();
    this.#buffer = [];
    this.#bufferBytes = 0;
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
    if (this.#resyncing) return;
    let messages = this.#buffer;
    if (messages.length > 0) {
      const reply = messages[messages.length - 1]!.reply!;
      const delivery = parseDelivery(reply);
      if (delivery.consumerSeq !== this.#received) {
        this.#resync(`delivery ${delivery.consumerSeq} came as number ${this.#received}`);
        return;
      }
      this.#buffer = [];
      this.#bufferBytes = 0;
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

  /** Opens as many requests as the bounds allow. */
  #request(): void {
    if (this.#closed || this.#resyncing || !this.#connected || this.#failure !== undefined) return;
    for (const slot of this.#slots) {
      if (slot.open > 0) continue;
      if (!this.#roomForPull()) return;
      const alone = this.#oversized;
      if (alone && this.#slots.some((other) => other.open > 0)) return;
      slot.open = alone ? 1 : this.#pullMessages;
      const request = {
        batch: slot.open,
        expires: PULL_EXPIRES_MS * NANOS_PER_MS,
        idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
        ...(alone ? {} : { max_bytes: this.#pullBytes }),
      };
      this.#oversized = false;
      this.#nc.publish(
        `$JS.API.CONSUMER.MSG.NEXT.${this.#options.stream}.${this.#name}`,
        JSON.stringify(request),
        { reply: slot.inbox },
      );
      if (alone) return;
    }
  }

  /** Whether one more request keeps what is requested and what waits within the bounds. */
  #roomForPull(): boolean {
    let messages = this.#buffer.length;
    let bytes = this.#bufferBytes;
    for (const { open } of this.#slots) {
      messages += open;
      if (open > 0) bytes += this.#pullBytes;
    }
    return (
      messages + this.#pullMessages <= SLOTS * this.#pullMessages &&
      bytes + this.#pullBytes <= SLOTS * this.#pullBytes
    );
  }

  #onMessage(slot: Slot, msg: Msg): void {
    this.#heardAt = Date.now();
    // A status has no payload; a message may have none either, but then it has a delivery to acknowledge.
    if (msg.data.length === 0 && !msg.reply?.startsWith('$JS.ACK.')) {
      this.#onStatus(slot, msg);
      return;
    }
    slot.open--;
    this.#received++;
    this.#buffer.push(msg);
    this.#bufferBytes += msg.data.length;
    if (this.#waiting !== undefined && this.#buffer.length === 1) queueMicrotask(() => this.#deliver());
  }

  #onStatus(slot: Slot, msg: Msg): void {
    const code = msg.headers?.code ?? 0;
    const description = msg.headers?.description ?? '';
    if (code === 100) return;
    slot.open = 0;
    if (code === 409 && /exceeds maxbytes/i.test(description)) {
      this.#oversized = true;
      this.#request();
    } else if (code === 408 || code === 404 || (code === 409 && /batch completed/i.test(description))) {
      this.#request();
    } else {
      // Consumer deleted, leadership moved, server shutting down, no responder: look again.
      this.#resync(`${code} ${description}`);
    }
  }

  /** Messages of the stream that retention removed before they could be read; seen when reading (re)starts. */
  get expired(): number {
    return this.#expired;
  }

  /** Makes the server's consumer anew, after the last acknowledged message; what was handed out since is skipped. */
  async #incarnate(first: boolean): Promise<void> {
    const { stream, durable } = this.#options;
    this.#dropSlots();
    this.#buffer = [];
    this.#bufferBytes = 0;
    this.#received = 0;
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
    this.#heardAt = Date.now();
    this.#slots = Array.from({ length: SLOTS }, () => this.#openSlot());
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

  #openSlot(): Slot {
    const inbox = createInbox();
    const subscription = this.#nc.subscribe(inbox, {
      callback: (error, msg) => {
        if (error !== null) this.#fail(failed(this.#options.stream, error));
        else this.#onMessage(slot, msg);
      },
    });
    const slot: Slot = { subscription, inbox, open: 0 };
    return slot;
  }

  #dropSlots(): void {
    for (const { subscription } of this.#slots) subscription.unsubscribe();
    this.#slots = [];
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
    this.#dropSlots();
    this.#deliver();
  }

  #watchSilence(): void {
    if (this.#closed || !this.#connected || this.#resyncing) return;
    const waits = this.#slots.some((slot) => slot.open > 0);
    if (waits && Date.now() - this.#heardAt > SILENCE_MS) this.#resync('no heartbeat');
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
