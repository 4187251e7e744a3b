// The simulated stadium with every camera reporting whom it sees, through JetStream and fusion: zone counts against the truth.
import { readFileSync } from 'node:fs';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { fusionProcessor } from '#processors/fusion/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { fusedDensityKind, fusedKind } from '#streams/schema/registry.ts';
import { publishObservations, simulateObservations, TruthLog } from '#streams/sources/simulator/index.ts';
import { topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import { readStream } from './read-stream.ts';

it('counts the simulated stadium within 5 % where cameras overlap, miss one in ten and err by 0.2 m', async () => {
  const one = parseVenue(
    readFileSync(new URL('../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
  );
  // Three cameras for each: every place has three views.
  const venue = {
    ...one,
    cameras: one.cameras.flatMap((camera) =>
      ['a', 'b', 'c'].map((view) => ({ ...camera, id: `${camera.id}-${view}` })),
    ),
  };
  const server = await startTestServer();
  const nc = await connect({ servers: server.url, name: 'fusion-test' });
  try {
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 2 ** 30 }));
    const publisher = new Publisher(nc);
    const startMs = 1_700_000_000_000;
    const run = simulateObservations({
      venue,
      seed: 3,
      startMs,
      speed: Number.POSITIVE_INFINITY,
      durationS: 8,
      attendance: 1500,
      present: 1000,
      reportedBy: 'every',
      noise: { positionSigmaM: 0.2, missRate: 0.1, lateRate: 0 },
      truth: new TruthLog(64),
    });
    const { persons: reported, messages } = await publishObservations(run, (subject, payload, messageId) =>
      publisher.publish({ subject, payload, messageId }),
    );
    await publisher.flush();
    const runner = await runProcessor(fusionProcessor(venue), { nc, jsm, metrics: new MetricsRegistry() });
    const last = (await jsm.streams.info('OBS_TRACKS')).state.last_seq;
    while (runner.health.inputSeq < last) await new Promise((resolve) => setTimeout(resolve, 50));
    await runner.drain();
    await publisher.close();

    const truth = new Map(run.truth.all().map((tick) => [tick.epochMs + venue.tickMs, tick]));
    const windows = (await readStream(nc, 'DERIVED', ['win.density-fused-now.>'])).map((m) =>
      fusedDensityKind.codec.decode(m.payload),
    );
    let real = 0;
    let counted = 0;
    for (const { end, key, count } of windows) {
      const tick = truth.get(end);
      // The first ticks have no memory of whom a camera missed.
      if (tick === undefined || count === null || end < startMs + 3_000) continue;
      real += tick.zones[key].count;
      counted += count.mean;
    }
    const frames = await readStream(nc, 'FUSED', ['fused.*.*.0', 'fused.*.*.1']);
    const fused = frames.map((m) => fusedKind.codec.decode(m.payload));
    console.log(
      `fused ${counted.toFixed(0)} of ${real} persons in zones (${(100 * (counted / real - 1)).toFixed(2)} %); ` +
        `${reported} reports in ${messages} messages, ${fused.length} fused frames`,
    );
    expect(real).toBeGreaterThan(2_000);
    expect(Math.abs(counted / real - 1)).toBeLessThan(0.05);
    expect(fused.length).toBeGreaterThan(10);
  } finally {
    await nc.close();
    await server.stop();
  }
}, 60_000);
