// The verb itself, as a process, against a real server: what it stores, what it prints, and how it fails.
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hallTraffic, START_MS, smallHall } from '#processors/replay/scene.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { Publisher } from '#streams/publish.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { startTestServer } from '#testing/nats.ts';

const command = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../bin/tidewatch.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-replay-'));
const FROM = new Date(START_MS + 60_000).toISOString();
const TO = String(START_MS + 180_000);
let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: NatsConnection;

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'replay verb test' });
  await apply(await jetstreamManager(nc), topology({ storageBytes: 2 ** 30 }));
  const { venue, document } = smallHall('hall');
  await (await VenueStore.open(nc)).create({ org: 'lab', venue: 'hall' }, document);
  const publisher = new Publisher(nc);
  for (const message of hallTraffic(venue, 240)) await publisher.publish(message);
  await publisher.close();
});
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

function replay(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [command, 'replay', '--nats', server.url, ...args]);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

function rules(name: string, content: unknown): string {
  const file = path.join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const span = ['--venue', 'lab/hall', '--from', FROM, '--to', TO, '--speed', 'max'];

it('stores the results under the session and says what it did', async () => {
  const { code, out, err } = await replay(...span, '--session', 'evening');
  expect(err).toContain('results go to replay.evening.>');
  expect(out).toMatch(/complete: 120 s of event time in .*, \d+ results under replay\.evening\.>/);
  expect(code).toBe(0);
  const jsm = await jetstreamManager(nc);
  const { state } = await jsm.streams.info(STREAM.replay, {
    subjects_filter: 'replay.evening.win.density.>',
  });
  expect(state.subjects).toEqual({
    'replay.evening.win.density.lab.hall.west': expect.any(Number),
    'replay.evening.win.density.lab.hall.middle': expect.any(Number),
    'replay.evening.win.density.lab.hall.east': expect.any(Number),
  });
  expect((await jsm.streams.info(STREAM.derived)).state.last_seq).toBe(0);

  const again = await replay(...span, '--session', 'evening');
  expect(again.code).toBe(1);
  expect(again.err).toContain('choose another name, or replace it');
});

it('prints what other rules would have changed, as tables and as JSON, from several threads too', async () => {
  const file = rules('lower.json', { levels: { zones: { west: { red: 5.5 } } } });
  const { code, out } = await replay(...span, '--with', file, '--no-publish', '--workers', '2');
  expect(code).toBe(0);
  expect(out).toMatch(
    /zone\s+rules\s+none s\s+blue s\s+yellow s\s+orange s\s+red s\s+unknown s\s+first blue/,
  );
  expect(out).toMatch(/west\s+present\s+\d/);
  expect(out).toMatch(/Different in [1-9]\d* intervals/);
  expect(out).toMatch(/west\s+2025-06-15T\S+\s+2025-06-15T\S+\s+\d+\s+orange\s+red/);

  const json = await replay(...span, '--with', file, '--no-publish', '--json');
  const report: unknown = JSON.parse(json.out);
  expect(report).toMatchObject({ state: 'complete', published: 0, comparison: { metric: 'density' } });

  const same = await replay(...span, '--with', rules('same.json', {}), '--no-publish');
  expect(same.out).toContain('Nothing would have been different.');
});

it.each([
  [
    'a venue that is not there',
    ['--venue', 'lab/moon', '--from', FROM, '--to', TO],
    'there is no venue lab/moon',
  ],
  ['a time without offset', ['--venue', 'lab/hall', '--from', '2025-06-15T10:00:00'], 'with Z or an offset'],
  ['a speed too low', [...span, '--speed', '0.1'], 'at least 0.25'],
  ['rules that are not there', [...span, '--with', 'nowhere.json'], 'cannot read nowhere.json'],
  [
    'a span that ends first',
    ['--venue', 'lab/hall', '--from', FROM, '--to', '1000000000000'],
    'ends before it begins',
  ],
])('fails with what to do: %s', async (_, args, expected) => {
  const { code, err } = await replay(...args);
  expect(code).toBe(1);
  expect(err).toContain(expected);
});

it('names the place of a fault in the rules', async () => {
  const file = rules('wrong.json', { levels: { uses: { moving: { red: 'six' } } } });
  const { code, err } = await replay(...span, '--with', file);
  expect(code).toBe(1);
  expect(err).toContain('levels.uses.moving.red');
});
