// The verb itself, as a process, against a real server: what it stores, what it prints, and how it fails.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hallTraffic, START_MS, smallHall } from '#processors/replay/scene.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { Publisher } from '#streams/publish.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { tidewatch } from '#testing/command.ts';
import { startTestServer } from '#testing/nats.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-replay-'));
const FROM = new Date(START_MS + 60_000).toISOString();
const TO = String(START_MS + 180_000);
let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: NatsConnection;

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'replay verb test' });
  await apply(await jetstreamManager(nc), topology({ storageBytes: 2 ** 30 }));
  const publisher = new Publisher(nc);
  for (const id of ['hall', 'annex']) {
    const { venue, document } = smallHall(id);
    await (await VenueStore.open(nc)).create({ org: 'lab', venue: id }, document);
    for (const message of hallTraffic(venue, 240)) await publisher.publish(message);
  }
  await publisher.close();
});
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

const replay = (...args: string[]) => tidewatch('replay', '--nats', server.url, ...args);

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

it('judges any result by rules, and replays what they judge', async () => {
  const file = rules('flow.json', {
    rules: [
      {
        name: 'rush',
        metric: 'win.flow-60s',
        field: 'specific.in',
        above: { yellow: 0.1, red: 500 },
        raiseAfterSeconds: 0,
      },
      {
        name: 'queue',
        metric: 'win.flow-60s',
        field: 'stopAndGo',
        is: true,
        level: 'orange',
        keys: ['door'],
      },
    ],
  });
  const { code, out, err } = await replay(...span, '--with', file, '--no-publish', '--json');
  expect(err).not.toContain('rror');
  expect(code).toBe(0);
  const report: unknown = JSON.parse(out);
  expect(report).toMatchObject({
    state: 'complete',
    passes: { flow: { state: 'complete' } },
    comparison: { metric: null, rules: [{ rule: 'rush', metric: 'win.flow-60s' }, { rule: 'queue' }] },
  });
  const told = await replay(...span, '--with', file, '--no-publish');
  expect(told.out).toContain('Rule "rush" over win.flow-60s specific.in:');
  expect(told.out).toMatch(/door\s+present\s+absent/);
  expect(told.out).toMatch(/door\s+2025-06-15T\S+\s+2025-06-15T\S+\s+\S+\s+absent\s+yellow/);
});

it('replays several venues into one session', async () => {
  const venues = ['--venue', 'lab/hall', 'lab/annex', '--from', FROM, '--to', TO, '--speed', 'max'];
  for (const workers of ['1', '2']) {
    const session = `both-${workers}`;
    const { code, out } = await replay(...venues, '--session', session, '--workers', workers, '--json');
    expect(code).toBe(0);
    const reports = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(reports).toMatchObject([
      { venue: 'hall', state: 'complete', forgotten: 0 },
      { venue: 'annex', state: 'complete', forgotten: 0 },
    ]);
    const jsm = await jetstreamManager(nc);
    const of = async (venue: string) => {
      const filter = `replay.${session}.win.density.lab.${venue}.*`;
      const { state } = await jsm.streams.info(STREAM.replay, { subjects_filter: filter });
      return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
    };
    expect(await of('hall')).toBeGreaterThanOrEqual(360);
    expect(await of('annex')).toBe(await of('hall'));
  }
});

it.each([
  [
    'a venue that is not there',
    ['--venue', 'lab/moon', '--from', FROM, '--to', TO],
    'there is no venue lab/moon',
  ],
  ['a time without offset', ['--venue', 'lab/hall', '--from', '2025-06-15T10:00:00'], 'with Z or an offset'],
  ['one venue of several that is not there', [...span, '--venue', 'lab/moon'], 'there is no venue lab/moon'],
  ['a venue that is no address', ['--venue', 'hall', '--from', FROM], 'write organisation/venue'],
  ['a processor that does not exist', [...span, '--processor', 'denisty'], 'density'],
  ['a session that is no token', [...span, '--session', 'Tuesday!'], 'lower-case letters'],
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

it.each([
  [
    'a metric misspelt',
    { rules: [{ name: 'a', metric: 'anom.cuont', field: 'score', above: { red: 0.8 } }] },
    /rules\.0\.metric: there is no metric "anom\.cuont".*anom\.count/,
  ],
  [
    'a field misspelt',
    { rules: [{ name: 'a', metric: 'fcst.count', field: 'bands.5m.p99', above: { red: 80 } }] },
    /rules\.0\.field: fcst\.count has no figure "bands\.5m\.p99".*bands\.<minutes>m\.p90/,
  ],
  [
    'a key that the venue does not have',
    {
      rules: [
        { name: 'a', metric: 'win.flow-60s', field: 'specific.in', above: { red: 80 }, keys: ['gate-9'] },
      ],
    },
    /rules\.0\.keys: the venue has no "gate-9".*door/,
  ],
  [
    'a rule twice',
    {
      rules: ['a', 'a'].map((name) => ({
        name,
        metric: 'win.flow-60s',
        field: 'saturated',
        is: true,
        level: 'red',
      })),
    },
    /rules\.1: "a" is there twice/,
  ],
  ['a member that is none', { rules: [{ name: 'a', thresholds: {} }] }, /rules\.0/],
])('rules over results, %s: says where, and what there is', async (name, content, expected) => {
  const { code, err } = await replay(...span, '--with', rules(`${name.replaceAll(' ', '-')}.json`, content));
  expect(code).toBe(1);
  expect(err).toMatch(expected);
});

it('names the place of a fault in the rules', async () => {
  const file = rules('wrong.json', { levels: { uses: { moving: { red: 'six' } } } });
  const { code, err } = await replay(...span, '--with', file);
  expect(code).toBe(1);
  expect(err).toContain('levels.uses.moving.red');
});
