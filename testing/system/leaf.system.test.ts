// Two sites and a centre, each a server with a JetStream of its own; the centre sources the sites' results and ledger. The way
// between a site and the centre is cut, then frozen, while cameras, density and ledger go on at the site. When it is back the
// centre has every result once and in order, and its walls have been shown each; tracks never left the site.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply, plan } from '#streams/apply.ts';
import { centreTopology, siteLink, siteStates } from '#streams/centre.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { stopTicketKind } from '#streams/schema/registry.ts';
import { freePorts } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { startTestServer } from '#testing/nats.ts';
import { compareDigests, digestOf, isEqual } from '#testing/scene/digest.ts';
import { pureOutputs } from '#testing/scene/pure.ts';
import { NO_TROUBLE, type SceneMessage, scene } from '#testing/scene/scene.ts';
import { openLink, type TcpLink } from '#testing/tcp-link.ts';

const FRAMES_PER_S = 100;
const LEDGER_EVERY = 20;
const CALM_S = 4;
const OUTAGE_S = 13;
const CATCH_UP_LIMIT_MS = 60_000;

const storage = { storageBytes: 2 ** 30 };

/** A site whose way to the centre is `link`. */
async function startSite(domain: string, link: TcpLink) {
  const uplink = { urls: [`nats-leaf://127.0.0.1:${link.port}`], ...siteLink() };
  const server = await startTestServer({ name: domain, leaf: { domain, uplink } });
  const nc = await connect({ servers: server.url, name: `${domain} test` });
  const jsm = await jetstreamManager(nc);
  await apply(jsm, topology(storage));
  return { server, nc, jsm };
}

const lastSeq = async (jsm: JetStreamManager, stream: string) =>
  (await jsm.streams.info(stream)).state.last_seq;
const countOf = async (jsm: JetStreamManager, stream: string) =>
  (await jsm.streams.info(stream)).state.messages;

const statesByName = async (nc: NatsConnection) =>
  (await siteStates(nc)).sort((a, b) => (a.site < b.site ? -1 : 1));

it('catches up after a cut and after a frozen link: every result once, in order, at the centre', async () => {
  const text = readFileSync(
    path.join(import.meta.dirname, '..', '..', 'venues', 'lotus-pool.geojson'),
    'utf8',
  );
  const venue = parseVenue(text);
  const [leafPort] = await freePorts(1);
  await using centre = await startTestServer({ name: 'centre', leaf: { domain: 'centre', port: leafPort! } });
  await using link = await openLink(leafPort!);
  await using otherLink = await openLink(leafPort!);
  const site = await startSite('site-a', link);
  await using _site = site.server;
  const other = await startSite('site-b', otherLink);
  await using _other = other.server;
  const hub = await connect({ servers: centre.url, name: 'centre test' });
  const hubJsm = await jetstreamManager(hub);
  const declared = centreTopology(['site-a', 'site-b'], storage);
  await apply(hubJsm, declared);
  expect((await plan(hubJsm, declared)).map(({ action }) => action)).toEqual(declared.map(() => 'keep'));

  // A wall at the centre, and somebody there who wants what is not for them.
  const shown: string[] = [];
  hub.subscribe('win.>', {
    callback: (_, message) => {
      shown.push(message.headers?.get('Nats-Msg-Id') ?? '');
    },
  });
  let leaked = 0;
  for (const subject of ['obs.>', 'grid.>', 'fused.>'])
    hub.subscribe(subject, {
      callback: () => {
        leaked++;
      },
    });

  const processor = densityProcessor(venue);
  const runner = await runProcessor(processor, {
    nc: site.nc,
    jsm: site.jsm,
    metrics: new MetricsRegistry(),
    partition: venue.id,
  });
  const key = { org: venue.org, venue: venue.id };
  expect(await (await VenueStore.open(site.nc)).create(key, text)).toBe(true);
  const cameras = await connect({ servers: site.server.url, name: 'cameras' });
  const sent: SceneMessage[] = [];
  let entries = 0;
  let publishing = true;
  const published = (async () => {
    const publisher = new Publisher(cameras);
    const from = performance.now();
    for (const message of scene(venue, { seed: 9, persons: 20, troubles: NO_TROUBLE })) {
      if (!publishing) break;
      await publisher.publish(message);
      sent.push(message);
      if (sent.length % LEDGER_EVERY === 0) {
        const event = { ...stopTicketKind.example, org: venue.org, venue: venue.id, present: entries };
        await publisher.publish({
          subject: `warn.${venue.org}.${venue.id}.stop-ticket`,
          payload: stopTicketKind.codec.encode(event),
          messageId: `entry-${entries++}`,
        });
      }
      const aheadMs = (1_000 * sent.length) / FRAMES_PER_S - (performance.now() - from);
      if (aheadMs > 5) await delay(aheadMs);
    }
    await publisher.close();
  })();
  const elsewhere = new Publisher(other.nc);
  const otherResults = async (from: number, to: number) => {
    for (let k = from; k < to; k++)
      await elsewhere.publish({
        subject: 'win.density-now.other.pool.zone',
        payload: new TextEncoder().encode(String(k)),
        messageId: `b-${k}`,
      });
    await elsewhere.flush();
  };

  /** What the link is then, what the centre says of the site meanwhile, and how long it takes to be whole again. */
  async function outage(begin: () => void, from: number): Promise<{ backlog: number; catchUpMs: number }> {
    begin();
    await delay(1_500);
    const held = await countOf(hubJsm, STREAM.ledger);
    await otherResults(from, from + 50);
    await delay(OUTAGE_S * 1_000);
    // The centre knows which site it cannot hear, and that the other is well.
    const [a, b] = await statesByName(hub);
    expect(a).toMatchObject({ site: 'site-a', reachable: false, lag: undefined });
    expect(b).toEqual({ site: 'site-b', reachable: true, lag: 0, problem: undefined });
    expect(await countOf(hubJsm, STREAM.ledger)).toBe(held);
    const owed = await lastSeq(site.jsm, STREAM.derived);
    const backlog = owed + from + 50 - (await countOf(hubJsm, STREAM.derived));
    link.restore();
    const at = performance.now();
    while ((await countOf(hubJsm, STREAM.derived)) < owed + from + 50) {
      if (performance.now() - at > CATCH_UP_LIMIT_MS)
        throw new Error(`not caught up: ${JSON.stringify(await siteStates(hub))}`);
      await delay(20);
    }
    return { backlog, catchUpMs: performance.now() - at };
  }

  await delay(CALM_S * 1_000);
  expect(await countOf(hubJsm, STREAM.derived)).toBeGreaterThan(100);
  const cut = await outage(() => link.cut(), 0);
  await delay(CALM_S * 1_000);
  const frozen = await outage(() => link.freeze(), 50);
  publishing = false;
  await published;
  while (runner.health.inputSeq < (await lastSeq(site.jsm, STREAM.tracks))) {
    if (runner.health.state !== 'running') await runner.done;
    await delay(50);
  }
  await runner.drain();
  await elsewhere.close();

  const results = await countOf(site.jsm, STREAM.derived);
  const settled = async () => ({
    derived: await countOf(hubJsm, STREAM.derived),
    ledger: await countOf(hubJsm, STREAM.ledger),
    shown: shown.length,
  });
  const wantedCounts = { derived: results + 100, ledger: entries, shown: results + 100 };
  for (let left = 300; left > 0 && !isDeepStrictEqual(await settled(), wantedCounts); left--)
    await delay(100);
  expect(await settled()).toEqual(wantedCounts);
  console.log(
    `leaf: cut ${OUTAGE_S + 1.5} s, ${cut.backlog} results behind, caught up ${cut.catchUpMs.toFixed(0)} ms after the way was ` +
      `back; frozen as long, ${frozen.backlog} behind, ${frozen.catchUpMs.toFixed(0)} ms; ${results} results, ${entries} entries, ` +
      `${(link.bytes.there / 1e6).toFixed(2)} MB over the link for ${((sent.length * (24 + 20 * 24)) / 1e6).toFixed(2)} MB of tracks`,
  );

  // Complete and right at the centre, against a computation without server; and the very same messages in the same order.
  const filters = processor.outputs.filter((filter) => filter.startsWith('win.'));
  const atCentre = await digestOf(hub, hubJsm, STREAM.derived, filters);
  const wanted = compareDigests(pureOutputs(processor, sent, filters), atCentre);
  expect(wanted.compared).toBeGreaterThan(1_000);
  expect(isEqual(wanted), JSON.stringify(wanted)).toBe(true);
  expect(atCentre).toEqual(await digestOf(site.nc, site.jsm, STREAM.derived, filters));
  const entriesAtCentre = await digestOf(hub, hubJsm, STREAM.ledger);
  expect(entriesAtCentre.map((d) => d.messageId)).toEqual(
    Array.from({ length: entries }, (_, k) => `entry-${k}`),
  );
  expect(entriesAtCentre).toEqual(await digestOf(site.nc, site.jsm, STREAM.ledger));
  // Everything stored was shown at the centre, in the order in which it was stored there.
  const stored = await digestOf(hub, hubJsm, STREAM.derived);
  expect(shown).toEqual(stored.map((d) => d.messageId));
  // The other site's results are all there too, and neither site has anything of the other.
  const others = await digestOf(other.nc, other.jsm, STREAM.derived);
  expect(others.map((d) => d.messageId)).toEqual(Array.from({ length: 100 }, (_, k) => `b-${k}`));
  expect(stored.filter((d) => d.messageId.startsWith('b-'))).toEqual(others);
  expect(await countOf(site.jsm, STREAM.derived)).toBe(atCentre.length);
  expect(await countOf(other.jsm, STREAM.ledger)).toBe(0);
  // The venue's model is at the centre; no observation and no raster is.
  expect((await (await VenueStore.open(hub)).get(key))?.document).toBe(text);
  expect(leaked).toBe(0);
  expect((await statesByName(hub)).map(({ reachable, lag }) => ({ reachable, lag }))).toEqual([
    { reachable: true, lag: 0 },
    { reachable: true, lag: 0 },
  ]);
  await Promise.all([site.nc.close(), other.nc.close(), cameras.close(), hub.close()]);
}, 240_000);
