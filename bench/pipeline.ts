// Positions per second through JetStream -> density -> JetStream with checkpoints on, beside a consumer that only reads and
// acknowledges, in turns, in one run against one server.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Venue } from '#models/venue/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { findProgram, startServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { hall, hallMessages, PERSONS } from './pipeline/hall.ts';

const FRAMES = 60_000;
const ROUNDS = 3;

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tidewatch-bench-'));
  const server = await startServer({ serverPath: (await findProgram()).path, dataFolder, temporary: true });
  const nc = await connect({ servers: server.url, name: 'bench pipeline' });
  try {
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 4 * 2 ** 30 }));
    const venue = hall('hall');
    await publishBacklog(nc, venue);
    const nothing: number[] = [];
    const density: number[] = [];
    let outputs = 0;
    for (let round = 0; round < ROUNDS; round++) {
      nothing.push(await readOnly(nc, jsm, venue, round));
      const measured = await processAll(nc, jsm, venue);
      density.push(measured.framesPerS);
      outputs = measured.outputs;
    }
    const ratios = density.map((rate, i) => rate / nothing[i]!);
    const rssMb = process.memoryUsage.rss() / 2 ** 20;
    const positions = median(density) * PERSONS;
    console.log(
      `${FRAMES} frames of ${PERSONS} persons, ${venue.cameras.length} cameras, ${venue.zones.length} zones, ` +
        `${outputs} results and rasters; medians of ${ROUNDS} rounds in turns`,
    );
    console.table({
      'reads and acknowledges': { 'frames/s': Math.round(median(nothing)), ratio: 1 },
      'density, checkpoints on': { 'frames/s': Math.round(median(density)), ratio: round2(median(ratios)) },
    });
    console.log(
      `${(positions / 1e6).toFixed(2)} M positions/s; ${rssMb.toFixed(0)} MB resident in this process`,
    );
    return {
      ratio_to_noop: round2(median(ratios)),
      positions_per_s: Math.round(positions),
      frames_per_s: Math.round(median(density)),
      noop_frames_per_s: Math.round(median(nothing)),
      outputs,
      rss_mb: Math.round(rssMb),
    };
  } finally {
    await nc.close();
    await server.stop();
  }
}

async function publishBacklog(nc: NatsConnection, venue: Venue): Promise<void> {
  const publisher = new Publisher(nc);
  for (const message of hallMessages(venue, FRAMES)) await publisher.publish(message);
  await publisher.close();
}

/** The least any consumer does: take every batch, acknowledge it. */
async function readOnly(
  nc: NatsConnection,
  jsm: JetStreamManager,
  venue: Venue,
  round: number,
): Promise<number> {
  const durable = `nothing-${round}`;
  const consumer = await BatchConsumer.open(nc, jsm, {
    stream: STREAM.tracks,
    filters: [`obs.tracks.${venue.org}.${venue.id}.*`],
    durable,
    start: 'first',
    maxAckPending: 200_000,
  });
  const from = performance.now();
  let read = 0;
  while (read < FRAMES) {
    const batch = await consumer.next();
    if (batch === undefined) throw new Error('the consumer ended early');
    read += batch.messages.length;
    consumer.ack(batch.last);
  }
  const seconds = (performance.now() - from) / 1000;
  await consumer.close();
  await jsm.consumers.delete(STREAM.tracks, durable);
  return FRAMES / seconds;
}

async function processAll(
  nc: NatsConnection,
  jsm: JetStreamManager,
  venue: Venue,
): Promise<{ framesPerS: number; outputs: number }> {
  // Each round starts from nothing: no checkpoint, no results of the round before.
  await jsm.streams.purge(STREAM.derived);
  await jsm.streams.purge(STREAM.grid);
  await jsm.streams.purge('KV_CHECKPOINTS');
  const from = performance.now();
  const runner = await runProcessor(densityProcessor(venue), { nc, jsm, metrics: new MetricsRegistry() });
  while (runner.health.messages < FRAMES) {
    if (runner.health.state !== 'running') await runner.done;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // Until everything is stored, checkpointed and acknowledged.
  await runner.drain();
  const seconds = (performance.now() - from) / 1000;
  return { framesPerS: FRAMES / seconds, outputs: runner.health.outputs };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
