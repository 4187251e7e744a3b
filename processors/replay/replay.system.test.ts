// Replay against a real server beside a live processor: its results are live's, byte for byte, and live does not notice.
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { densityProcessor } from '#processors/density/index.ts';
import { flowProcessor } from '#processors/flow/index.ts';
import { type Running, runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import {
  parseReplaySubject,
  replayFilter,
  replayStatus,
  replayStatusSubject,
} from '#streams/replay/index.ts';
import { decodeTracks } from '#streams/schema/tracks.ts';
import { flowWindow } from '#streams/schema/window.ts';
import type { RunningServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import { readStream, type StoredMessage } from '#testing/system/read-stream.ts';
import { processorLane } from './lane.ts';
import { runPass } from './pass.ts';
import { parseRules } from './rules.ts';
import { type ReplayReport, type ReplayRequest, runReplay } from './run.ts';
import { hallTraffic, START_MS, smallHall } from './scene.ts';
import { ReplaySession } from './session.ts';

const SECONDS = 1_500;
const FROM_MS = START_MS + 1_200_000;
const TO_MS = FROM_MS + 120_000;

const { venue, document } = smallHall('hall');
const { venue: neighbour } = smallHall('neighbour');

let server: RunningServer;
let nc: NatsConnection;
let jsm: JetStreamManager;
let live: readonly Running[];
let derived: readonly StoredMessage[];

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'replay test' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
  const publisher = new Publisher(nc);
  const own = hallTraffic(venue, SECONDS);
  const others = hallTraffic(neighbour, 200, 99);
  for (const [i, message] of own.entries()) {
    // Another venue's frames lie between ours.
    const other = i % 20 === 0 ? others[i / 20] : undefined;
    if (other !== undefined) await publisher.publish(other);
    await publisher.publish(message);
  }
  await publisher.close();
  live = [
    await runProcessor(densityProcessor(venue), { nc, jsm, metrics: new MetricsRegistry() }),
    await runProcessor(flowProcessor(venue), { nc, jsm, metrics: new MetricsRegistry() }),
  ];
  const { last_seq } = (await jsm.streams.info(STREAM.tracks)).state;
  for (const runner of live) {
    while (runner.health.inputSeq < last_seq - 20 || runner.health.lag > 0) {
      if (runner.health.state !== 'running') await runner.done;
      await pause(50);
    }
  }
  await settled();
  derived = [...(await readStream(nc, STREAM.derived)), ...(await readStream(nc, STREAM.grid))];
});

afterAll(async () => {
  for (const runner of live ?? []) await runner.drain();
  await nc?.close();
  await server?.stop();
});

/** Until live has acknowledged everything and its checkpoints do not change any more. */
async function settled(): Promise<void> {
  for (let before = ''; ; ) {
    await pause(1_500);
    const state = await liveState();
    const now = JSON.stringify(state);
    if (now === before && state.consumers.every(({ num_ack_pending }) => num_ack_pending === 0)) return;
    before = now;
  }
}

/** Everything of live that a replay must leave alone. */
async function liveState() {
  const streams: Record<string, unknown> = {};
  for (const name of [STREAM.tracks, STREAM.derived, STREAM.grid, STREAM.quarantine, 'KV_CHECKPOINTS']) {
    const { state } = await jsm.streams.info(name);
    // Nameless readers come and go; those with a name are somebody's place in the stream.
    const named: string[] = [];
    for await (const { name: consumer, config } of jsm.consumers.list(name)) {
      if (config.durable_name !== undefined) named.push(consumer);
    }
    streams[name] = { messages: state.messages, last: state.last_seq, first: state.first_seq, named };
  }
  const consumers = [];
  for (const durable of ['density_all', 'flow_all']) {
    const info = await jsm.consumers.info(STREAM.tracks, durable);
    const { ack_floor, delivered, num_pending, num_ack_pending, config } = info;
    consumers.push({ durable, ack_floor, delivered, num_pending, num_ack_pending, owner: config.metadata });
  }
  return { streams, consumers };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Event time of an output by its id: `subject|length|end|revision`, `subject|end`, `subject|reason|time|seq`. */
function eventMs({ messageId }: StoredMessage): number {
  const parts = messageId.split('|');
  if (parts[1] === 'gap') return Number(parts[3]);
  return Number(parts.length === 2 ? parts[1] : parts[2]);
}

/** Live's results of the span; density's unless said otherwise. */
function liveResults(
  fromMs = FROM_MS,
  toMs = TO_MS,
  of = /^(win\.density|late\.density|grid)/,
): StoredMessage[] {
  return derived.filter(
    (message) => of.test(message.subject) && eventMs(message) > fromMs && eventMs(message) <= toMs,
  );
}

/** A session's results under their original subjects and ids. */
async function sessionResults(session: string): Promise<StoredMessage[]> {
  const stored = await readStream(nc, STREAM.replay, [replayFilter(session)]);
  return stored
    .filter(({ subject }) => subject !== replayStatusSubject(session))
    .map(({ subject, payload, messageId }) => ({
      subject: parseReplaySubject(subject).subject,
      payload,
      messageId: messageId.split('|').slice(2).join('|'),
    }));
}

const hex = (message: StoredMessage): string => Buffer.from(message.payload).toString('hex');

/** Per subject, ids and bytes in order. */
function bySubject(messages: readonly StoredMessage[]): Map<string, string[]> {
  const subjects = new Map<string, string[]>();
  for (const message of messages) {
    const list = subjects.get(message.subject) ?? [];
    list.push(`${message.messageId} ${hex(message)}`);
    subjects.set(message.subject, list);
  }
  return new Map([...subjects].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function replay(session: string, more: Partial<ReplayRequest> = {}): Promise<ReplayReport> {
  return runReplay(nc, jsm, {
    document,
    processors: ['density'],
    fromMs: FROM_MS,
    toMs: TO_MS,
    speed: Number.POSITIVE_INFINITY,
    session,
    ...more,
  });
}

describe('replay beside live', () => {
  it("gives live's results byte for byte, and leaves live as it was", async () => {
    const before = await liveState();
    const report = await replay('equal');
    expect(await liveState()).toEqual(before);
    expect(report.state).toBe('complete');

    const wanted = liveResults();
    // Corrections, notices of late frames and rasters are in it, or equality would show little.
    expect(wanted.some(({ messageId }) => /^win\..*\|[1-9]\d*$/.test(messageId))).toBe(true);
    expect(wanted.some(({ subject }) => subject.startsWith('late.'))).toBe(true);
    expect(wanted.filter(({ subject }) => subject.startsWith('grid.')).length).toBe(240);
    expect(
      wanted.filter(({ subject }) => subject.startsWith('win.density-15m.')).length,
    ).toBeGreaterThanOrEqual(360);
    const got = await sessionResults('equal');
    expect(bySubject(got)).toEqual(bySubject(wanted));
    expect(report.published).toBe(wanted.length);
    expect(report.forgotten).toBe(0);
    // It began in the middle of history, not at its beginning.
    expect(report.passes.density!.messages).toBeLessThan(6_800);
    expect(report.passes.density!.setAside).toBeGreaterThan(0);
    console.log(`replay: ${wanted.length} results equal to live's`);
  });

  it('two processors at once, one of which remembers who was where', async () => {
    const report = await replay('both', { processors: ['density', 'flow'] });
    expect(Object.keys(report.passes)).toEqual(['density', 'flow']);
    const wanted = liveResults(FROM_MS, TO_MS, /./);
    const crossings = wanted.filter(({ subject }) => subject.startsWith('win.flow'));
    expect(crossings.length).toBeGreaterThanOrEqual(120);
    const counts = crossings.map(
      ({ payload }) => flowWindow.parse(JSON.parse(Buffer.from(payload).toString())).count,
    );
    expect(counts.some((count) => count !== null && count.in > 0)).toBe(true);
    expect(bySubject(await sessionResults('both'))).toEqual(bySubject(wanted));
  });

  it('says when it begins, how far it is and when it is whole', async () => {
    await replay('told', { toMs: FROM_MS + 10_000 });
    const said = await readStream(nc, STREAM.replay, [replayStatusSubject('told')]);
    const states = said.map(({ payload }) => replayStatus.parse(JSON.parse(Buffer.from(payload).toString())));
    expect(states[0]).toMatchObject({
      state: 'running',
      org: 'lab',
      venue: 'hall',
      eventMs: null,
      speed: null,
    });
    expect(states.at(-1)).toMatchObject({
      state: 'complete',
      results: (await sessionResults('told')).length,
    });
  });

  it('up to the end of history gives what live has so far, and says that it ended', async () => {
    const report = await replay('end', {
      fromMs: START_MS + (SECONDS - 20) * 1000,
      toMs: START_MS + SECONDS * 2000,
    });
    expect(report.state).toBe('ended');
    const wanted = liveResults(START_MS + (SECONDS - 20) * 1000, START_MS + SECONDS * 2000);
    expect(wanted.length).toBeGreaterThan(100);
    expect(bySubject(await sessionResults('end'))).toEqual(bySubject(wanted));
  });

  it('from the very beginning of a history that is whole equals live from its first window', async () => {
    const report = await replay('begin', { fromMs: START_MS - 1, toMs: START_MS + 60_000 });
    expect(report.passes.density!.withheld).toBe(0);
    expect(bySubject(await sessionResults('begin'))).toEqual(
      bySubject(liveResults(START_MS - 1, START_MS + 60_000)),
    );
  });

  it('paced: results appear when they are due', async () => {
    const startedAt = performance.now();
    const report = await replay('paced', { toMs: FROM_MS + 8_000, speed: 4 });
    const seconds = (performance.now() - startedAt) / 1000;
    expect(seconds).toBeGreaterThan(2);
    expect(report.state).toBe('complete');
    expect(bySubject(await sessionResults('paced'))).toEqual(
      bySubject(liveResults(FROM_MS, FROM_MS + 8_000)),
    );
  });

  it('can be stopped', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 500);
    const report = await replay('stopped', { speed: 0.25, signal: abort.signal });
    expect(report.state).toBe('stopped');
    expect(report.seconds).toBeLessThan(20);
  });

  it('refuses a session that exists, and replaces it when asked', async () => {
    const short = { toMs: FROM_MS + 2_000 };
    await replay('again', short);
    await expect(replay('again', short)).rejects.toMatchObject({ code: 'session-exists' });
    await replay('again', { ...short, replace: true });
    expect(bySubject(await sessionResults('again'))).toEqual(
      bySubject(liveResults(FROM_MS, FROM_MS + 2_000)),
    );
  });

  it('refuses spans and venues that cannot be', async () => {
    await expect(replay('x', { toMs: FROM_MS })).rejects.toMatchObject({ code: 'span-invalid' });
    const nowhere = smallHall('nowhere').document;
    await expect(replay('x', { document: nowhere })).rejects.toMatchObject({ code: 'consume-failed' });
  });
});

describe('what-if', () => {
  it('other thresholds: the same results, and what would have differed', async () => {
    const changes = parseRules('{"levels":{"uses":{"moving":{"red":5.5}}}}');
    const { comparison } = await replay('thresholds', { changes });
    expect(bySubject(await sessionResults('thresholds'))).toEqual(bySubject(liveResults()));
    const seconds = (zone: string, of: 'present' | 'changed'): number =>
      Object.values(comparison!.zones.find((z) => z.zone === zone)![of]!.seconds).reduce((a, b) => a + b, 0);
    expect(seconds('west', 'present')).toBe(120);
    expect(seconds('west', 'changed')).toBe(120);
    const differing = comparison!.differences.filter(({ zone }) => zone === 'west');
    expect(differing.length).toBeGreaterThan(0);
    for (const { present, changed } of differing) expect([present, changed]).toEqual(['orange', 'red']);
    // A standing zone is not concerned.
    expect(comparison!.differences.filter(({ zone }) => zone === 'east')).toEqual([]);
  });

  it('other zones: the kept ones equal live, the new one is measured, and live is left alone', async () => {
    const before = await liveState();
    const ring = [
      [0, 0],
      [2, 0],
      [2, 2],
      [0, 2],
      [0, 0],
    ];
    const corner = {
      type: 'Feature',
      id: 'corner',
      geometry: { type: 'Polygon', coordinates: [ring] },
      properties: { kind: 'zone', name: { zh: '角', en: 'Corner' }, level: 0, use: 'moving' },
    };
    const changes = parseRules(
      JSON.stringify({ zones: { set: { type: 'FeatureCollection', features: [corner] }, remove: ['east'] } }),
    );
    const { comparison } = await replay('zones', { changes });
    expect(await liveState()).toEqual(before);
    const got = bySubject(await sessionResults('zones'));
    const wanted = bySubject(liveResults());
    expect(got.get('win.density.lab.hall.west')).toEqual(wanted.get('win.density.lab.hall.west'));
    expect(got.has('win.density.lab.hall.east')).toBe(false);
    expect(got.get('win.density.lab.hall.corner')!.length).toBeGreaterThanOrEqual(120);
    const zones = Object.fromEntries(comparison!.zones.map((z) => [z.zone, [!!z.present, !!z.changed]]));
    expect(zones).toEqual({
      west: [true, true],
      middle: [true, true],
      east: [true, false],
      corner: [false, true],
    });
    expect(
      comparison!.differences.some(({ zone, present }) => zone === 'corner' && present === 'absent'),
    ).toBe(true);
    expect(comparison!.differences.filter(({ zone }) => zone === 'west')).toEqual([]);
  });

  it('other bounds: frames that were too late are taken in', async () => {
    const changes = parseRules('{"bounds":{"latenessMs":60000}}');
    await replay('bounds', { changes });
    const late = (messages: readonly StoredMessage[]): number =>
      messages.filter(({ subject }) => subject.startsWith('late.')).length;
    expect(late(liveResults())).toBeGreaterThan(0);
    expect(late(await sessionResults('bounds'))).toBe(0);
  });
});

describe('threads', () => {
  it('parts in time computed side by side are the whole', async () => {
    const changes = parseRules('{"levels":{"uses":{"moving":{"red":5.5}}}}');
    const before = await liveState();
    const whole = await replay('whole', { changes });
    const parts = await replay('parts', { changes, threads: { servers: server.url, most: 3 } });
    expect([whole.threads, parts.threads]).toEqual([1, 3]);
    expect(parts.state).toBe('complete');
    expect(parts.forgotten).toBe(0);
    const sorted = (messages: readonly StoredMessage[]) =>
      new Map([...bySubject(messages)].map(([subject, list]) => [subject, list.sort()]));
    expect(sorted(await sessionResults('parts'))).toEqual(sorted(liveResults()));
    expect(parts.comparison).toEqual(whole.comparison);
    expect(await liveState()).toEqual(before);
  });

  it('one that fails ends the replay with its reason', async () => {
    const nowhere = smallHall('nowhere').document;
    const failing = replay('broken', { document: nowhere, threads: { servers: server.url, most: 2 } });
    await expect(failing).rejects.toMatchObject({ code: 'part-failed', message: /no frame of lab\/nowhere/ });
  });
});

describe('a frame on which a processor fails', () => {
  it('is left out as live leaves it out, and everything else comes once', async () => {
    const bad = FROM_MS + 50_100;
    const plain = densityProcessor(venue);
    const failing: typeof plain = {
      ...plain,
      create() {
        const partition = plain.create();
        return {
          onBatch(inputs) {
            if (inputs.some(({ payload }) => decodeTracks(payload).epochMs === bad))
              throw new Error('a defect');
            return partition.onBatch(inputs);
          },
          snapshot: () => partition.snapshot(),
          restore: (bytes) => partition.restore(bytes),
          figures: () => partition.figures?.() ?? {},
        };
      },
    };
    const session = await ReplaySession.open(nc, jsm, 'defect', false);
    const report = await runPass(nc, jsm, {
      org: 'lab',
      venue: 'hall',
      input: plain.input,
      lanes: [{ create: () => processorLane(failing), take: (output) => session.publish(output) }],
      fromMs: FROM_MS,
      toMs: TO_MS,
      speed: Number.POSITIVE_INFINITY,
      warmUpMs: 920_000,
      settleMs: 12_000,
      outOfOrderMs: 18_500,
      onRestart: () => session.leaveOutStored(),
    });
    await session.close();
    expect(report.state).toBe('complete');
    const got = await sessionResults('defect');
    const ids = got.map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(ids.length);
    // Every first result is there; those before the frame are live's.
    const first = (messages: readonly StoredMessage[]) =>
      messages.filter(({ subject, messageId }) => subject.startsWith('win.') && messageId.endsWith('|0'));
    expect(
      first(got)
        .map(({ messageId }) => messageId)
        .sort(),
    ).toEqual(
      first(liveResults())
        .map(({ messageId }) => messageId)
        .sort(),
    );
    const early = (messages: readonly StoredMessage[]) =>
      bySubject(messages.filter((message) => eventMs(message) < bad));
    expect(early(got)).toEqual(early(liveResults()));
    const tick = `win.density-now.lab.hall.west|500|${Math.ceil(bad / 500) * 500}|0`;
    const at = (messages: readonly StoredMessage[]) => messages.find(({ messageId }) => messageId === tick);
    expect(hex(at(got)!)).not.toBe(hex(at(liveResults())!));
  });
});

describe('a history that has been forgotten in part', () => {
  it('withholds the results that would differ, says how many, and the rest is as live said it', async () => {
    const { first_seq, last_seq } = (await jsm.streams.info(STREAM.tracks)).state;
    await jsm.streams.purge(STREAM.tracks, { seq: Math.floor((first_seq + last_seq) / 2) });
    const report = await replay('forgotten');
    expect(report.passes.density!.withheld).toBeGreaterThan(0);
    const got = await sessionResults('forgotten');
    const ids = new Set(got.map(({ messageId }) => messageId));
    const wanted = liveResults().filter(({ messageId }) => ids.has(messageId));
    expect(bySubject(got)).toEqual(bySubject(wanted));
    // The short windows are all there; those of 15 minutes reach back too far.
    expect(got.filter(({ subject }) => subject.startsWith('win.density.')).length).toBeGreaterThanOrEqual(
      360,
    );
    expect(got.filter(({ subject }) => subject.startsWith('win.density-15m.')).length).toBe(0);
  });
});
