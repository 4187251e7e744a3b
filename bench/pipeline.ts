// Positions per second through JetStream -> density -> JetStream with checkpoints on, beside a consumer that only reads and
// acknowledges: in turns, in one run, against one server. Density runs with its partition in a worker thread and all in one
// thread; the figure is that of how `tidewatch process` runs it on this machine.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Venue } from '#models/venue/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { type ProcessorRecipe, runProcessor, workerThreadPays } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { findProgram, startServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { hall, hallMessages, PERSONS } from './pipeline/hall.ts';
import { type LiveRate, measureLive } from './pipeline/live.ts';

const FRAMES = 80_000;
/** The first of them, for every contestant alike: what it takes to start and to be compiled is not the steady rate. */
const WARM_UP = FRAMES / 4;
const ROUNDS = 3;

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const backlog = await measureBacklog();
  console.log('Live, cameras, server and processor each a process, at rising rates:');
  const live: LiveRate = await measureLive();
  return { ...backlog, ...live };
}

/** The rates from a backlog, in turns. */
async function measureBacklog(): Promise<Record<string, number>> {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tidewatch-bench-'));
  const server = await startServer({ serverPath: (await findProgram()).path, dataFolder, temporary: true });
  const nc = await connect({ servers: server.url, name: 'bench pipeline' });
  try {
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 4 * 2 ** 30 }));
    const venue = hall('hall');
    await publishBacklog(nc, venue);
    const nothing: number[] = [];
    const worker: number[] = [];
    const inProcess: number[] = [];
    let outputs = 0;
    for (let round = 0; round < ROUNDS; round++) {
      nothing.push(await readOnly(nc, jsm, venue, round));
      const measured = await processAll(nc, jsm, venue, true);
      worker.push(measured.framesPerS);
      inProcess.push((await processAll(nc, jsm, venue, false)).framesPerS);
      outputs = measured.outputs;
    }
    const ratioOf = (rates: readonly number[]): number =>
      round2(median(rates.map((r, i) => r / nothing[i]!)));
    const rssMb = process.memoryUsage.rss() / 2 ** 20;
    const product = workerThreadPays() ? worker : inProcess;
    const positions = median(product) * PERSONS;
    console.log(
      `${FRAMES} frames of ${PERSONS} persons, ${venue.cameras.length} cameras, ${venue.zones.length} zones, ` +
        `${outputs} results and rasters; medians of ${ROUNDS} rounds in turns; rates without the first ${WARM_UP} ` +
        'frames, and until all is stored and checkpointed',
    );
    const row = (rates: readonly number[]) => ({
      'frames/s': Math.round(median(rates)),
      ratio: ratioOf(rates),
    });
    console.table({
      'reads and acknowledges': row(nothing),
      'density in a worker thread': row(worker),
      'density in one thread': row(inProcess),
    });
    console.log(
      `${(positions / 1e6).toFixed(2)} M positions/s; ${rssMb.toFixed(0)} MB resident in this process`,
    );
    return {
      ratio_to_noop: ratioOf(product),
      ratio_worker_thread: ratioOf(worker),
      ratio_in_process: ratioOf(inProcess),
      positions_per_s: Math.round(positions),
      frames_per_s: Math.round(median(product)),
      worker_thread_frames_per_s: Math.round(median(worker)),
      noop_frames_per_s: Math.round(median(nothing)),
      in_process_frames_per_s: Math.round(median(inProcess)),
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
  const rate = new SteadyRate();
  let read = 0;
  while (read < FRAMES) {
    const batch = await consumer.next();
    if (batch === undefined) throw new Error('the consumer ended early');
    read += batch.messages.length;
    consumer.ack(batch.last);
    rate.reached(read);
  }
  const framesPerS = rate.end();
  await consumer.close();
  await jsm.consumers.delete(STREAM.tracks, durable);
  return framesPerS;
}

/** Frames per second from the first moment that at least WARM_UP of them are done. */
class SteadyRate {
  #from: number | undefined;
  #at = 0;

  reached(frames: number): void {
    if (this.#from !== undefined || frames < WARM_UP) return;
    this.#from = frames;
    this.#at = performance.now();
  }

  end(): number {
    if (this.#from === undefined) throw new Error('it ended before it was warm');
    return (FRAMES - this.#from) / ((performance.now() - this.#at) / 1000);
  }
}

async function processAll(
  nc: NatsConnection,
  jsm: JetStreamManager,
  venue: Venue,
  inWorker: boolean,
): Promise<{ framesPerS: number; outputs: number }> {
  // Each round starts from nothing: no checkpoint, no results of the round before.
  await jsm.streams.purge(STREAM.derived);
  await jsm.streams.purge(STREAM.grid);
  await jsm.streams.purge('KV_CHECKPOINTS');
  const worker: ProcessorRecipe = {
    module: new URL('../processors/density/index.ts', import.meta.url).href,
    export: densityProcessor.name,
    argument: venue,
  };
  const rate = new SteadyRate();
  const runner = await runProcessor(densityProcessor(venue), {
    nc,
    jsm,
    metrics: new MetricsRegistry(),
    ...(inWorker ? { worker } : {}),
  });
  while (runner.health.messages < FRAMES) {
    if (runner.health.state !== 'running') await runner.done;
    await new Promise((resolve) => setTimeout(resolve, 1));
    rate.reached(runner.health.messages);
  }
  // Until everything is stored, checkpointed and acknowledged.
  await runner.drain();
  return { framesPerS: rate.end(), outputs: runner.health.outputs };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
