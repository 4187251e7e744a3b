// Publishes into JetStream many at a time: its own acknowledgement inbox, bounded in messages and bytes in flight,
// each message repeated under its message id until the server has it. Order is kept across repeats: when one
// message has to be repeated, everything after it is repeated too, and the server drops what it already has.
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/nats-core';
import { createInbox, headers } from '@nats-io/nats-core';
import { messageOf, StreamsError } from './errors.ts';
import { AckReader } from './puback.ts';

export interface OutgoingMessage {
  readonly subject: string;
  /** The publisher owns these bytes from now on: do not write to them again. */
  readonly payload: Uint8Array;
  /** Stored once however often it is sent, within the stream's duplicate window. */
  readonly messageId: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PublisherOptions {
  /** Unacknowledged messages and bytes before publish() makes its caller wait. */
  readonly maxMessages?: number;
  readonly maxBytes?: number;
  /** Milliseconds without an acknowledgement until a message is repeated. */
  readonly ackTimeoutMs?: number;
  /** Times a message is sent while the server is reachable, before it is refused. Waiting for a server does not count. */
  readonly maxAttempts?: number;
  /**
   * Called once for each message that will never be stored. Without it the next publish() or flush() throws
   * the error instead: a refusal is never silent.
   */
  readonly onRefused?: (message: OutgoingMessage, error: StreamsError) => void;
}

export interface PublisherCounts {
  readonly published: number;
  readonly acked: number;
  /** Acknowledged as already stored. */
  readonly duplicates: number;
  /** Sendings beyond the first of a message. */
  readonly retried: number;
  readonly refused: number;
  readonly inFlight: number;
  readonly inFlightBytes: number;
}

/** Where the newest acknowledged message of a stream lies. */
export interface AckedPosition {
  readonly seq: number;
  readonly messageId: string;
}

interface InFlight {
  readonly id: number;
  readonly message: OutgoingMessage;
  readonly encoded: MsgHdrs;
  readonly bytes: number;
  sentAt: number;
  attempts: number;
}

const RETRY_PAUSE_MS = 50;
const RETRY_PAUSE_MAX_MS = 1_000;
/** Headers and protocol around a payload, for the size check. */
const OVERHEAD_BYTES = 512;

export class Publisher {
  readonly #nc: NatsConnection;
  readonly #options: Required<Omit<PublisherOptions, 'onRefused'>> & Pick<PublisherOptions, 'onRefused'>;
  readonly #inbox: string;
  readonly #acks: Subscription;
  readonly #reader = new AckReader();
  /** Insertion order is sending order: ids only grow. */
  readonly #inFlight = new Map<number, InFlight>();
  readonly #acked = new Map<string, AckedPosition>();
  readonly #timer: NodeJS.Timeout;
  #space: Array<{ resolve: () => void; reject: (error: StreamsError) => void }> = [];
  #barriers: Array<{ upTo: number; resolve: () => void; reject: (error: StreamsError) => void }> = [];
  #nextId = 1;
  #bytes = 0;
  #connected = true;
  /** Set while a repeat is due: new messages queue behind it instead of overtaking. */
  #resendAt: number | undefined;
  #resendCounts = true;
  #failure: StreamsError | undefined;
  #closed = false;
  #counts = { published: 0, acked: 0, duplicates: 0, retried: 0, refused: 0 };

  constructor(nc: NatsConnection, options: PublisherOptions = {}) {
    this.#nc = nc;
    this.#options = {
      maxMessages: options.maxMessages ?? 1024,
      maxBytes: options.maxBytes ?? 16 * 1024 * 1024,
      ackTimeoutMs: options.ackTimeoutMs ?? 5_000,
      maxAttempts: options.maxAttempts ?? 20,
      ...(options.onRefused ? { onRefused: options.onRefused } : {}),
    };
    this.#inbox = createInbox();
    this.#acks = nc.subscribe(`${this.#inbox}.*`, { callback: (error, msg) => this.#onAck(error, msg) });
    this.#timer = setInterval(() => this.#tick(), 50);
    this.#timer.unref();
    void this.#watchConnection();
  }

  get counts(): PublisherCounts {
    return { ...this.#counts, inFlight: this.#inFlight.size, inFlightBytes: this.#bytes };
  }

  /** Message ids not acknowledged yet, in the order they were published. */
  inFlightIds(): string[] {
    return Array.from(this.#inFlight.values(), ({ message }) => message.messageId);
  }

  /** Newest acknowledged position per stream. */
  get acked(): ReadonlyMap<string, AckedPosition> {
    return this.#acked;
  }

  /**
   * Sends a message. Returns a promise only when the bound is reached: await it before publishing more.
   * @throws StreamsError `publish-too-large` (this message; the publisher goes on), `publish-refused` or
   *   `publish-timeout` (an earlier one, without onRefused), `publisher-closed`
   */
  publish(message: OutgoingMessage): Promise<void> | undefined {
    this.#throwFailure();
    if (this.#closed) throw closedError();
    const limit = this.#nc.info?.max_payload ?? 1024 * 1024;
    if (message.payload.byteLength + OVERHEAD_BYTES > limit) {
      throw new StreamsError(
        'publish-too-large',
        `a message of ${message.payload.byteLength} bytes for ${message.subject} exceeds the server's ${limit}`,
        'send smaller messages or raise max_payload of the server',
      );
    }
    const encoded = headers();
    encoded.set('Nats-Msg-Id', message.messageId);
    if (message.headers !== undefined) {
      for (const name in message.headers) encoded.set(name, message.headers[name]!);
    }
    const id = this.#nextId++;
    const bytes = message.payload.byteLength + OVERHEAD_BYTES;
    const entry: InFlight = { id, message, encoded, bytes, sentAt: 0, attempts: 0 };
    this.#inFlight.set(id, entry);
    this.#bytes += bytes;
    this.#counts.published++;
    // A repeat that is due sends everything in order; overtaking it would store this one first.
    if (this.#connected && this.#resendAt === undefined) this.#send(entry, Date.now(), true);
    if (!this.#full()) return undefined;
    return new Promise<void>((resolve, reject) => this.#space.push({ resolve, reject }));
  }

  /**
   * Resolves when everything published before this call is stored (or was refused through onRefused).
   * @throws StreamsError as publish()
   */
  flush(): Promise<void> {
    try {
      this.#throwFailure();
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise<void>((resolve, reject) =>
      this.#barriers.push({ upTo: this.#nextId - 1, resolve, reject }),
    );
  }

  /** Flushes and stops. The connection stays open. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.abandon();
    }
  }

  /** Stops at once; what is in flight may or may not be stored. Waiting callers get `publisher-closed`. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#acks.unsubscribe();
    const waiting = [...this.#space, ...this.#barriers];
    this.#space = [];
    this.#barriers = [];
    for (const { reject } of waiting) reject(closedError());
  }

  #full(): boolean {
    return this.#inFlight.size >= this.#options.maxMessages || this.#bytes >= this.#options.maxBytes;
  }

  #send(entry: InFlight, now: number, counts: boolean): void {
    if (entry.sentAt !== 0) this.#counts.retried++;
    if (counts) entry.attempts++;
    entry.sentAt = now;
    try {
      this.#nc.publish(entry.message.subject, entry.message.payload, {
        reply: `${this.#inbox}.${entry.id}`,
        headers: entry.encoded,
      });
    } catch (error) {
      this.#refuse(
        entry,
        new StreamsError(
          'publish-refused',
          `cannot send to ${entry.message.subject}: ${messageOf(error)}`,
          'check the subject, the size and that the connection is open',
          error,
        ),
      );
    }
  }

  #onAck(error: Error | null, msg: Msg): void {
    if (error !== null) {
      this.#fail(new StreamsError('publish-refused', messageOf(error), 'check permissions on _INBOX', error));
      return;
    }
    const entry = this.#inFlight.get(Number(msg.subject.slice(this.#inbox.length + 1)));
    if (entry === undefined) return; // the acknowledgement of a repeat that was not needed
    if (msg.data.length === 0) {
      // 503: nobody stores this subject now; the server may still be starting.
      this.#repeatLater(entry, `no stream stores ${entry.message.subject}`);
      return;
    }
    const ack = this.#reader.read(msg.data);
    if ('error' in ack) {
      const { code, description, errCode } = ack.error;
      if (code >= 500) this.#repeatLater(entry, `${description} (${errCode})`);
      else {
        this.#refuse(
          entry,
          new StreamsError(
            'publish-refused',
            `the server refuses a message for ${entry.message.subject}: ${description} (${errCode})`,
            'correct the message, or the limits of its stream',
          ),
        );
      }
      return;
    }
    this.#counts.acked++;
    if (ack.duplicate) this.#counts.duplicates++;
    const newest = this.#acked.get(ack.stream);
    // The sequence of a duplicate is the stored one's: still a place where the stream has this message.
    if (newest === undefined || ack.seq > newest.seq) {
      this.#acked.set(ack.stream, { seq: ack.seq, messageId: entry.message.messageId });
    }
    this.#settle(entry);
  }

  #settle(entry: InFlight): void {
    this.#inFlight.delete(entry.id);
    this.#bytes -= entry.bytes;
    // Woken at half, so that a waiting caller sends a run of messages and not one per acknowledgement.
    const { maxMessages, maxBytes } = this.#options;
    if (this.#space.length > 0 && this.#inFlight.size <= maxMessages / 2 && this.#bytes <= maxBytes / 2) {
      const waiting = this.#space;
      this.#space = [];
      for (const { resolve } of waiting) resolve();
    }
    if (this.#barriers.length > 0) this.#releaseBarriers();
  }

  #releaseBarriers(): void {
    const oldest = this.#inFlight.keys().next();
    const settledBelow = oldest.done ? Number.POSITIVE_INFINITY : oldest.value;
    while (this.#barriers.length > 0 && this.#barriers[0]!.upTo < settledBelow)
      this.#barriers.shift()!.resolve();
  }

  #repeatLater(entry: InFlight, why: string): void {
    if (entry.attempts >= this.#options.maxAttempts) {
      this.#refuse(
        entry,
        new StreamsError(
          'publish-timeout',
          `not stored after ${entry.attempts} attempts: ${why}`,
          'run "tidewatch doctor": the stream may be missing, full, or without a leader',
        ),
      );
      return;
    }
    this.#resendAt ??= Date.now() + Math.min(RETRY_PAUSE_MS * 2 ** entry.attempts, RETRY_PAUSE_MAX_MS);
  }

  #refuse(entry: InFlight, error: StreamsError): void {
    if (!this.#inFlight.has(entry.id)) return;
    this.#counts.refused++;
    if (this.#options.onRefused === undefined) this.#fail(error);
    else this.#options.onRefused(entry.message, error);
    this.#settle(entry);
  }

  /** Remembers the first failure for the next caller and gives it to those who wait. */
  #fail(error: StreamsError): void {
    const waiting = [...this.#space, ...this.#barriers];
    this.#space = [];
    this.#barriers = [];
    if (waiting.length === 0) this.#failure ??= error;
    for (const { reject } of waiting) reject(error);
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
    throw failure;
  }

  #tick(): void {
    if (!this.#connected || this.#inFlight.size === 0) return;
    const now = Date.now();
    if (this.#resendAt === undefined) {
      const oldest: InFlight = this.#inFlight.values().next().value!;
      if (now - oldest.sentAt >= this.#options.ackTimeoutMs) {
        this.#repeatLater(oldest, `no acknowledgement within ${this.#options.ackTimeoutMs} ms`);
      }
    }
    if (this.#resendAt !== undefined && now >= this.#resendAt) this.#resend(now, this.#resendCounts);
  }

  #resend(now: number, counts: boolean): void {
    this.#resendAt = undefined;
    this.#resendCounts = true;
    for (const entry of [...this.#inFlight.values()]) this.#send(entry, now, counts);
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (this.#closed) return;
      if (status.type === 'disconnect') {
        this.#connected = false;
      } else if (status.type === 'reconnect') {
        this.#connected = true;
        this.#resendCounts = false;
        this.#resendAt = Date.now();
      } else if (status.type === 'close') {
        this.#fail(closedError());
        this.abandon();
        return;
      }
    }
  }
}

function closedError(): StreamsError {
  return new StreamsError(
    'publisher-closed',
    'the publisher is closed',
    'open a new one on an open connection',
  );
}
