// The whole way: a simulated evening tells its programme and its frames, the processors run against a real server, and the
// scores know the phase.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { anomalyProcessor } from '#processors/anomaly/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { programmeProcessor } from '#processors/programme/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { anomalyKind, programmeKind } from '#streams/schema/registry.ts';
import {
  publishObservations,
  simulateObservations,
  tellingProgramme,
} from '#streams/sources/simulator/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';

const START_MS = 1_800_000_000_000;
const stadium = parseVenue(
  readFileSync(path.join(import.meta.dirname, '../../venues/harbour-stadium.geojson'), 'utf8'),
);
// One picture a second from every camera: the way is the same, and the machine has less to do.
const venue = {
  ...stadium,
  tickMs: 1000,
  cameras: stadium.cameras.map((camera) => ({ ...camera, framesPerSecond: 1 })),
};

it('a simulated evening tells its programme, and the scores of its slots know the phase', async () => {
  const server = await startTestServer();
  const nc = await connect({ servers: server.url, name: 'live-anomaly-test' });
  try {
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 2 ** 30 }));
    const options = { nc, jsm, metrics: new MetricsRegistry(), checkpointMs: 500 };
    const running = [
      await runProcessor(programmeProcessor(venue), options),
      await runProcessor(densityProcessor(venue), options),
      await runProcessor(anomalyProcessor(venue), options),
    ];
    const latest = async (subject: string): Promise<Uint8Array> => {
      for (const end = Date.now() + 90_000; ; await delay(100)) {
        const message = await jsm.direct
          .getMessage(STREAM.derived, { last_by_subj: subject })
          .catch(() => null);
        if (message !== null) return message.data;
        if (Date.now() > end) throw new Error(`nothing on ${subject}`);
      }
    };
    const publisher = new Publisher(nc);
    const run = simulateObservations({
      venue,
      seed: 3,
      startMs: START_MS,
      attendance: 60,
      present: 40,
      durationS: 75,
      speed: Number.POSITIVE_INFINITY,
    });
    const at = `${venue.org}.${venue.id}`;
    let known = false;
    const publish = tellingProgramme(run.simulation, async (message) => {
      // Live, the programme is there long before a slot of a minute is over; here the evening takes seconds.
      if (!known && message.subject.startsWith('obs.tracks.')) {
        await latest(`win.programme.${at}.venue`);
        known = true;
      }
      await publisher.publish(message);
    });
    await publishObservations(run, publish);
    await publisher.close();
    const programme = programmeKind.codec.decode(await latest(`win.programme.${at}.venue`));
    expect(programme.events.map(({ phases }) => phases.map(({ phase }) => phase))).toEqual([
      ['ingress', 'play', 'half-time', 'play', 'egress'],
      ['ingress', 'play', 'half-time', 'play', 'egress'],
    ]);
    const [present] = programme.events;
    expect(present!.phases[0]!.fromMs).toBe(run.simulation.eveningStartMs);
    expect(present!.phases[0]!.fromMs).toBeLessThan(START_MS);
    const joint = anomalyKind.codec.decode(await latest(`anom.joint.${at}.venue`));
    expect(joint).toMatchObject({
      metric: 'joint',
      phase: 'ingress',
      alarm: false,
      reason: { code: 'learning' },
    });
    for (const one of running) await one.drain();
  } finally {
    await nc.close();
    await server.stop();
  }
}, 180_000);
