// The pull requests of one incarnation of a server's consumer: a few are open in turn, so that data arrives while a batch is
// worked on, bounded in messages and bytes together with what has arrived and was not taken.
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import { createInbox } from '@nats-io/nats-core';

const NANOS_PER_MS = 1_000_000;
/** Requests open in turn. */
const SLOTS = 4;
const PULL_EXPIRES_MS = 30_000;
export const HEARTBEAT_MS = 2_000;

interface Slot {
  readonly subscription: Subscription;
  readonly inbox: string;
  /** Messages the open request may still bring; 0: no request is open. */
  open: number;
}

export interface PullParts {
  readonly nc: NatsConnection;
  readonly stream: string;
  /** Of the server's consumer. */
  readonly consumer: string;
  /** Bounds of what is requested and what waits to be taken. */
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** The first message since take() has arrived. */
  readonly onArrival: () => void;
  /** A request has ended in the ordinary way: request() may open another. */
  readonly onEnded: () => void;
  /** The server's consumer has to be looked at: deleted, moved, shutting down. */
  readonly onTrouble: (why: string) => void;
  readonly onError: (error: Error) => void;
}

export class PullRequests {
  readonly #parts: PullParts;
  readonly #messagesEach: number;
  readonly #bytesEach: number;
  readonly #slots: Slot[];
  #buffer: Msg[] = [];
  #bufferBytes = 0;
  #received = 0;
  #heardAt = Date.now();
  /** Set when a message larger than a request's bytes stands in the way: the next request asks for it alone. */
  #oversized = false;

  constructor(parts: PullParts) {
    this.#parts = parts;
    this.#messagesEach = Math.max(1, Math.floor(parts.maxMessages / SLOTS));
    this.#bytesEach = Math.max(1, Math.floor(parts.maxBytes / SLOTS));
    this.#slots = Array.from({ length: SLOTS }, () => this.#openSlot());
  }

  /** Deliveries so far, taken or not. */
  get received(): number {
    return this.#received;
  }

  /** Messages and bytes that have arrived and wait to be taken. */
  get buffered(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#buffer.length, bytes: this.#bufferBytes };
  }

  /** When the server last said anything, epoch ms. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Whether an answer is due: data, or a heartbeat. */
  get waits(): boolean {
    return this.#slots.some(({ open }) => open > 0);
  }

  /** What has arrived, in order. */
  get arrived(): readonly Msg[] {
    return this.#buffer;
  }

  /** Makes room for as much as has arrived. */
  take(): readonly Msg[] {
    const taken = this.#buffer;
    this.#buffer = [];
    this.#bufferBytes = 0;
    return taken;
  }

  /** Opens as many requests as the bounds allow. */
  request(): void {
    for (const slot of this.#slots) {
      if (slot.open > 0) continue;
      if (!this.#roomForOne()) return;
      const alone = this.#oversized;
      if (alone && this.waits) return;
      slot.open = alone ? 1 : this.#messagesEach;
      const request = {
        batch: slot.open,
        expires: PULL_EXPIRES_MS * NANOS_PER_MS,
        idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
        ...(alone ? {} : { max_bytes: this.#bytesEach }),
      };
      this.#oversized = false;
      const { nc, stream, consumer } = this.#parts;
      nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), {
        reply: slot.inbox,
      });
      if (alone) return;
    }
  }

  /** Hears nothing more, and forgets what was not taken. */
  drop(): void {
    for (const { subscription } of this.#slots) subscription.unsubscribe();
    this.#slots.length = 0;
    this.take();
  }

  /** Whether one more request keeps what is requested and what waits within the bounds. */
  #roomForOne(): boolean {
    let messages = this.#buffer.length;
    let bytes = this.#bufferBytes;
    for (const { open } of this.#slots) {
      messages += open;
      if (open > 0) bytes += this.#bytesEach;
    }
    return (
      messages + this.#messagesEach <= SLOTS * this.#messagesEach &&
      bytes + this.#bytesEach <= SLOTS * this.#bytesEach
    );
  }

  #openSlot(): Slot {
    const inbox = createInbox();
    const subscription = this.#parts.nc.subscribe(inbox, {
      callback: (error, msg) => {
        if (error !== null) this.#parts.onError(error);
        else this.#onMessage(slot, msg);
      },
    });
    const slot: Slot = { subscription, inbox, open: 0 };
    return slot;
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
    if (this.#buffer.length === 1) this.#parts.onArrival();
  }

  #onStatus(slot: Slot, msg: Msg): void {
    const code = msg.headers?.code ?? 0;
    const description = msg.headers?.description ?? '';
    if (code === 100) return;
    slot.open = 0;
    if (code === 409 && /exceeds maxbytes/i.test(description)) {
      this.#oversized = true;
      this.#parts.onEnded();
    } else if (code === 408 || code === 404 || (code === 409 && /batch completed/i.test(description))) {
      this.#parts.onEnded();
    } else {
      // Consumer deleted, leadership moved, server shutting down, no responder: look again.
      this.#parts.onTrouble(`${code} ${description}`);
    }
  }
}
