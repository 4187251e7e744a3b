// What a pass reads: stored history alone, or, behind the beginning of the span, the session's own results in place of live's.
import type { BatchConsumer, RawMessage } from '#streams/consume.ts';
import { eventTimeOf } from '#streams/replay/index.ts';
import { patternOf, type SessionFeed, type Timed } from './feed.ts';

export interface Taken {
  readonly messages: readonly RawMessage[];
  /** Nothing follows. */
  readonly ended: boolean;
}

export interface PassInput {
  /** The next messages, in the order they are to be taken; undefined once closed. */
  next(): Promise<Taken | undefined>;
  /** The last stored message handed out, and whether more of them are read. */
  readonly readThrough: number;
  readonly reading: boolean;
  close(): Promise<void>;
}

export class StoredInput implements PassInput {
  readonly #consumer: BatchConsumer;
  #reading: boolean;

  constructor(consumer: BatchConsumer) {
    this.#consumer = consumer;
    this.#reading = consumer.pendingAtOpen > 0;
  }

  get readThrough(): number {
    return this.#consumer.last.seq;
  }

  get reading(): boolean {
    return this.#reading;
  }

  async next(): Promise<Taken | undefined> {
    if (!this.#reading) return { messages: [], ended: true };
    const batch = await this.#consumer.next();
    if (batch === undefined) return undefined;
    this.#reading = batch.pending > 0;
    return { messages: batch.messages, ended: !this.#reading };
  }

  close(): Promise<void> {
    return this.#consumer.close();
  }
}

export interface Joining {
  readonly live: BatchConsumer;
  /** Results of the session that are read in place of live's. */
  readonly feeds: readonly SessionFeed[];
  /** Subjects of those results. */
  readonly replaced: readonly string[];
  /** Whether something else is read of live all the same. */
  readonly others: boolean;
  /** Up to here everything is live's. */
  readonly fromMs: number;
  /** By how much live's results may be out of order, ms. */
  readonly outOfOrderMs: number;
}

/** Messages handed out at once at most. */
const MOST_AT_ONCE = 2_000;

/**
 * Live's results up to the beginning of the span; behind it those of the session that replace them, with what else is read
 * of live in between. Several are taken in order of event time, each by itself in the order it came; where two are due
 * at once, live first.
 */
export class JoinedInput implements PassInput {
  readonly #joining: Joining;
  readonly #replaced: readonly RegExp[];
  #live: Timed[] = [];
  #liveAt = 0;
  #reachedMs = Number.NEGATIVE_INFINITY;
  #reading: boolean;
  #closed = false;
  #wakeClosed: (() => void) | undefined;
  #fromSession = 0;
  #fromLive = 0;

  constructor(joining: Joining) {
    this.#joining = joining;
    this.#replaced = joining.replaced.map(patternOf);
    this.#reading = joining.live.pendingAtOpen > 0;
  }

  get readThrough(): number {
    return this.#joining.live.last.seq;
  }

  get reading(): boolean {
    return this.#reading;
  }

  /** Messages handed out so far, by where they are from. */
  get counts(): { readonly live: number; readonly session: number } {
    return { live: this.#fromLive, session: this.#fromSession };
  }

  async next(): Promise<Taken | undefined> {
    const messages: RawMessage[] = [];
    for (;;) {
      if (this.#closed) return undefined;
      if (this.#live.length === this.#liveAt && this.#reading) {
        // What is ready goes out before anything is waited for.
        if (messages.length > 0) return { messages, ended: false };
        if (!(await this.#readLive())) return undefined;
        continue;
      }
      const from = this.#nextFrom();
      if (from === 'nothing') return { messages, ended: true };
      if (from === 'wait') {
        if (messages.length > 0) return { messages, ended: false };
        await this.#change();
        continue;
      }
      if (from === 'live') {
        messages.push(this.#live[this.#liveAt++]!.message);
        this.#fromLive++;
      } else {
        messages.push(from.take().message);
        this.#fromSession++;
      }
      if (messages.length >= MOST_AT_ONCE) return { messages, ended: false };
    }
  }

  /** Whose message is due next, if that can be said already. */
  #nextFrom(): 'live' | SessionFeed | 'wait' | 'nothing' {
    const head = this.#live[this.#liveAt];
    let first: 'live' | SessionFeed | undefined = head === undefined ? undefined : 'live';
    let dueMs = head?.dueMs ?? Number.POSITIVE_INFINITY;
    // A feed without a message may still bring one that is due at this time or later.
    let openMs = Number.POSITIVE_INFINITY;
    for (const feed of this.#joining.feeds) {
      const of = feed.head;
      if (of === undefined) openMs = Math.min(openMs, feed.throughMs);
      else if (of.dueMs < dueMs) {
        first = feed;
        dueMs = of.dueMs;
      }
    }
    // Results of the session are behind the beginning of the span: what is live's before it waits for nobody.
    if (first === 'live' && dueMs <= this.#joining.fromMs) return first;
    if (openMs < dueMs) return 'wait';
    if (first !== undefined) return first;
    return openMs === Number.POSITIVE_INFINITY ? 'nothing' : 'wait';
  }

  async #readLive(): Promise<boolean> {
    const { live, fromMs, others, outOfOrderMs } = this.#joining;
    const batch = await live.next();
    if (batch === undefined) return false;
    this.#live = [];
    this.#liveAt = 0;
    for (const message of batch.messages) {
      const epochMs = timeOf(message);
      this.#reachedMs = Math.max(this.#reachedMs, epochMs);
      if (epochMs > fromMs && this.#isReplaced(message.subject)) continue;
      // The payload is a view that the next batch may overwrite, and this one may wait for the session.
      const kept = { subject: message.subject, data: message.data.slice() };
      this.#live.push({ message: kept, dueMs: this.#reachedMs, epochMs });
    }
    this.#reading = batch.pending > 0 && (others || this.#reachedMs <= fromMs + outOfOrderMs);
    return true;
  }

  #isReplaced(subject: string): boolean {
    return this.#replaced.some((pattern) => pattern.test(subject));
  }

  #change(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#wakeClosed = resolve;
    });
    return Promise.race([closed, ...this.#joining.feeds.map((feed) => feed.changed())]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wakeClosed?.();
    for (const feed of this.#joining.feeds) feed.abandon();
    await this.#joining.live.close();
  }
}

/** Event time of a stored result. */
function timeOf({ subject, data, headers }: RawMessage): number {
  const time = headers?.get('ce-time') ?? '';
  return eventTimeOf({ subject, payload: data, ...(time === '' ? {} : { headers: { 'ce-time': time } }) });
}
