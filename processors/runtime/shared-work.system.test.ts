// Several workers of one processor share venues: each venue has one worker at a time, a worker that stops hands over at once,
// one that dies is replaced within seconds, one that joins gets its share. Outputs: complete, and none twice.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseVenue, type Venue } from '#models/venue/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { CONSUMER_NOT_FOUND, isApiError } from '#streams/consumer-setup.ts';
import { Leases } from '#streams/leases.ts';
import { Publisher } from '#streams/publish.ts';
import type { RunningServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { startVerb, type VerbChild } from '#testing/chaos/child.ts';
import { startTestServer } from '#testing/nats.ts';
import { compareDigests, digestOf, isEqual } from '#testing/scene/digest.ts';
import { pureOutputs } from '#testing/scene/pure.ts';
import { type SceneMessage, scene } from '#testing/scene/scene.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'venues');
/** Small venues, so that the test is about sharing. */
const COPIES = 4;
const FRAMES_PER_S = 100;

let server: RunningServer;
let nc: NatsConnection;
let jsm: JetStreamManager;
const children: VerbChild[] = [];

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'sharing' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
});
afterAll(async () => {
  await Promise.all(children.map((child) => child.kill9(true)));
  await nc?.close();
  await server?.stop();
});

/** The same small hall under several names. */
function venues(): { document: string; venue: Venue }[] {
  const file = readdirSync(FOLDER).find((name) => name === 'lotus-pool.geojson')!;
  const text = readFileSync(path.join(FOLDER, file), 'utf8');
  return Array.from({ length: COPIES }, (_, i) => {
    const document = text.replaceAll('"venue":"lotus-pool"', `"venue":"pool-${i}"`);
    return { document, venue: parseVenue(document) };
  });
}

async function until(what: string, condition: () => Promise<boolean>, limitMs = 60_000): Promise<number> {
  const from = performance.now();
  while (!(await condition())) {
    if (performance.now() - from > limitMs) {
      const said = children.map((child) => child.lines.join('\n')).join('\n---\n');
      throw new Error(`${what}: not within ${limitMs / 1_000} s; the workers said:\n${said}`);
    }
    await delay(50);
  }
  return performance.now() - from;
}

it('shares venues among workers, hands them over, and loses and doubles nothing', async () => {
  const all = venues();
  expect(new Set(all.map(({ venue }) => venue.id)).size).toBe(COPIES);
  const store = await VenueStore.open(nc);
  for (const { document, venue } of all) await store.create({ org: venue.org, venue: venue.id }, document);
  const leases = await Leases.open(nc, jsm, 'density', 'observer');
  const shares = async (): Promise<number[]> => {
    const { holders } = await leases.look();
    const counts = new Map<string, number>();
    for (const holder of holders.values()) counts.set(holder, (counts.get(holder) ?? 0) + 1);
    return [...counts.values()].sort((a, b) => a - b);
  };
  const spawn = (): VerbChild => {
    const child = startVerb(['process', 'density', '--worker-thread', '--nats', server.url]);
    children.push(child);
    return child;
  };
  const sent = new Map<string, SceneMessage[]>(all.map(({ venue }) => [venue.id, []]));
  let publishing = true;
  const source = (async () => {
    const publisher = new Publisher(nc);
    const sources = all.map(({ venue }, i) => ({ venue, scene: scene(venue, { seed: i, persons: 10 }) }));
    while (publishing) {
      for (const { venue, scene: messages } of sources) {
        const { value } = messages.next();
        sent.get(venue.id)!.push(value as SceneMessage);
        await publisher.publish(value as SceneMessage);
      }
      await delay((1_000 * COPIES) / FRAMES_PER_S);
    }
    await publisher.close();
  })();

  const first = spawn();
  await until('one worker has all', async () => (await shares()).join() === '4');
  const second = spawn();
  await until('a second worker gets its half', async () => (await shares()).join() === '2,2');
  const killedAt = performance.now();
  await first.kill9(true);
  await until(
    'the leases of the dead worker expire and are taken',
    async () => (await shares()).join() === '4',
  );
  const takeoverMs = performance.now() - killedAt;
  const third = spawn();
  await until('a third worker gets its half', async () => (await shares()).join() === '2,2');
  const toldAt = performance.now();
  const stopped = second.stop();
  await until('what a stopping worker had is taken', async () => (await shares()).join() === '4');
  const handoverMs = performance.now() - toldAt;
  expect(await stopped, second.lines.join('\n')).toBe(0);
  publishing = false;
  await source;
  for (const { venue } of all) {
    const last = sent.get(venue.id)!.length;
    await until(`${venue.id} is worked through`, async () => {
      // Who has just taken a venue makes its consumer anew: there is a moment without one.
      const info = await jsm.consumers
        .info(STREAM.tracks, `density_${venue.org}--${venue.id}`)
        .catch((error: unknown) => {
          if (isApiError(error, CONSUMER_NOT_FOUND)) return undefined;
          throw error;
        });
      if (info === undefined) return false;
      const { num_pending, num_ack_pending, delivered } = info;
      return num_pending === 0 && num_ack_pending === 0 && delivered.stream_seq >= last;
    });
  }
  expect(await third.stop(), third.lines.join('\n')).toBe(0);

  let compared = 0;
  for (const { venue } of all) {
    const filters = densityProcessor(venue).outputs.filter((filter) => filter.startsWith('win.'));
    const wanted = pureOutputs(densityProcessor(venue), sent.get(venue.id)!, filters);
    const comparison = compareDigests(wanted, await digestOf(nc, jsm, STREAM.derived, filters));
    expect(isEqual(comparison), `${venue.id}: ${JSON.stringify(comparison)}`).toBe(true);
    compared += comparison.compared;
  }
  expect(compared).toBeGreaterThan(500);
  console.log(
    `sharing: ${compared} results of ${COPIES} venues equal; taken over ${(takeoverMs / 1_000).toFixed(1)} s after ` +
      `kill -9, handed over ${(handoverMs / 1_000).toFixed(1)} s after SIGTERM`,
  );
  expect(takeoverMs).toBeLessThan(10_000);
  expect(handoverMs).toBeLessThan(10_000);
}, 180_000);
