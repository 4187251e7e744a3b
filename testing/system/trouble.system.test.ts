// What a venue does to the system on a bad day, through a real server and the density processor: a camera is cut, all are
// cut, clocks run ahead, bytes are no frames, and ten times more comes in than the processor can take.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseVenue, type Venue } from '#models/venue/index.ts';
import { DEFAULT_BOUNDS, densityProcessor } from '#processors/density/index.ts';
import { type Running, runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { lateNotice } from '#streams/schema/late.ts';
import { type DensityWindow, densityWindow } from '#streams/schema/window.ts';
import type { RunningServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import { compareDigests, digestOf, isEqual } from '#testing/scene/digest.ts';
import { pureOutputs } from '#testing/scene/pure.ts';
import { duringFirst, firstOf, NO_TROUBLE, SCENE_START_MS, type SceneMessage } from '#testing/scene/scene.ts';
import { type SlowDensityArgument, slowDensity } from './fixtures/slow-density.ts';
import { readStream } from './read-stream.ts';

const TEXT = readFileSync(path.join(import.meta.dirname, '..', '..', 'venues', 'lotus-pool.geojson'), 'utf8');
/** 200 messages of 10 kB on their way, and what a collector leaves lying. */
const FLOOD_BOUND_MB = 32;
const decoder = new TextDecoder();

let server: RunningServer;
let nc: NatsConnection;
let jsm: JetStreamManager;

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'trouble' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 4 * 2 ** 30 }));
});
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

/** The pool under a name of its own, so that tests do not meet. */
function poolNamed(id: string): Venue {
  return parseVenue(TEXT.replaceAll('"venue":"lotus-pool"', `"venue":"${id}"`));
}

async function publishAll(messages: Iterable<SceneMessage>): Promise<number> {
  const publisher = new Publisher(nc);
  let count = 0;
  for (const message of messages) {
    await publisher.publish(message);
    count++;
  }
  await publisher.close();
  return count;
}

async function untilRead(runner: Running, messages: number, limitMs = 90_000): Promise<void> {
  for (const end = Date.now() + limitMs; runner.health.messages < messages; await delay(20)) {
    if (runner.health.state !== 'running') await runner.done;
    if (Date.now() > end) throw new Error(`read ${runner.health.messages} of ${messages} in ${limitMs} ms`);
  }
}

/** Messages through a processor, until it has worked through all of them. */
async function through(venue: Venue, messages: readonly SceneMessage[]): Promise<Running> {
  await publishAll(messages);
  const runner = await runProcessor(densityProcessor(venue), {
    nc,
    jsm,
    metrics: new MetricsRegistry(),
    partition: venue.id,
  });
  await untilRead(runner, messages.length);
  await runner.drain();
  return runner;
}

async function windows(venue: Venue, metric: string): Promise<DensityWindow[]> {
  const stored = await readStream(nc, STREAM.derived, [`win.${metric}.${venue.org}.${venue.id}.*`]);
  return stored.map(({ payload }) => densityWindow.parse(JSON.parse(decoder.decode(payload))));
}

it('goes on when a camera is cut, and says so; and when all are cut, says unknown, never zero', async () => {
  const venue = poolNamed('pool-cut');
  const cut = venue.cameras[0]!.id;
  const [cutMs, allCutMs, endMs] = [20_000, 40_000, 60_000];
  const sends = (camera: string, ms: number) => ms < cutMs || (ms < allCutMs && camera !== cut);
  await through(venue, duringFirst(venue, { seed: 1, persons: 10, troubles: NO_TROUBLE, sends }, endMs));
  const five = await windows(venue, 'density');
  const during = (from: number, to: number) =>
    five.filter(({ start, end }) => start >= SCENE_START_MS + from && end <= SCENE_START_MS + to);
  // Whole: while all send.
  expect(during(2_000, cutMs).length).toBeGreaterThan(50);
  expect(
    during(2_000, cutMs).every(({ completeness, silent }) => completeness === 1 && silent.length === 0),
  ).toBe(true);
  // One is cut: windows of its zones name it and are less complete; those of the others are as before.
  const one = during(cutMs, allCutMs);
  const named = one.filter(({ silent }) => silent.includes(cut));
  expect(named.length).toBeGreaterThan(5);
  expect(named.every(({ completeness }) => completeness !== null && completeness < 1)).toBe(true);
  const others = one.filter(({ silent }) => !silent.includes(cut));
  expect(others.length).toBeGreaterThan(5);
  expect(others.every(({ completeness, silent }) => completeness === 1 && silent.length === 0)).toBe(true);
  // All are cut: the clock closes the windows, as unknown.
  const none = during(allCutMs, endMs);
  expect(none.length).toBeGreaterThan(5 * venue.zones.length);
  expect(
    none.every(
      ({ count, density, completeness }) => count === null && density === null && completeness === 0,
    ),
  ).toBe(true);
  // No window is missing in between: one per zone and second.
  const ends = new Set(five.map(({ key, end }) => `${key} ${end}`));
  const first = Math.min(...five.map(({ end }) => end));
  const last = Math.max(...five.map(({ end }) => end));
  expect(last).toBeGreaterThanOrEqual(
    SCENE_START_MS + endMs - DEFAULT_BOUNDS.disorderMs - DEFAULT_BOUNDS.idleMs - 1_000,
  );
  for (let end = first; end <= last; end += 1_000) {
    for (const { id } of venue.zones)
      expect(ends.has(`${id} ${end}`), `${id} ${end - SCENE_START_MS}`).toBe(true);
  }
});

it('rejects what cameras with jumping clocks send, from the future or too late, one notice each, and it changes no result', async () => {
  const venue = poolNamed('pool-skewed');
  const troubles = { ...NO_TROUBLE, fromTheFuture: 0.3, tooLate: 0.1 };
  // Two, so that they can agree with each other.
  const wrong = venue.cameras.slice(1, 3).map(({ id }) => id);
  const isTroubled = (camera: string) => wrong.includes(camera);
  const messages = duringFirst(venue, { seed: 2, persons: 10, troubles, isTroubled }, 120_000);
  const counts = (fate: string) => messages.filter((message) => message.fate === fate).length;
  expect(counts('from-the-future')).toBeGreaterThan(20);
  expect(counts('too-late')).toBeGreaterThan(20);
  await through(venue, messages);
  const stored = await readStream(nc, STREAM.derived, [`late.density.${venue.org}.${venue.id}.*`]);
  const notices = stored.map(({ payload }) => lateNotice.parse(JSON.parse(decoder.decode(payload))));
  const reasons = (reason: string) => notices.filter((notice) => notice.reason === reason).length;
  expect(reasons('future')).toBe(counts('from-the-future'));
  expect(reasons('late')).toBe(counts('too-late'));
  // The same without them gives the same windows: neither moved time nor entered a count.
  const clean = messages.filter(({ fate }) => fate !== 'from-the-future' && fate !== 'too-late');
  const processor = densityProcessor(venue);
  const filters = processor.outputs.filter((filter) => filter.startsWith('win.'));
  const wanted = pureOutputs(processor, clean, filters);
  const comparison = compareDigests(wanted, await digestOf(nc, jsm, STREAM.derived, filters));
  expect(comparison.compared).toBeGreaterThan(1_000);
  expect(isEqual(comparison), JSON.stringify(comparison)).toBe(true);
});

it('puts a flood of malformed frames into quarantine, each with its reason, and computes the rest as if they were not there', async () => {
  const venue = poolNamed('pool-malformed');
  const good = firstOf(venue, { seed: 3, persons: 10, troubles: NO_TROUBLE }, 400);
  const flood: SceneMessage[] = good.flatMap((message, i) => [
    message,
    ...Array.from({ length: 10 }, (_, k) => ({
      ...message,
      payload: Uint8Array.from({ length: 7 * k }, (_, b) => (b * 31 + i) & 0xff),
      messageId: `malformed-${i}-${k}`,
      fate: 'malformed' as const,
    })),
  ]);
  const runner = await through(venue, flood);
  expect(runner.health.undecodable).toBe(10 * good.length);
  expect(await digestOf(nc, jsm, STREAM.quarantine, [`bad.tracks.${venue.org}.${venue.id}.*`])).toHaveLength(
    10 * good.length,
  );
  const processor = densityProcessor(venue);
  const wanted = pureOutputs(processor, good, processor.outputs);
  const filters = processor.outputs.filter((filter) => filter.startsWith('win.'));
  const windowsWanted = wanted.filter(({ subject }) => subject.startsWith('win.'));
  const comparison = compareDigests(windowsWanted, await digestOf(nc, jsm, STREAM.derived, filters));
  expect(comparison.compared).toBeGreaterThan(100);
  expect(isEqual(comparison), JSON.stringify(comparison)).toBe(true);
});

it('keeps its memory flat while ten times more comes in than it takes, and loses nothing', async () => {
  const venue = poolNamed('pool-flood');
  const delayUs = new Int32Array(new SharedArrayBuffer(4));
  // It takes 100 frames/s at most; the flood brings more than 1,000/s: 6,000 frames of 400 persons, 58 MB.
  delayUs[0] = 10_000;
  const count = 6_000;
  const messages = firstOf(venue, { seed: 4, persons: 400, troubles: NO_TROUBLE }, count);
  const argument: SlowDensityArgument = { venue, delayUs };
  const processor = slowDensity(argument);
  const runner = await runProcessor(processor, {
    nc,
    jsm,
    metrics: new MetricsRegistry(),
    partition: venue.id,
    // What is on its way: the bound of memory.
    maxMessages: 200,
    worker: {
      module: new URL('fixtures/slow-density.ts', import.meta.url).href,
      export: slowDensity.name,
      argument,
    },
  });
  const rssMb = () => process.memoryUsage.rss() / 2 ** 20;
  const from = performance.now();
  await publishAll(messages);
  const floodS = (performance.now() - from) / 1_000;
  const taken = runner.health.messages;
  const before = rssMb();
  let most = before;
  for (const end = Date.now() + 6_000; Date.now() < end; await delay(100)) most = Math.max(most, rssMb());
  console.log(
    `flood: ${count} frames in ${floodS.toFixed(1)} s, ${taken} taken meanwhile; resident memory ${before.toFixed(0)} MB ` +
      `at its end, ${most.toFixed(0)} MB at most in the 6 s after`,
  );
  expect(taken).toBeLessThan(count / 10);
  expect(runner.health.messages).toBeGreaterThan(taken);
  // What waits is in the stream, not in memory: most of 58 MB.
  expect(most - before).toBeLessThan(FLOOD_BOUND_MB);
  Atomics.store(delayUs, 0, 0);
  await untilRead(runner, count);
  await runner.drain();
  const filters = processor.outputs.filter((filter) => filter.startsWith('win.'));
  const comparison = compareDigests(
    pureOutputs(processor, messages, filters),
    await digestOf(nc, jsm, STREAM.derived, filters),
  );
  expect(isEqual(comparison), JSON.stringify(comparison)).toBe(true);
}, 180_000);
