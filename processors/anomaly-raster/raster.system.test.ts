// The processor on a real server: rasters through JetStream, stopped in the middle of a slot and started again, are judged
// exactly as the pure partition judges them, once each; a damaged one is set aside.
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { encodeGrid } from '#streams/schema/grid.ts';
import { gridSubject } from '#streams/subjects.ts';
import { topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import { crowdedFrames, venueOfHall } from './fixtures/hall.ts';
import { rasterAnomalyProcessor } from './index.ts';

const venue = venueOfHall();
const frames = crowdedFrames();
const subject = gridSubject(venue.org, venue.id, -1);

let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: Awaited<ReturnType<typeof connect>>;
let jsm: Awaited<ReturnType<typeof jetstreamManager>>;
beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'raster-anomaly-test' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
});
afterAll(async () => {
  await nc.close();
  await server.stop(1_000);
});

async function publish(payloads: readonly Uint8Array[], name: string): Promise<void> {
  const publisher = new Publisher(nc, { maxAttempts: 100 });
  for (const [i, payload] of payloads.entries())
    await publisher.publish({ subject, payload, messageId: `${name}|${i}` });
  await publisher.close();
}

async function stored(stream: string, filter: string): Promise<string[]> {
  const reader = await BatchConsumer.open(nc, jsm, { stream, filters: [filter], start: 'first' });
  const all: string[] = [];
  while (all.length < reader.pendingAtOpen) {
    for (const message of (await reader.next())!.messages)
      all.push(`${message.subject} ${new TextDecoder().decode(message.data)}`);
  }
  await reader.close();
  return all;
}

async function runUntil(count: number): Promise<void> {
  const processor = rasterAnomalyProcessor(venue);
  const running = await runProcessor(processor, {
    nc,
    jsm,
    metrics: new MetricsRegistry(),
    checkpointMs: 20,
  });
  const filter = processor.outputs[0]!;
  for (const end = Date.now() + 60_000; (await stored('DERIVED', filter)).length < count; await delay(50)) {
    if (Date.now() > end) throw new Error(`${count} judgements are not there`);
  }
  await running.drain();
}

describe('the raster anomaly processor', () => {
  it('stores what the partition says, once each, across a stop within a slot and a damaged raster', async () => {
    // Slot 246: the crowd is there, its alarm has been raised, and one raster of the slot is still to come.
    const cut = 2 * 246 - 1;
    const processor = rasterAnomalyProcessor(venue);
    const partition = processor.create();
    const said = [frames.slice(0, cut), frames.slice(cut)].map((part) =>
      partition
        .onBatch(part.map((frame) => processor.decode({ subject, data: encodeGrid(frame) })))
        .map((o) => `${o.subject} ${new TextDecoder().decode(o.payload)}`),
    );
    expect(said.map(({ length }) => length)).toEqual([245, 15]);
    expect(said[0]!.filter((line) => line.includes('"alarm":true')).length).toBeGreaterThanOrEqual(1);
    await publish(frames.slice(0, cut).map(encodeGrid), 'a');
    await runUntil(said[0]!.length);
    await publish([new Uint8Array([1, 2, 3]), ...frames.slice(cut).map(encodeGrid)], 'b');
    await runUntil(said.flat().length);
    expect(await stored('DERIVED', `anom.raster.${venue.org}.${venue.id}.*`)).toEqual(said.flat());
    expect(await stored('QUARANTINE', 'bad.>')).toHaveLength(1);
  }, 120_000);
});
