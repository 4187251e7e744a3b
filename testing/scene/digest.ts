// What a stream holds, small enough to compare whole runs: id and hash of each message, in order.
import { createHash } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { BatchConsumer } from '#streams/consume.ts';

export interface Digest {
  readonly messageId: string;
  readonly subject: string;
  /** Of subject and payload. */
  readonly hash: string;
}

/** Every message of `stream` under `filters`, in stored order. */
export async function digestOf(
  nc: NatsConnection,
  jsm: JetStreamManager,
  stream: string,
  filters: readonly string[] = [],
): Promise<Digest[]> {
  const reader = await BatchConsumer.open(nc, jsm, { stream, filters, start: 'first' });
  const digests: Digest[] = [];
  try {
    while (digests.length < reader.pendingAtOpen) {
      const batch = await reader.next();
      if (batch === undefined) throw new Error(`reading ${stream} stopped after ${digests.length} messages`);
      for (const { subject, data, headers } of batch.messages) {
        const hash = createHash('sha1').update(subject).update('\n').update(data).digest('base64');
        digests.push({ messageId: headers?.get('Nats-Msg-Id') ?? '', subject, hash });
      }
    }
    return digests;
  } finally {
    await reader.close();
  }
}

export interface Comparison {
  readonly compared: number;
  /** In the wanted stream and not in the other. */
  readonly missing: number;
  /** In the other stream and not wanted. */
  readonly extra: number;
  /** Under the same id with other bytes. */
  readonly different: number;
  /** Ids stored more than once in the other stream. */
  readonly duplicates: number;
  /**
   * Messages at another place among those of their subject. The order between subjects may depend on how the input was cut
   * into batches; what a reader of one zone sees may not. Notices of late frames are reports of their own without an order.
   */
  readonly outOfPlace: number;
  /** A few ids of what is wrong. */
  readonly examples: readonly string[];
}

export function compareDigests(wanted: readonly Digest[], got: readonly Digest[]): Comparison {
  const hashes = new Map(wanted.map(({ messageId, hash }) => [messageId, hash]));
  const seen = new Set<string>();
  const examples: string[] = [];
  const note = (what: string, id: string): void => {
    if (examples.length < 10) examples.push(`${what} ${id}`);
  };
  let [extra, different, duplicates, missing, outOfPlace] = [0, 0, 0, 0, 0];
  const wantedBySubject = bySubject(wanted);
  const places = new Map<string, number>();
  for (const { messageId, subject, hash } of got) {
    if (seen.has(messageId)) {
      duplicates++;
      note('twice', messageId);
      continue;
    }
    seen.add(messageId);
    const want = hashes.get(messageId);
    if (want === undefined) {
      extra++;
      note('extra', messageId);
    } else if (want !== hash) {
      different++;
      note('different', messageId);
    }
    const place = places.get(subject) ?? 0;
    places.set(subject, place + 1);
    if (!subject.startsWith('late.') && wantedBySubject.get(subject)?.[place] !== messageId) {
      outOfPlace++;
      note('out of place', messageId);
    }
  }
  for (const { messageId } of wanted) {
    if (seen.has(messageId)) continue;
    missing++;
    note('missing', messageId);
  }
  return { compared: wanted.length, missing, extra, different, duplicates, outOfPlace, examples };
}

/** Message ids of each subject, in order. */
function bySubject(digests: readonly Digest[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { subject, messageId } of digests) {
    const those = ids.get(subject);
    if (those === undefined) ids.set(subject, [messageId]);
    else those.push(messageId);
  }
  return ids;
}

/** Whether two streams hold the same messages, each once; in the same order unless `anyOrder`. */
export function isEqual(comparison: Comparison, anyOrder = false): boolean {
  const { missing, extra, different, duplicates, outOfPlace } = comparison;
  return missing + extra + different + duplicates === 0 && (anyOrder || outOfPlace === 0);
}
