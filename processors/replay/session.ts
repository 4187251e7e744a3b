// A replay's session: its own subjects in a stream of their own, who may write there, and what it says of itself.
import type { JetStreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nuid } from '@nats-io/nats-core';
import type { Output } from '#processors/runtime/index.ts';
import { idsAfter } from '#processors/runtime/recovery.ts';
import { messageOf, StreamsError } from '#streams/errors.ts';
import { Publisher } from '#streams/publish.ts';
import {
  type ReplayStatus,
  replayFilter,
  replayStatusSubject,
  replaySubject,
} from '#streams/replay/index.ts';
import { STREAM } from '#streams/topology.ts';
import { ReplayError } from './errors.ts';

const encoder = new TextEncoder();
/** Unacknowledged results: enough to keep the server busy, bounded in bytes by the publisher. */
const IN_FLIGHT = 4_096;

export type SessionStatus = Omit<ReplayStatus, 'session'>;

/** What a helping thread needs to publish in the same session. */
export interface SessionKey {
  readonly name: string;
  /**
   * Begins the message ids of this run alone: the server drops a message whose id it has seen, also of a session that
   * was cleared since.
   */
  readonly idPrefix: string;
  /** Its messages lie behind this sequence. */
  readonly after: number;
}

/** The same session for another writer, with ids of its own. */
export function otherWriter(key: SessionKey): SessionKey {
  return { ...key, idPrefix: `replay|${nuid.next()}|` };
}

export class ReplaySession {
  readonly key: SessionKey;
  readonly #nc: NatsConnection;
  readonly #jsm: JetStreamManager;
  readonly #publisher: Publisher;
  readonly #prefix: string;
  #already: ReadonlyMap<string, number> = new Map();
  #said = 0;
  #results = 0;

  private constructor(nc: NatsConnection, jsm: JetStreamManager, key: SessionKey) {
    this.key = key;
    this.#nc = nc;
    this.#jsm = jsm;
    this.#prefix = replaySubject(key.name, '');
    this.#publisher = new Publisher(nc, { maxMessages: IN_FLIGHT });
  }

  /**
   * Begins a session. `replace` clears what an earlier one of this name left.
   * @throws ReplayError `session-exists`; StreamsError `stream-missing`, `subject-invalid`
   */
  static async open(
    nc: NatsConnection,
    jsm: JetStreamManager,
    name: string,
    replace: boolean,
  ): Promise<ReplaySession> {
    const filter = replayFilter(name);
    let state: Awaited<ReturnType<typeof jsm.streams.info>>['state'];
    try {
      ({ state } = await jsm.streams.info(STREAM.replay, { subjects_filter: filter }));
    } catch (error) {
      throw new StreamsError(
        'stream-missing',
        `the stream of replays cannot be used: ${messageOf(error)}`,
        'run "tidewatch up" or apply the topology first',
        error,
      );
    }
    if (Object.keys(state.subjects ?? {}).length > 0) {
      if (!replace) {
        throw new ReplayError(
          'session-exists',
          `there are results of a session "${name}" already`,
          'choose another name, or replace it',
        );
      }
      await jsm.streams.purge(STREAM.replay, { filter });
    }
    return new ReplaySession(nc, jsm, { name, idPrefix: `replay|${nuid.next()}|`, after: state.last_seq });
  }

  /** Takes part in a session that another thread has begun. */
  static join(nc: NatsConnection, jsm: JetStreamManager, key: SessionKey): ReplaySession {
    return new ReplaySession(nc, jsm, key);
  }

  /** Publishes a result under the session. Returns a promise when the server is behind. */
  publish(output: Output): Promise<void> | undefined {
    const messageId = this.key.idPrefix + output.messageId;
    if (this.#already.has(messageId)) return undefined;
    this.#results++;
    return this.#publisher.publish({
      subject: this.#prefix + output.subject,
      payload: output.payload,
      messageId,
      ...(output.headers ? { headers: output.headers } : {}),
    });
  }

  say(status: SessionStatus): Promise<void> | undefined {
    return this.#publisher.publish({
      subject: replayStatusSubject(this.key.name),
      payload: encoder.encode(JSON.stringify({ session: this.key.name, ...status } satisfies ReplayStatus)),
      messageId: `${this.key.idPrefix}status|${this.#said++}`,
      headers: { 'content-type': 'application/json' },
    });
  }

  /** Everything so far is stored; what of it comes again is left out from now on. */
  async leaveOutStored(): Promise<void> {
    await this.#publisher.flush();
    const output = {
      stream: STREAM.replay,
      filters: [replayFilter(this.key.name)],
      idPrefix: this.key.idPrefix,
    };
    this.#already = (await idsAfter(this.#nc, this.#jsm, output, this.key.after)).ids;
  }

  /** Waits until everything is stored. */
  async close(): Promise<void> {
    await this.#publisher.close();
  }

  /** Ends at once after a failure. */
  abandon(): void {
    this.#publisher.abandon();
  }

  async #stored(): Promise<number> {
    const filter = replayFilter(this.key.name);
    const { state } = await this.#jsm.streams.info(STREAM.replay, { subjects_filter: filter });
    return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
  }

  /** Results published. */
  get results(): number {
    return this.#results;
  }

  /** Messages sent here, results and status. */
  get sent(): number {
    return this.#publisher.counts.published;
  }

  /** How many of the session's messages the stream has forgotten again, being full; `elsewhere` were sent by others. After close(). */
  async forgotten(elsewhere: number): Promise<number> {
    return Math.max(0, this.sent + elsewhere - (await this.#stored()));
  }
}

/** A name for a session nobody named. */
export function newSessionName(): string {
  return `r-${nuid.next().toLowerCase()}`;
}
