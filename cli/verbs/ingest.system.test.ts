// The verb itself, as a process, against a real server: what it stores, what it prints, and how it fails.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { decodeTracks } from '#streams/schema/tracks.ts';
import { BUCKET, STREAM, topology } from '#streams/topology.ts';
import { tidewatch } from '#testing/command.ts';
import { startTestServer } from '#testing/nats.ts';
import { recording } from '#testing/shared-data.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-ingest-'));
let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: NatsConnection;
beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'ingest-test' });
});
afterAll(async () => {
  await nc.close();
  await server.stop();
});

function ingest(...args: string[]) {
  return run(server.url, ...args);
}

const run = (url: string, ...args: string[]) => tidewatch('ingest', 'trajectories', ...args, '--nats', url);

/** Every stored frame of a subject, in order. */
async function stored(subject: string) {
  const manager = await jetstreamManager(nc);
  const info = await manager.streams.info(STREAM.tracks, { subjects_filter: subject });
  const count = info.state.subjects?.[subject] ?? 0;
  const frames = [];
  let seq = 1;
  for (let i = 0; i < count; i++) {
    const message = await manager.direct.getMessage(STREAM.tracks, { seq, next_by_subj: subject });
    if (message === null) throw new Error(`message ${i} of ${subject} is not there`);
    frames.push(decodeTracks(message.data));
    seq = message.seq + 1;
  }
  return frames;
}

const csv = path.join(folder, 'Hall East.csv');
writeFileSync(csv, 'id,frame,x_m,y_m\n1,0,1,1\n1,1,2,1\n2,1,5,5\n1,2,3,1\n2,5,5,6\n');

it('says that the streams are missing, before it has sent anything', async () => {
  const { code, err } = await ingest(csv, '--venue', 'city/hall', '--fps', '10');
  expect(code).toBe(1);
  expect(err).toMatch(/no stream OBS_TRACKS.*tidewatch up/);
  await apply(await jetstreamManager(nc), topology({ storageBytes: 2 ** 30 }));
});

it('makes the venue, sends every frame with its event time, and sends nothing twice', async () => {
  const args = [
    csv,
    '--venue',
    'city/hall',
    '--fps',
    '10',
    '--speed',
    'max',
    '--start',
    '2026-06-01T18:00:00Z',
  ];
  const first = await ingest(...args);
  expect(first.err).toBe('');
  expect(first.code).toBe(0);
  expect(first.out).toMatch(/2 people, 5 positions, 6 frames every 100\.0 ms/);
  const frames = await stored('obs.tracks.city.hall.hall-east');
  const start = Date.UTC(2026, 5, 1, 18);
  expect(frames.map((f) => [f.epochMs - start, [...f.ids]])).toEqual([
    [0, [1]],
    [100, [1, 2]],
    [200, [1]],
    [300, []],
    [400, []],
    [500, [2]],
  ]);
  expect(frames[1]!.vx[0]).toBeCloseTo(10, 5); // 2 m in 0.2 s
  const entry = await (await new Kvm(nc).open(BUCKET.venues)).get('city.hall');
  const venue = parseVenue(entry!.string());
  expect(venue.cameras.map(({ id, framesPerSecond }) => [id, framesPerSecond])).toEqual([['hall-east', 10]]);
  expect(venue.zones).toHaveLength(9);
  expect(venue.tickMs).toBe(100);

  const second = await ingest(...args);
  expect(second.out).toMatch(/as stored, version 1/);
  expect(second.out).toMatch(/6 already stored/);
  expect(await stored('obs.tracks.city.hall.hall-east')).toHaveLength(6);
});

it('refuses a source the venue does not have, a bad row and a server that is not there', async () => {
  const other = await ingest(csv, '--venue', 'city/hall', '--fps', '10', '--source', 'cam-9');
  expect([other.code, other.err]).toEqual([1, expect.stringMatching(/no camera "cam-9".*hall-east/)]);
  const bad = path.join(folder, 'bad.csv');
  writeFileSync(bad, 'id,frame,x_m,y_m\n1,0,1,1\n1,1,oops,1\n');
  const row = await ingest(bad, '--venue', 'city/bad', '--fps', '10');
  expect([row.code, row.err]).toEqual([1, expect.stringMatching(/bad\.csv, line 3.*--skip-bad/)]);
  const skipped = await ingest(
    bad,
    '--venue',
    'city/bad',
    '--fps',
    '10',
    '--skip-bad',
    '--speed',
    'max',
    '--zones',
    'grid 1x1',
  );
  expect([skipped.code, skipped.err]).toEqual([0, expect.stringMatching(/1 bad rows left out/)]);
  const absent = await run('nats://127.0.0.1:1', csv, '--venue', 'city/hall', '--fps', '10');
  expect([absent.code, absent.err]).toEqual([1, expect.stringMatching(/no NATS server at .*tidewatch up/)]);
});

const station = recording('grand_central', 'grand_central.csv.gz');
it.skipIf(!station)('stores all of Grand Central', async () => {
  const { code, out, err } = await ingest(
    station!,
    '--venue',
    'transit/grand-central',
    '--speed',
    'max',
    '--start',
    '0',
  );
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/12684 people, 456410 positions, 6001 frames every 800\.0 ms/);
  expect(out).toMatch(/done: 6001 messages, 456410 positions/);
  const info = await (await jetstreamManager(nc)).streams.info(STREAM.tracks, {
    subjects_filter: 'obs.tracks.transit.>',
  });
  expect(info.state.subjects).toEqual({ 'obs.tracks.transit.grand-central.grand-central': 6001 });
});
