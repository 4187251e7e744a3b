// An hour of a venue of 1,000 persons at 10 Hz (10 cameras of 100 persons) replayed at maximum speed, warm-up included, into
// a session; beside it, a sample of the results compared with live's, byte for byte.
// By default ten minutes of the hour are measured, and two, and the hour is extrapolated along the line through both, so that
// the warm-up counts once; REPLAY_FULL=1 replays the hour itself.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Venue, writeVenue } from '#models/venue/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { runReplay } from '#processors/replay/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { eventTimeOf } from '#streams/replay/index.ts';
import { findProgram, startServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { arena, arenaMessages, CAMERAS, FRAMES_PER_SECOND, PERSONS, START_MS } from './replay/arena.ts';

const HOUR_S = 3_600;
const DEFAULT_S = 600;
const SHORT_S = 120;
/** The longest window and its margins: read before the span, and not published. */
const WARM_UP_S = 940;
const ROUNDS = 3;

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const full = process.env.REPLAY_FULL === '1';
  const seconds = full ? HOUR_S : DEFAULT_S;
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tidewatch-bench-'));
  const server = await startServer({ serverPath: (await findProgram()).path, dataFolder, temporary: true });
  const nc = await connect({ servers: server.url, name: 'bench replay' });
  try {
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 16 * 2 ** 30 }));
    const venue = arena();
    // The end of the span closes when time goes on behind it.
    await publish(nc, venue, WARM_UP_S + seconds + 20);
    const fromMs = START_MS + WARM_UP_S * 1000;
    const toMs = fromMs + seconds * 1000;
    const long: Measured[] = [];
    const short: Measured[] = [];
    for (let round = 0; round < (full ? 1 : ROUNDS); round++) {
      long.push(await replay(nc, jsm, venue, fromMs, toMs, `long-${round}`));
      if (!full) short.push(await replay(nc, jsm, venue, fromMs, fromMs + SHORT_S * 1000, `short-${round}`));
    }
    const equal = await compareWithLive(nc, jsm, venue, fromMs, toMs);
    const measured = median(long);
    const positionsPerS = (measured.messages * PERSONS) / measured.seconds;
    const perSecond = full ? 0 : (measured.seconds - median(short).seconds) / (seconds - SHORT_S);
    const hourS = measured.seconds + (HOUR_S - seconds) * perSecond;
    const size = `${CAMERAS} cameras x ${PERSONS} persons x ${FRAMES_PER_SECOND} Hz`;
    console.log(
      `${size}: ${seconds} s of event time after ${WARM_UP_S} s of warm-up, median of ${long.length}`,
    );
    console.table({
      measured: { 'event time s': seconds, 'wall s': round2(measured.seconds), results: measured.results },
      [full ? 'the hour' : 'the hour, extrapolated']: {
        'event time s': HOUR_S,
        'wall s': round2(hourS),
        results: '',
      },
    });
    console.log(
      `${(positionsPerS / 1e6).toFixed(2)} M positions/s; ${Math.round(HOUR_S / hourS)} times real time; ` +
        `${equal.compared} of ${equal.live} results of live compared, all byte-equal`,
    );
    return {
      hour_s: round2(hourS),
      hour_is: full ? 'measured' : `extrapolated from ${seconds} s and ${SHORT_S} s`,
      measured_s: round2(measured.seconds),
      measured_event_s: seconds,
      positions_per_s: Math.round(positionsPerS),
      speed_factor: Math.round(HOUR_S / hourS),
      results: measured.results,
      results_equal_to_live: equal.compared,
    };
  } finally {
    await nc.close();
    await server.stop();
  }
}

async function publish(nc: NatsConnection, venue: Venue, seconds: number): Promise<void> {
  const publisher = new Publisher(nc);
  for (const message of arenaMessages(venue, seconds)) await publisher.publish(message);
  await publisher.close();
}

interface Measured {
  readonly seconds: number;
  readonly messages: number;
  readonly results: number;
}

async function replay(
  nc: NatsConnection,
  jsm: JetStreamManager,
  venue: Venue,
  fromMs: number,
  toMs: number,
  session: string,
): Promise<Measured> {
  const report = await runReplay(nc, jsm, {
    document: JSON.stringify(writeVenue(venue)),
    processors: ['density'],
    fromMs,
    toMs,
    speed: Number.POSITIVE_INFINITY,
    session,
  });
  if (report.state !== 'complete') throw new Error(`the replay ${report.state} before the end of the span`);
  if (report.forgotten > 0)
    throw new Error(`${report.forgotten} results were forgotten: the stream is too small`);
  const { messages } = report.passes.density!;
  return { seconds: report.seconds, messages, results: report.published };
}

/** Live over the same history; then the replay's results, each looked up by subject and id. */
async function compareWithLive(
  nc: NatsConnection,
  jsm: JetStreamManager,
  venue: Venue,
  fromMs: number,
  toMs: number,
): Promise<{ live: number; compared: number }> {
  const { last_seq } = (await jsm.streams.info(STREAM.tracks)).state;
  const runner = await runProcessor(densityProcessor(venue), { nc, jsm, metrics: new MetricsRegistry() });
  while (runner.health.inputSeq < last_seq) {
    if (runner.health.state !== 'running') await runner.done;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await runner.drain();
  const live = new Map<string, Uint8Array>();
  for (const stream of [STREAM.derived, STREAM.grid]) {
    await eachMessage(nc, jsm, stream, [], (subject, id, payload, headers) => {
      const atMs = eventTimeOf({ subject, payload, headers });
      if (atMs > fromMs && atMs <= toMs) live.set(id, payload.slice());
    });
  }
  const known = live.size;
  let compared = 0;
  await eachMessage(nc, jsm, STREAM.replay, ['replay.long-0.>'], (subject, id, payload) => {
    if (subject === 'replay.long-0.status') return;
    const original = id.split('|').slice(2).join('|');
    const wanted = live.get(original);
    if (wanted === undefined) throw new Error(`replay computed ${original}, which live did not`);
    if (Buffer.compare(wanted, payload) !== 0) throw new Error(`replay and live differ in ${original}`);
    live.delete(original);
    compared++;
  });
  if (live.size > 0) throw new Error(`live computed ${live.keys().next().value}, which replay did not`);
  return { live: known, compared };
}

async function eachMessage(
  nc: NatsConnection,
  jsm: JetStreamManager,
  stream: string,
  filters: readonly string[],
  take: (subject: string, id: string, payload: Uint8Array, headers: Record<string, string>) => void,
): Promise<void> {
  const reader = await BatchConsumer.open(nc, jsm, { stream, filters, start: 'first' });
  try {
    if (reader.pendingAtOpen === 0) return;
    for (;;) {
      const batch = await reader.next();
      if (batch === undefined) throw new Error(`reading ${stream} stopped`);
      for (const { subject, data, headers } of batch.messages) {
        const time = headers?.get('ce-time') ?? '';
        take(subject, headers?.get('Nats-Msg-Id') ?? '', data, time === '' ? {} : { 'ce-time': time });
      }
      if (batch.pending === 0) return;
    }
  } finally {
    await reader.close();
  }
}

function median(rounds: readonly Measured[]): Measured {
  const sorted = [...rounds].sort((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
