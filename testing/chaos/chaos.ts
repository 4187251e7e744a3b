// The kill test: a seeded stream through a real server and the density processor while both are killed -9 at random
// moments, and the same stream undisturbed. Every output stream must be equal from beginning to end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { parseVenue, type Venue } from '#models/venue/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { patiently } from '#streams/patience.ts';
import { Publisher } from '#streams/publish.ts';
import { findProgram, type RunningServer, startServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { type Comparison, compareDigests, type Digest, digestOf } from '../scene/digest.ts';
import { seededRandom } from '../scene/random.ts';
import { scene } from '../scene/scene.ts';
import { startVerb, type VerbChild } from './child.ts';
import { type KillRecord, Kills } from './kills.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** The venue as GeoJSON text. */
  readonly venue: string;
  readonly framesPerS: number;
  /** Persons per frame. */
  readonly persons: number;
  readonly tell?: (line: string) => void;
}

export interface ChaosReport {
  readonly kills: readonly KillRecord[];
  /** Messages of the source, each acknowledged by the server. */
  readonly inputs: number;
  readonly inputsLost: number;
  readonly inputDuplicates: number;
  /** By stream: the disturbed run against the undisturbed one. */
  readonly outputs: Readonly<Record<string, Comparison>>;
  /** Longest time from a kill to the first result that was not there before, ms. */
  readonly longestRestartMs: number;
  readonly seconds: number;
}

/** The streams the density processor writes to. */
const OUTPUT_STREAMS = [STREAM.derived, STREAM.grid, STREAM.quarantine] as const;
const STORAGE_BYTES = 6 * 2 ** 30;
const SETTLE_LIMIT_MS = 120_000;

export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const tell = options.tell ?? (() => undefined);
  const startedAt = performance.now();
  const venue = parseVenue(options.venue);
  const disturbed = await inServer((server) => disturbedRun(server, venue, options, tell));
  tell(`the same ${disturbed.inputs} messages again, undisturbed`);
  const undisturbed = await inServer((server) => undisturbedRun(server, venue, options, disturbed.inputs));
  const outputs: Record<string, Comparison> = {};
  for (const stream of OUTPUT_STREAMS) {
    outputs[stream] = compareDigests(undisturbed.get(stream)!, disturbed.digests.get(stream)!);
  }
  const input = compareDigests(undisturbed.get(STREAM.tracks)!, disturbed.digests.get(STREAM.tracks)!);
  return {
    kills: disturbed.kills,
    inputs: disturbed.inputs,
    inputsLost: input.missing + input.different,
    inputDuplicates: input.duplicates + input.extra,
    outputs,
    longestRestartMs: Math.max(0, ...disturbed.kills.map(({ restartMs }) => restartMs)),
    seconds: (performance.now() - startedAt) / 1_000,
  };
}

async function inServer<T>(use: (server: RunningServer) => Promise<T>): Promise<T> {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tidewatch-chaos-'));
  const serverPath = (await findProgram()).path;
  try {
    const server = await startServer({ serverPath, dataFolder, name: 'tidewatch-chaos', temporary: true });
    try {
      return await use(server);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

async function disturbedRun(
  server: RunningServer,
  venue: Venue,
  options: ChaosOptions,
  tell: (line: string) => void,
): Promise<{ inputs: number; kills: readonly KillRecord[]; digests: Map<string, Digest[]> }> {
  const nc = await connect({ servers: server.url, name: 'chaos' });
  let child: VerbChild | undefined;
  try {
    const jsm = await jetstreamManager(nc);
    await prepare(nc, jsm, venue, options);
    child = startVerb(['process', 'density', '--nats', server.url]);
    const source = new PacedSource(nc, venue, options);
    const describe = async (): Promise<string> => {
      const { state } = await jsm.streams.info(STREAM.tracks);
      const consumer = await jsm.consumers.info(STREAM.tracks, `density_${partitionOf(venue)}`);
      const { num_pending, num_ack_pending, delivered, ack_floor } = consumer;
      return `${source.state}, ${state.messages} stored, ${JSON.stringify({ num_pending, num_ack_pending, delivered, ack_floor })}`;
    };
    const random = seededRandom(options.seed ^ 0x6b696c6c);
    const kills = new Kills(nc, server, child, random, tell, describe);
    const published = source.run();
    try {
      await kills.run(options.kills);
    } finally {
      source.stop();
    }
    const inputs = await published;
    await untilWorkedThrough(jsm, venue, inputs, child);
    const code = await child.stop();
    if (code !== 0) throw new Error(`the processor ended with ${code}:\n${child.lines.join('\n')}`);
    return { inputs, kills: kills.records, digests: await digests(nc, jsm) };
  } finally {
    await child?.kill9(true);
    await nc.close();
  }
}

async function undisturbedRun(
  server: RunningServer,
  venue: Venue,
  options: ChaosOptions,
  inputs: number,
): Promise<Map<string, Digest[]>> {
  const nc = await connect({ servers: server.url, name: 'chaos, undisturbed' });
  try {
    const jsm = await jetstreamManager(nc);
    await prepare(nc, jsm, venue, options);
    const publisher = new Publisher(nc);
    let sent = 0;
    for (const message of scene(venue, options)) {
      if (sent++ === inputs) break;
      await publisher.publish(message);
    }
    await publisher.close();
    const runner = await runProcessor(densityProcessor(venue), {
      nc,
      jsm,
      metrics: new MetricsRegistry(),
      partition: partitionOf(venue),
    });
    while (runner.health.inputSeq < inputs) {
      if (runner.health.state !== 'running') await runner.done;
      await delay(20);
    }
    await runner.drain();
    return await digests(nc, jsm);
  } finally {
    await nc.close();
  }
}

async function prepare(
  nc: NatsConnection,
  jsm: JetStreamManager,
  venue: Venue,
  options: ChaosOptions,
): Promise<void> {
  await apply(jsm, topology({ storageBytes: STORAGE_BYTES }));
  await (await VenueStore.open(nc)).create({ org: venue.org, venue: venue.id }, options.venue);
}

function partitionOf(venue: Venue): string {
  return `${venue.org}--${venue.id}`;
}

/** Sends the scene at a steady rate until it is stopped; a server that is away holds it up. */
class PacedSource {
  readonly #nc: NatsConnection;
  readonly #venue: Venue;
  readonly #options: ChaosOptions;
  #stopped = false;
  #sent = 0;
  #publisher: Publisher | undefined;

  constructor(nc: NatsConnection, venue: Venue, options: ChaosOptions) {
    this.#nc = nc;
    this.#venue = venue;
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
  }

  get state(): string {
    return `${this.#sent} sent ${JSON.stringify(this.#publisher?.counts)}`;
  }

  /** Resolves with the number of messages when all of them are acknowledged. */
  async run(): Promise<number> {
    const publisher = new Publisher(this.#nc, { maxAttempts: 1_000 });
    this.#publisher = publisher;
    const from = performance.now();
    for (const message of scene(this.#venue, this.#options)) {
      if (this.#stopped) break;
      await publisher.publish(message);
      this.#sent++;
      const aheadMs = (1_000 * this.#sent) / this.#options.framesPerS - (performance.now() - from);
      if (aheadMs > 5) await delay(aheadMs);
    }
    await publisher.close();
    return this.#sent;
  }
}

async function untilWorkedThrough(
  jsm: JetStreamManager,
  venue: Venue,
  inputs: number,
  child: VerbChild,
): Promise<void> {
  const durable = `density_${partitionOf(venue)}`;
  const until = Date.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const { num_pending, ack_floor } = await patiently('asking for the consumer', () =>
      jsm.consumers.info(STREAM.tracks, durable),
    );
    if (num_pending === 0 && ack_floor.stream_seq >= inputs) return;
    if (Date.now() > until) {
      throw new Error(
        `not worked through within ${SETTLE_LIMIT_MS / 1_000} s: ${num_pending} pending, acknowledged to ` +
          `${ack_floor.stream_seq} of ${inputs}; the processor said:\n${child.lines.join('\n')}`,
      );
    }
    await delay(100);
  }
}

async function digests(nc: NatsConnection, jsm: JetStreamManager): Promise<Map<string, Digest[]>> {
  const all = new Map<string, Digest[]>();
  for (const stream of [STREAM.tracks, ...OUTPUT_STREAMS]) all.set(stream, await digestOf(nc, jsm, stream));
  return all;
}
