// Everything a stream holds under some subjects, in order: for comparing what a run has left behind.

import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { BatchConsumer } from '#streams/consume.ts';

export interface StoredMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly messageId: string;
}

export async function readStream(
  nc: NatsConnection,
  stream: string,
  filters: readonly string[] = [],
): Promise<StoredMessage[]> {
  const jsm = await jetstreamManager(nc);
  const info = await jsm.streams.info(stream, { subjects_filter: '>' });
  const stored: StoredMessage[] = [];
  if (info.state.messages === 0) return stored;
  const consumer = await BatchConsumer.open(nc, jsm, { stream, filters, start: 'first' });
  try {
    for (;;) {
      // Nothing may be stored under these filters: then there is no batch to wait for.
      const batch = await Promise.race([consumer.next(), pause(stored.length === 0 ? 2_000 : 10_000)]);
      if (batch === undefined) return stored;
      for (const { subject, data, headers } of batch.messages) {
        stored.push({ subject, payload: data.slice(), messageId: headers?.get('Nats-Msg-Id') ?? '' });
      }
      if (batch.pending === 0) return stored;
    }
  } finally {
    await consumer.close();
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
