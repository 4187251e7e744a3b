// The venues an installation knows: one GeoJSON document per `<org>.<venue>` in a JetStream key-value bucket, each change
// a new revision, written only over the revision its author has read.
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { messageOf, StreamsError } from './errors.ts';
import { token } from './subjects.ts';
import { BUCKET } from './topology.ts';

export interface VenueKey {
  readonly org: string;
  readonly venue: string;
}

export interface StoredVenue extends VenueKey {
  /** The document's text as it was stored; parse it with the venue model. */
  readonly document: string;
  /** Revision in the bucket: what `replace` takes. */
  readonly revision: number;
}

/** One revision of a venue, as it was stored. */
export interface VenueRevision extends VenueKey {
  readonly revision: number;
  /** When it was stored, by the server's clock: UTC epoch ms. At a centre: when it came there from its site. */
  readonly storedMs: number;
  /** The document's text; undefined: the venue was removed with this revision. */
  readonly document: string | undefined;
}

export interface VenueHistory {
  /** Oldest first. Empty where the venue never was. */
  readonly revisions: readonly VenueRevision[];
  /** False when the bucket may have forgotten revisions before the first of these: it keeps the last few of each venue. */
  readonly complete: boolean;
}

export class VenueStore {
  readonly #bucket: KV;

  private constructor(bucket: KV) {
    this.#bucket = bucket;
  }

  /** @throws StreamsError `stream-missing` when the bucket is not there */
  static async open(nc: NatsConnection): Promise<VenueStore> {
    try {
      const bucket = await new Kvm(nc).open(BUCKET.venues);
      await bucket.status();
      return new VenueStore(bucket);
    } catch (error) {
      throw new StreamsError(
        'stream-missing',
        `the bucket ${BUCKET.venues} cannot be opened: ${messageOf(error)}`,
        'run "tidewatch up" or apply the topology first',
        error,
      );
    }
  }

  /** Keys of all venues, sorted. */
  async keys(): Promise<VenueKey[]> {
    const keys: VenueKey[] = [];
    for await (const key of await this.#bucket.keys()) {
      const [org, venue] = key.split('.');
      if (org !== undefined && venue !== undefined) keys.push({ org, venue });
    }
    return keys.sort((a, b) => (`${a.org}.${a.venue}` < `${b.org}.${b.venue}` ? -1 : 1));
  }

  /** The newest revision, or undefined where there is none. */
  async get(key: VenueKey): Promise<StoredVenue | undefined> {
    const entry = await this.#bucket.get(keyText(key));
    if (entry === null || entry.operation !== 'PUT') return undefined;
    return { ...key, document: entry.string(), revision: entry.revision };
  }

  /** What the bucket still has of a venue, with when each revision was stored. */
  async history(key: VenueKey): Promise<VenueHistory> {
    const kept = (await this.#bucket.status()).history;
    // The iterator of a key that never was would wait for its first entry.
    if ((await this.#bucket.get(keyText(key))) === null) return { revisions: [], complete: true };
    const revisions: VenueRevision[] = [];
    let purged = false;
    for await (const entry of await this.#bucket.history({ key: keyText(key) })) {
      if (entry.operation === 'PURGE') purged = true;
      revisions.push({
        ...key,
        revision: entry.revision,
        storedMs: entry.created.getTime(),
        document: entry.operation === 'PUT' ? entry.string() : undefined,
      });
    }
    return { revisions, complete: revisions.length < kept && !purged };
  }

  /**
   * The venue as it was at `epochMs`: the newest revision stored by then; undefined where there was none yet, or it was removed.
   * Revisions bear the time of storing: of a recording that was taken before its venue was first stored, this knows nothing.
   * @throws StreamsError `venue-forgotten` when the revision of that time may have been and is kept no more
   */
  async asOf(key: VenueKey, epochMs: number): Promise<StoredVenue | undefined> {
    const { revisions, complete } = await this.history(key);
    const then = revisions.findLast(({ storedMs }) => storedMs <= epochMs);
    if (then === undefined && !complete) {
      const oldest = new Date(revisions[0]!.storedMs).toISOString();
      throw new StreamsError(
        'venue-forgotten',
        `venue ${key.org}/${key.venue} as it was on ${new Date(epochMs).toISOString()} is not kept: the oldest revision is of ${oldest}`,
        'name a revision of its history instead, or give the document yourself',
      );
    }
    if (then?.document === undefined) return undefined;
    return { ...key, document: then.document, revision: then.revision };
  }

  /**
   * Every venue that is there, then each that is stored later, until `stop` is called.
   * `onVenue` is called for one at a time.
   */
  async watch(
    onVenue: (venue: StoredVenue) => Promise<void> | void,
  ): Promise<{ stop: () => void; done: Promise<void> }> {
    const entries = await this.#bucket.watch();
    const follow = async (): Promise<void> => {
      for await (const entry of entries) {
        const [org, venue] = entry.key.split('.');
        if (entry.operation === 'PUT' && org !== undefined && venue !== undefined) {
          await onVenue({ org, venue, document: entry.string(), revision: entry.revision });
        }
      }
    };
    return { stop: () => entries.stop(), done: follow() };
  }

  /** Stores a venue that is not there yet; false when it is. */
  async create(key: VenueKey, document: string): Promise<boolean> {
    const before = await this.get(key);
    if (before !== undefined) return false;
    try {
      await this.#bucket.create(keyText(key), document);
      return true;
    } catch (error) {
      if ((await this.get(key)) !== undefined) return false;
      throw refused(key, error);
    }
  }

  /**
   * Stores a new revision over `revision`.
   * @throws StreamsError `publish-refused` when another one was stored in between
   */
  async replace(key: VenueKey, document: string, revision: number): Promise<number> {
    try {
      return await this.#bucket.update(keyText(key), document, revision);
    } catch (error) {
      throw refused(key, error);
    }
  }
}

function keyText(key: VenueKey): string {
  return `${token(key.org, 'organisation')}.${token(key.venue, 'venue')}`;
}

function refused(key: VenueKey, error: unknown): StreamsError {
  return new StreamsError(
    'publish-refused',
    `venue ${key.org}/${key.venue} was not stored: ${messageOf(error)}`,
    'read the venue again: somebody else may have changed it meanwhile',
    error,
  );
}
