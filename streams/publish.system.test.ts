import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '#testing/nats.ts';
import { apply } from './apply.ts';
import { connect } from './connect.ts';
import { BatchConsumer } from './consume.ts';
import type { StreamsError } from './errors.ts';
import { Publisher } from './publish.ts';
import { topology } from './topology.ts';

let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: Awaited<ReturnType<typeof connect>>;
let jsm: Awaited<ReturnType<typeof jetstreamManager>>;

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'publish-test' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
});
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

const payload = (i: number) => new TextEncoder().encode(`message ${i}`);

async function readAll(stream: string, filter: string, count: number): Promise<string[]> {
  const reader = await BatchConsumer.open(nc, jsm, { stream, filters: [filter], start: 'first' });
  const texts: string[] = [];
  while (texts.length < count) {
    const batch = await reader.next();
    for (const message of batch?.messages ?? []) texts.push(new TextDecoder().decode(message.data));
    if (batch?.pending === 0) break;
  }
  await reader.close();
  return texts;
}

describe('publisher', () => {
  it('loses and doubles nothing, and keeps the order, when the server is killed twice in between', async () => {
    const publisher = new Publisher(nc, { maxMessages: 256, ackTimeoutMs: 1_000 });
    const count = 10_000;
    let restarts: Promise<void> = Promise.resolve();
    for (let i = 0; i < count; i++) {
      const full = publisher.publish({
        subject: 'obs.tracks.o.v.kill',
        payload: payload(i),
        messageId: `kill:${i}`,
      });
      expect(publisher.counts.inFlight).toBeLessThanOrEqual(256);
      if (full) await full;
      if (i === 3_000 || i === 7_000) {
        await restarts;
        restarts = server.kill9().then(() => server.restart());
      }
    }
    await Promise.all([restarts, publisher.flush()]);
    expect(publisher.counts).toMatchObject({ published: count, acked: count, refused: 0, inFlight: 0 });
    expect(publisher.counts.retried).toBeGreaterThan(0);
    const stored = await readAll('OBS_TRACKS', 'obs.tracks.o.v.kill', count);
    expect(stored).toEqual(Array.from({ length: count }, (_, i) => `message ${i}`));
    expect(publisher.acked.get('OBS_TRACKS')).toEqual({
      seq: (await jsm.streams.info('OBS_TRACKS')).state.last_seq,
      messageId: `kill:${count - 1}`,
    });
    await publisher.close();
  });

  it('counts what the server already had', async () => {
    const publisher = new Publisher(nc);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 10; i++) {
        await publisher.publish({
          subject: 'win.density.o.v.z',
          payload: payload(i),
          messageId: `twice:${i}`,
        });
      }
    }
    await publisher.close();
    expect(publisher.counts).toMatchObject({ published: 20, acked: 20, duplicates: 10 });
    expect(await readAll('DERIVED', 'win.density.o.v.z', 10)).toHaveLength(10);
  });

  it('refuses a message that is too large at once, and goes on', async () => {
    const publisher = new Publisher(nc);
    const large = {
      subject: 'obs.tracks.o.v.big',
      payload: new Uint8Array(nc.info!.max_payload),
      messageId: 'big',
    };
    expect(() => publisher.publish(large)).toThrow(expect.objectContaining({ code: 'publish-too-large' }));
    await publisher.publish({ ...large, payload: new Uint8Array(8) });
    await publisher.close();
    expect(publisher.counts.acked).toBe(1);
  });

  it('tells of a subject that no stream stores: by callback, or at the next call', async () => {
    const nowhere = { subject: 'nowhere.o.v', payload: payload(0), messageId: 'nowhere' };
    const refused: StreamsError[] = [];
    const told = new Publisher(nc, { maxAttempts: 2, onRefused: (_, error) => refused.push(error) });
    await told.publish(nowhere);
    await told.flush();
    expect(refused).toMatchObject([{ code: 'publish-timeout' }]);
    expect(told.counts).toMatchObject({ refused: 1, acked: 0, inFlight: 0 });

    const throwing = new Publisher(nc, { maxAttempts: 2 });
    await throwing.publish(nowhere);
    await expect(throwing.flush()).rejects.toMatchObject({ code: 'publish-timeout' });
    await told.close();
    await throwing.close();
  });

  it('makes the caller wait by bytes, too', async () => {
    const publisher = new Publisher(nc, { maxBytes: 64 * 1024 });
    let waited = 0;
    for (let i = 0; i < 64; i++) {
      const full = publisher.publish({
        subject: 'obs.tracks.o.v.bytes',
        payload: new Uint8Array(16 * 1024),
        messageId: `bytes:${i}`,
      });
      expect(publisher.counts.inFlightBytes).toBeLessThanOrEqual(64 * 1024 + 17 * 1024);
      if (full) {
        waited++;
        await full;
      }
    }
    await publisher.close();
    expect(waited).toBeGreaterThan(8);
  });
});
