// Gates and doors through JetStream: results and the stop-ticket order arrive, what is not of the venue is set aside.

import { readFileSync } from 'node:fs';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { accessKind, countsKind, occupancyKind, stopTicketKind } from '#streams/schema/registry.ts';
import { topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import { readStream } from '#testing/system/read-stream.ts';
import { gatesProcessor, occupancyProcessor } from './index.ts';

it('counts gates, lowers the capacity for a locked exit and orders the stop of tickets, each once', async () => {
  const venue = parseVenue(
    readFileSync(new URL('../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
  );
  const server = await startTestServer();
  const nc = await connect({ servers: server.url, name: 'occupancy-test' });
  try {
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 2 ** 30 }));
    const at = `${venue.org}.${venue.id}`;
    const publisher = new Publisher(nc);
    let sent = 0;
    const send = (subject: string, payload: Uint8Array) =>
      publisher.publish({ subject, payload, messageId: `message-${sent++}` });
    const start = 1_700_000_000_000;
    const gate = venue.gates[0].id;
    const read = (i: number, value: number, device = gate) =>
      send(
        `obs.counts.${at}.turnstile`,
        countsKind.codec.encode({
          epochMs: start + 60_000 * i,
          at: device,
          mode: 'cumulative',
          in: value,
          out: 0,
        }),
      );
    for (let i = 0; i <= 10; i++) await read(i, 5_000 + 20 * i);
    await read(11, 7); // it began again, and seven have passed since
    await read(12, 20, 'no-such-gate');
    await send(
      `obs.access.${at}.doors`,
      accessKind.codec.encode({
        epochMs: start + 700_000,
        door: venue.exits[0].id,
        action: 'locked',
        direction: 'unknown',
      }),
    );
    await publisher.flush();
    const options = { nc, jsm, metrics: new MetricsRegistry() };
    const settings = { approved: 200 };
    const gates = await runProcessor(gatesProcessor(venue, settings), options);
    const ledger = await runProcessor(occupancyProcessor(venue, settings), options);
    const last = (await jsm.streams.info('OBS_EVENTS')).state.last_seq;
    while (gates.health.inputSeq < last) await new Promise((resolve) => setTimeout(resolve, 50));
    await gates.drain();
    // 12 readings of the venue and one door: what the ledger gives is behind them in the same stream.
    while (ledger.health.messages < 13) await new Promise((resolve) => setTimeout(resolve, 50));
    await ledger.drain();
    await publisher.close();

    const results = (await readStream(nc, 'DERIVED', ['win.occupancy.>'])).map((m) =>
      occupancyKind.codec.decode(m.payload),
    );
    expect(results.map(({ present }) => present)).toEqual([
      0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 207, 207,
    ]);
    expect(results.at(-1)!.safeCapacity).toBeLessThan(results.at(-2)!.safeCapacity);
    const orders = (await readStream(nc, 'LEDGER', ['warn.>'])).map((m) =>
      stopTicketKind.codec.decode(m.payload),
    );
    expect(orders).toMatchObject([
      { state: 'stopped', present: 200, approved: 200, epochMs: start + 600_000 },
    ]);
    expect((await readStream(nc, 'QUARANTINE', ['bad.>'])).length).toBe(1);
  } finally {
    await nc.close();
    await server.stop();
  }
});
