import { jetstreamManager } from '@nats-io/jetstream';
import { lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '#testing/nats.ts';
import { apply } from './apply.ts';
import { batches } from './batches.ts';
import { connect } from './connect.ts';
import { type Batch, BatchConsumer } from './consume.ts';
import { parseDelivery } from './position.ts';
import { Publisher } from './publish.ts';
import { topology } from './topology.ts';

let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: Awaited<ReturnType<typeof connect>>;
let jsm: Awaited<ReturnType<typeof jetstreamManager>>;

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'consume-test' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
});
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

async function fill(subject: string, count: number, size = 0): Promise<void> {
  const publisher = new Publisher(nc);
  for (let i = 0; i < count; i++) {
    const payload = new Uint8Array(Math.max(4, size));
    new DataView(payload.buffer).setUint32(0, i);
    await publisher.publish({ subject, payload, messageId: `${subject}:${i}` });
  }
  await publisher.close();
}

const numbersIn = (batch: Batch) =>
  batch.messages.map(({ data }) => new DataView(data.buffer, data.byteOffset).getUint32(0));
const upTo = (count: number, from = 0) => Array.from({ length: count - from }, (_, i) => i + from);

async function take(consumer: BatchConsumer, count: number): Promise<{ numbers: number[]; last: Batch }> {
  const numbers: number[] = [];
  for (;;) {
    const batch = await consumer.next();
    if (batch === undefined) throw new Error('closed');
    numbers.push(...numbersIn(batch));
    if (numbers.length >= count) return { numbers, last: batch };
  }
}

describe('batch consumer', () => {
  it('gives everything once and in order while the server is killed, and stays within its bounds', async () => {
    const subject = 'obs.tracks.o.v.order';
    await fill(subject, 20_000);
    const consumer = await BatchConsumer.open(nc, jsm, {
      stream: 'OBS_TRACKS',
      filters: [subject],
      durable: 'order',
      start: 'first',
      maxMessages: 500,
    });
    const numbers: number[] = [];
    let killed: Promise<void> | undefined;
    while (numbers.length < 20_000) {
      const batch = (await consumer.next())!;
      numbers.push(...numbersIn(batch));
      expect(consumer.buffered.messages).toBeLessThanOrEqual(500);
      if (numbers.length % 3 === 0) consumer.ack(batch.last);
      if (numbers.length > 5_000 && killed === undefined)
        killed = server.kill9().then(() => server.restart());
    }
    await killed;
    expect(numbers).toEqual(upTo(20_000));
    expect(consumer.resyncs).toBeGreaterThan(0);
    await consumer.close();
  });

  it('goes on behind a given position, and where acknowledgements stopped', async () => {
    const subject = 'obs.tracks.o.v.resume';
    await fill(subject, 1_000);
    const options = { stream: 'OBS_TRACKS', filters: [subject], durable: 'resume' };
    const first = await BatchConsumer.open(nc, jsm, { ...options, start: 'first', maxMessages: 200 });
    const { last, numbers } = await take(first, 300);
    first.ack(last.last);
    await take(first, 200); // used but never acknowledged
    await nc.flush();
    await first.close();

    const resumed = await BatchConsumer.open(nc, jsm, { ...options, start: 'acked' });
    expect((await take(resumed, 1_000 - numbers.length)).numbers).toEqual(upTo(1_000, numbers.length));
    await resumed.close();

    const after = await BatchConsumer.open(nc, jsm, { ...options, start: { after: last.last } });
    expect((await take(after, 1_000 - numbers.length)).numbers).toEqual(upTo(1_000, numbers.length));
    await after.close();
  });

  it('asks for no more than is used: a caller that stops leaves the rest on the server', async () => {
    const subject = 'obs.tracks.o.v.slow';
    await fill(subject, 2_000, 1_000);
    const consumer = await BatchConsumer.open(nc, jsm, {
      stream: 'OBS_TRACKS',
      filters: [subject],
      start: 'first',
      maxMessages: 100_000,
      maxBytes: 200_000,
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(consumer.buffered.bytes).toBeGreaterThan(50_000);
    expect(consumer.buffered.bytes).toBeLessThanOrEqual(200_000);
    expect((await take(consumer, 2_000)).numbers).toEqual(upTo(2_000));
    await consumer.close();
  });

  it('is not stalled by a message larger than its requests', async () => {
    const subject = 'obs.tracks.o.v.large';
    await fill(subject, 3);
    await fill(`${subject}-x`, 1, 300_000);
    await fill(`${subject}-y`, 3);
    const consumer = await BatchConsumer.open(nc, jsm, {
      stream: 'OBS_TRACKS',
      filters: [subject, `${subject}-x`, `${subject}-y`],
      start: 'first',
      maxBytes: 100_000,
    });
    expect((await take(consumer, 7)).numbers).toEqual([0, 1, 2, 0, 0, 1, 2]);
    await consumer.close();
  });

  it('ends with consumer-taken when another process takes the durable name', async () => {
    const options = {
      stream: 'OBS_TRACKS',
      filters: ['obs.tracks.o.v.taken'],
      durable: 'taken',
      start: 'first',
    } as const;
    const old = await BatchConsumer.open(nc, jsm, options);
    const waiting = old.next();
    const young = await BatchConsumer.open(nc, jsm, options);
    await expect(waiting).rejects.toMatchObject({ code: 'consumer-taken' });
    await fill('obs.tracks.o.v.taken', 1);
    expect((await take(young, 1)).numbers).toEqual([0]);
    await old.close();
    await young.close();
  });

  it('refuses a position that the server no longer has as it was', async () => {
    await fill('obs.tracks.o.v.rewound', 1);
    const { last_seq } = (await jsm.streams.info('OBS_TRACKS')).state;
    const open = (seq: number) =>
      BatchConsumer.open(nc, jsm, {
        stream: 'OBS_TRACKS',
        filters: [],
        start: { after: { seq, timeNs: '1' } },
      });
    await expect(open(last_seq)).rejects.toMatchObject({ code: 'stream-rewound' });
    await expect(open(last_seq + 10)).rejects.toMatchObject({ code: 'stream-rewound' });
  });

  it('as an observable: the next batch is asked for when the one before is done; it ends on close', async () => {
    const subject = 'obs.tracks.o.v.rx';
    await fill(subject, 1_000);
    const consumer = await BatchConsumer.open(nc, jsm, {
      stream: 'OBS_TRACKS',
      filters: [subject],
      start: 'first',
      maxMessages: 64,
    });
    let busy = 0;
    const all = await lastValueFrom(
      batches(consumer, async (batch) => {
        expect(++busy).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        busy--;
        if (batch.pending === 0) await consumer.close();
        return numbersIn(batch);
      }).pipe(toArray()),
    );
    expect(all.flat()).toEqual(upTo(1_000));
  });

  it('says which stream is missing', async () => {
    await expect(
      BatchConsumer.open(nc, jsm, { stream: 'NONE', filters: [], start: 'first' }),
    ).rejects.toMatchObject({ code: 'stream-missing' });
  });
});

it('reads both forms of a delivery subject, and refuses others', () => {
  const plain = '$JS.ACK.S.c.1.42.7.1790000000000000001.5';
  const expected = { seq: 42, consumerSeq: 7, timeNs: '1790000000000000001', pending: 5 };
  expect(parseDelivery(plain)).toEqual(expected);
  expect(parseDelivery('$JS.ACK.hub.ACCT.S.c.1.42.7.1790000000000000001.5.rnd')).toEqual(expected);
  expect(() => parseDelivery('_INBOX.a.b')).toThrow(expect.objectContaining({ code: 'consume-failed' }));
});
