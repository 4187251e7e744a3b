// Checkpoints of a partition: its state, the input position it stands for, and how far its outputs were stored, written as
// one. The last few generations are kept, because a server that lost its newest messages makes the newest ones unusable.
//
// The state is cut into chunks under keys of their own; a manifest names them with their hashes and is written last, on
// condition that nobody else wrote it (that fences a process that was replaced). A chunk that did not change since the
// generation before is not written again. Keys are reused, never deleted, so the bucket does not grow.
import { type JetStreamManager, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { z } from 'zod';
import { messageOf, StreamsError } from '#streams/errors.ts';
import { isTransient, patiently } from '#streams/patience.ts';
import { BUCKET } from '#streams/topology.ts';

const MANIFEST_FORMAT = 1;
export const CHUNK_BYTES = 128 * 1024;
const KEPT_GENERATIONS = 4;
const PARALLEL = 16;
/** 8 MiB on the way at once. */
const CHUNKS_PER_READ = 64;

const position = z.object({ seq: z.number().int().nonnegative(), timeNs: z.string() });
const outputPosition = z.object({
  stream: z.string(),
  /** Outputs of inputs behind the checkpoint are all behind this sequence. */
  after: z.number().int().nonnegative(),
  /** Newest output known to be stored; null when there was none. The server must still have it. */
  through: z.object({ seq: z.number().int().positive(), messageId: z.string() }).nullable(),
});
const generation = z.object({
  generation: z.number().int().positive(),
  stateVersion: z.number().int(),
  input: position,
  outputs: z.array(outputPosition),
  /** Outputs of inputs before the checkpoint that were stored while it was written, maybe behind `after`. */
  unacknowledged: z.array(z.string()),
  bytes: z.number().int().nonnegative(),
  /** Key suffix and hash of each chunk, in order. */
  chunks: z.array(z.tuple([z.string(), z.string()])),
});
const manifest = z.object({
  format: z.literal(MANIFEST_FORMAT),
  /** Counts the processes that have run this partition. */
  epoch: z.number().int().nonnegative(),
  /** Newest first. */
  generations: z.array(generation),
});

export type OutputPosition = z.infer<typeof outputPosition>;
export type Generation = z.infer<typeof generation>;
type Manifest = z.infer<typeof manifest>;

/** What a checkpoint says besides the state. */
export type CheckpointHead = Pick<Generation, 'stateVersion' | 'input' | 'outputs' | 'unacknowledged'>;

export interface CheckpointWrite {
  readonly generation: number;
  readonly bytes: number;
  /** Bytes of the chunks that had changed. */
  readonly writtenBytes: number;
}

export class CheckpointStore {
  readonly #kv: KV;
  readonly #jsm: JetStreamManager;
  readonly #key: string;
  #manifest: Manifest;
  #revision: number;

  private constructor(kv: KV, jsm: JetStreamManager, key: string, current: Manifest, revision: number) {
    this.#kv = kv;
    this.#jsm = jsm;
    this.#key = key;
    this.#manifest = current;
    this.#revision = revision;
  }

  /**
   * Opens the checkpoints of `<processor>.<partition>` and claims them: a process that had them open before can no longer write.
   * @throws StreamsError `checkpoint-refused` when what is stored cannot be read, `checkpoint-conflict`
   */
  static async open(
    nc: NatsConnection,
    jsm: JetStreamManager,
    processor: string,
    partition: string,
  ): Promise<CheckpointStore> {
    const kv = await new Kvm(jetstream(nc)).open(BUCKET.checkpoints);
    const key = `${processor}.${partition}`;
    const entry = await kv.get(key);
    let stored: Manifest = { format: MANIFEST_FORMAT, epoch: 0, generations: [] };
    if (entry !== null && entry.operation === 'PUT') {
      try {
        stored = manifest.parse(entry.json());
      } catch (error) {
        throw new StreamsError(
          'checkpoint-refused',
          `the checkpoint manifest of ${key} is not of format ${MANIFEST_FORMAT}: ${messageOf(error)}`,
          `run the version that wrote it, or remove key ${key} from the bucket to compute from the stored input`,
          error,
        );
      }
    }
    const store = new CheckpointStore(kv, jsm, key, stored, entry?.revision ?? 0);
    await store.#put({ ...stored, epoch: stored.epoch + 1 });
    return store;
  }

  get #stream(): string {
    return `KV_${BUCKET.checkpoints}`;
  }

  get #subject(): string {
    return `$KV.${BUCKET.checkpoints}.${this.#key}`;
  }

  /** What can be restored, newest first. */
  get generations(): readonly Generation[] {
    return this.#manifest.generations;
  }

  /**
   * The state of a generation, or undefined when a chunk is missing or is not what was written (the server lost it).
   */
  async read(of: Generation): Promise<Uint8Array | undefined> {
    const state = new Uint8Array(of.bytes);
    const wanted = new Map(of.chunks.map(([suffix, hash], i) => [`${this.#subject}.${suffix}`, { hash, i }]));
    const groups: string[][] = [];
    for (const subject of wanted.keys()) {
      if (groups.length === 0 || groups.at(-1)!.length === CHUNKS_PER_READ) groups.push([]);
      groups.at(-1)!.push(subject);
    }
    for (const group of groups) {
      // One request for many chunks: asking for each alone takes several times as long.
      for await (const message of await this.#jsm.direct.getLastMessagesFor(this.#stream, {
        multi_last: group,
      })) {
        const chunk = wanted.get(message.subject);
        if (chunk === undefined) continue;
        const at = chunk.i * CHUNK_BYTES;
        const size = Math.min(CHUNK_BYTES, of.bytes - at);
        if (message.data.byteLength !== size || (await hashOf(message.data)) !== chunk.hash) return undefined;
        state.set(message.data, at);
        wanted.delete(message.subject);
      }
    }
    return wanted.size === 0 ? state : undefined;
  }

  /**
   * Writes the next generation and forgets the oldest.
   * @throws StreamsError `checkpoint-conflict` when another process has claimed the partition since
   */
  async write(head: CheckpointHead, state: Uint8Array): Promise<CheckpointWrite> {
    const { generations, epoch } = this.#manifest;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < state.byteLength; at += CHUNK_BYTES)
      pieces.push(state.subarray(at, at + CHUNK_BYTES));
    let writtenBytes = 0;
    const chunks: Array<[string, string]> = pieces.map(() => ['', '']);
    await inParallel(pieces, async (piece, i) => {
      const hash = await hashOf(piece);
      const same = generations[0]?.chunks[i];
      if (same !== undefined && same[1] === hash) {
        chunks[i] = same;
        return;
      }
      const used = new Set(generations.map((one) => one.chunks[i]?.[0]));
      // Two key spaces in turn: a replaced process that is still writing cannot touch its successor's chunks.
      const prefix = `c${epoch % 2}-${i}`;
      let slot = 0;
      while (used.has(`${prefix}-${slot}`)) slot++;
      const suffix = `${prefix}-${slot}`;
      await patiently('writing a checkpoint', () => this.#kv.put(`${this.#key}.${suffix}`, piece));
      writtenBytes += piece.byteLength;
      chunks[i] = [suffix, hash];
    });
    const next: Generation = {
      ...head,
      input: { seq: head.input.seq, timeNs: head.input.timeNs },
      generation: (generations[0]?.generation ?? 0) + 1,
      bytes: state.byteLength,
      chunks,
    };
    await this.#put({ ...this.#manifest, generations: [next, ...generations].slice(0, KEPT_GENERATIONS) });
    return { generation: next.generation, bytes: state.byteLength, writtenBytes };
  }

  /** Forgets generations that turned out not to fit what the server has. */
  async forgetNewerThan(kept: Generation | undefined): Promise<void> {
    const generations = this.#manifest.generations.filter((one) => kept && one.generation <= kept.generation);
    if (generations.length !== this.#manifest.generations.length)
      await this.#put({ ...this.#manifest, generations });
  }

  async #put(next: Manifest): Promise<void> {
    const text = JSON.stringify(next);
    this.#revision = await patiently('writing a checkpoint', () => this.#putOnce(text));
    this.#manifest = next;
  }

  async #putOnce(text: string): Promise<number> {
    try {
      if (this.#revision === 0) return await this.#kv.create(this.#key, text);
      return await this.#kv.update(this.#key, text, this.#revision);
    } catch (error) {
      if (isTransient(error)) throw error;
      const entry = await this.#kv.get(this.#key);
      // Our own write, repeated because its acknowledgement was lost, is not a conflict.
      if (entry !== null && entry.string() === text) return entry.revision;
      throw new StreamsError(
        'checkpoint-conflict',
        `the checkpoint of ${this.#key} cannot be written: ${messageOf(error)}`,
        'run one instance of a processor per partition; this one stops',
        error,
      );
    }
  }
}

/** 128 bits of SHA-256, computed outside the main thread. */
async function hashOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes));
  return Buffer.from(digest, 0, 16).toString('base64url');
}

async function inParallel<T>(
  items: readonly T[],
  work: (item: T, i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) await work(items[i]!, i);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
}
