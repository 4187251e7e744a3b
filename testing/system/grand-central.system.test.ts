// Grand Central station through JetStream and the density processor: the count of every zone in every frame must equal a
// direct count of the file.
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundingBox } from '#models/geometry/index.ts';
import type { Venue } from '#models/venue/index.ts';
import { densityProcessor, NOW_METRIC } from '#processors/density/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { densityWindow } from '#streams/schema/window.ts';
import type { RunningServer } from '#streams/server/index.ts';
import {
  outgoingFrames,
  readTrajectories,
  replay,
  type Trajectories,
  venueForRecording,
} from '#streams/sources/trajectories/index.ts';
import { topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import { recording } from '#testing/shared-data.ts';
import { readStream } from './read-stream.ts';

const file = recording('grand_central', 'grand_central.csv.gz');
const START_MS = 1_700_000_000_000;
const PERIOD_MS = 800;

describe.skipIf(file === undefined)('Grand Central through the stream', () => {
  let server: RunningServer;
  let nc: NatsConnection;
  beforeAll(async () => {
    server = await startTestServer();
    nc = await connect({ servers: server.url, name: 'grand central' });
    await apply(await jetstreamManager(nc), topology({ storageBytes: 2 ** 30 }));
  });
  afterAll(async () => {
    await nc?.close();
    await server?.stop();
  });

  it('counts every zone in every frame as a direct count of the file does', async () => {
    const trajectories = await readTrajectories(file!);
    const venue = venueForRecording(trajectories, {
      org: 'lab',
      venue: 'grand-central',
      source: 'camera',
      zones: 'grid 3x3',
    });
    expect(venue.tickMs).toBe(PERIOD_MS);
    const jsm = await jetstreamManager(nc);
    const runner = await runProcessor(densityProcessor(venue), { nc, jsm, metrics: new MetricsRegistry() });
    const publisher = new Publisher(nc);
    const at = { org: 'lab', venue: 'grand-central', source: 'camera' };
    const frames = outgoingFrames(trajectories, at, {
      startMs: START_MS,
      level: 0,
      absent: 'empty',
      clock: true,
    });
    const report = await replay(frames, publisher, { speed: Number.POSITIVE_INFINITY });
    await publisher.close();
    const last = (await jsm.streams.info('OBS_TRACKS')).state.last_seq;
    while (runner.health.inputSeq < last) await new Promise((resolve) => setTimeout(resolve, 50));
    await runner.drain();

    const stored = await readStream(nc, 'DERIVED', [`win.${NOW_METRIC}.>`]);
    const expected = directCounts(trajectories, venue);
    let compared = 0;
    for (const { payload } of stored) {
      const window = densityWindow.parse(JSON.parse(new TextDecoder().decode(payload)));
      expect(window.end - window.start).toBe(PERIOD_MS);
      const frame = Math.floor((window.end - 1 - START_MS) / PERIOD_MS);
      const wanted = expected.get(`${window.key} ${frame}`) ?? 0;
      expect([frame, window.key, window.count?.mean]).toEqual([frame, window.key, wanted]);
      compared++;
    }
    // Every zone of every frame, but for those at the end that the watermark has not passed.
    const framesSent = (report.lastEpochMs! - START_MS) / PERIOD_MS + 1;
    expect(compared).toBeGreaterThan((framesSent - 5) * venue.zones.length);
    console.log(`Grand Central: ${compared} zone counts compared, all equal`);
  });
});

/**
 * Persons per `zone frame`, straight from the file's rows. The zones are boxes; positions are given in centimetres, so some
 * lie exactly on an edge: they belong to the box on its right and above.
 */
function directCounts(trajectories: Trajectories, venue: Venue): Map<string, number> {
  const counts = new Map<string, number>();
  const boxes = venue.zones.map(({ id, area }) => ({ id, box: boundingBox(area) }));
  for (let i = 0; i < trajectories.count; i++) {
    // What is on the wire is f32, as cameras are not exact to 24 bits.
    const x = Math.fround(trajectories.x[i]!);
    const y = Math.fround(trajectories.y[i]!);
    const zone = boxes.find(({ box }) => x >= box.minX && x < box.maxX && y >= box.minY && y < box.maxY);
    if (zone === undefined) continue;
    const key = `${zone.id} ${trajectories.frames[i]! / trajectories.frameStep}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
