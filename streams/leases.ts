// Who works on what: leases in a JetStream key-value bucket. A lease is a key that expires by itself (message TTL) unless
// its holder renews it, and is written only over the revision its writer has seen: NATS itself decides who holds it.
// Work is not protected by the lease, only shared out by it; a holder that was replaced is fenced by its checkpoint.
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
} from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { messageOf, StreamsError } from './errors.ts';
import { isTransient } from './patience.ts';
import { token } from './subjects.ts';
import { BUCKET } from './topology.ts';

/** A lease not renewed for so long is free. The server counts whole seconds. */
export const LEASE_TTL_S = 3;
const TTL = `${LEASE_TTL_S}s`;
/** Answers later than this are too late to be of use. */
const ANSWER_MS = 1_000;
const WRONG_LAST_SEQUENCE = new Set([10071, 10164]);
const NO_MESSAGES = new Set([404, 10037]);

export interface LeaseView {
  /** Holder of each item that has one. */
  readonly holders: ReadonlyMap<string, string>;
  /** Workers that take part, sorted. */
  readonly workers: readonly string[];
}

export class Leases {
  readonly #kv: KV;
  readonly #js: JetStreamClient;
  readonly #jsm: JetStreamManager;
  readonly #group: string;
  readonly #self: string;
  /** Revision of each lease we hold. */
  readonly #held = new Map<string, number>();
  /** What is under way for an item; renewing and giving must not overtake each other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  private constructor(kv: KV, nc: NatsConnection, jsm: JetStreamManager, group: string, self: string) {
    this.#kv = kv;
    this.#js = jetstream(nc, { timeout: ANSWER_MS });
    this.#jsm = jsm;
    this.#group = token(group, 'group');
    this.#self = token(self, 'worker');
  }

  /**
   * @param group what is shared out, for example a processor's name
   * @param self unique among all workers, also of earlier ones
   * @throws StreamsError `stream-missing` when the bucket is not there
   */
  static async open(nc: NatsConnection, jsm: JetStreamManager, group: string, self: string): Promise<Leases> {
    try {
      const kv = await new Kvm(jetstream(nc, { timeout: ANSWER_MS })).open(BUCKET.leases);
      await kv.status();
      return new Leases(kv, nc, jsm, group, self);
    } catch (error) {
      throw new StreamsError(
        'stream-missing',
        `the bucket ${BUCKET.leases} cannot be opened: ${messageOf(error)}`,
        'run "tidewatch up" or apply the topology first',
        error,
      );
    }
  }

  get self(): string {
    return this.#self;
  }

  /** What we hold as far as we know. */
  get held(): readonly string[] {
    return [...this.#held.keys()];
  }

  /** Says that we take part, for LEASE_TTL_S; `leaving`: that we do not any more. */
  async announce(leaving = false): Promise<void> {
    await this.#js.publish(this.#subject('worker', this.#self), leaving ? 'leaving' : 'here', { ttl: TTL });
  }

  /** Who holds what and who takes part, in one request. It may be a moment old: taking decides, not looking. */
  async look(): Promise<LeaseView> {
    const holders = new Map<string, string>();
    const workers: string[] = [];
    try {
      const found = await this.#jsm.direct.getLastMessagesFor(`KV_${BUCKET.leases}`, {
        multi_last: [this.#subject('item', '*'), this.#subject('worker', '*')],
      });
      for await (const { subject, header, data } of found) {
        // What has expired or was given back leaves a marker behind.
        if (header.has('Nats-Marker-Reason') || header.has('KV-Operation')) continue;
        const [kind, name] = subject.split('.').slice(-2);
        const text = new TextDecoder().decode(data);
        if (kind === 'item') holders.set(name!, text);
        else if (text === 'here') workers.push(name!);
      }
    } catch (error) {
      if (
        !(
          error instanceof JetStreamApiError &&
          (NO_MESSAGES.has(error.code) || NO_MESSAGES.has(error.status))
        )
      )
        throw error;
    }
    return { holders, workers: workers.sort() };
  }

  /** Takes an item that nobody holds; false when somebody does. */
  take(item: string): Promise<boolean> {
    return this.#inTurn(item, () => this.#take(item));
  }

  async #take(item: string): Promise<boolean> {
    try {
      this.#held.set(item, await this.#kv.create(this.#key('item', item), this.#self, TTL));
      return true;
    } catch (error) {
      if (isConflict(error)) return this.#adopt(item);
      throw error;
    }
  }

  /**
   * Holds it for LEASE_TTL_S more. False: it is lost, and somebody else may have it. While the server is away nobody can take
   * it either, so an error says nothing about it: try again.
   */
  renew(item: string): Promise<boolean> {
    return this.#inTurn(item, () => this.#renew(item));
  }

  async #renew(item: string): Promise<boolean> {
    const revision = this.#held.get(item);
    if (revision === undefined) return false;
    try {
      const { seq } = await this.#js.publish(this.#subject('item', item), this.#self, {
        ttl: TTL,
        expect: { lastSubjectSequence: revision },
      });
      this.#held.set(item, seq);
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
      // An earlier renewal may have been stored although its answer was lost.
      if (await this.#adopt(item)) return true;
      this.#held.delete(item);
      return false;
    }
  }

  /** Lets go of it, for others to take at once. What we do not hold any more is left alone. */
  give(item: string): Promise<void> {
    return this.#inTurn(item, () => this.#give(item));
  }

  async #give(item: string): Promise<void> {
    const revision = this.#held.get(item);
    this.#held.delete(item);
    if (revision === undefined) return;
    try {
      await this.#kv.delete(this.#key('item', item), { previousSeq: revision });
    } catch (error) {
      // It then expires by itself.
      if (!isConflict(error) && !isTransient(error)) throw error;
    }
  }

  #inTurn<T>(item: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(item) ?? Promise.resolve()).then(work, work);
    this.#turns.set(item, turn);
    return turn;
  }

  /** When the lease is ours after all, remembers its revision. */
  async #adopt(item: string): Promise<boolean> {
    const entry = await this.#kv.get(this.#key('item', item));
    if (entry === null || entry.operation !== 'PUT' || entry.string() !== this.#self) return false;
    this.#held.set(item, entry.revision);
    return true;
  }

  #key(kind: 'item' | 'worker', name: string): string {
    return `${this.#group}.${kind}.${name}`;
  }

  #subject(kind: 'item' | 'worker', name: string): string {
    return `$KV.${BUCKET.leases}.${this.#key(kind, name)}`;
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code);
}
