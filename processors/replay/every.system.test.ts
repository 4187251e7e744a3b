// Every processor replayed beside live over one history: its results are live's, byte for byte, whether it reads frames, gates
// or other processors' results, live's or the session's; and where they are not, the report says so.
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anomalyProcessor } from '#processors/anomaly/index.ts';
import { rasterAnomalyProcessor } from '#processors/anomaly-raster/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { dwellProcessor } from '#processors/dwell/index.ts';
import { fusedFlowProcessor } from '#processors/flow/index.ts';
import { forecastProcessor } from '#processors/forecast/index.ts';
import { fusionProcessor } from '#processors/fusion/index.ts';
import { driftProcessor, gatesProcessor, occupancyProcessor } from '#processors/occupancy/index.ts';
import { pressureProcessor } from '#processors/pressure/index.ts';
import { type Processor, runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import {
  messageTimeOf,
  parseReplaySubject,
  replayFilter,
  replayStatusSubject,
} from '#streams/replay/index.ts';
import type { RunningServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import { readStream, type StoredMessage } from '#testing/system/read-stream.ts';
import { parseRules } from './rules.ts';
import { type ReplayReport, type ReplayRequest, runReplay } from './run.ts';
import { hallCounts, hallTraffic, START_MS, smallHall } from './scene.ts';

const SECONDS = 1_560;
const FROM_MS = START_MS + 1_200_000;
const TO_MS = FROM_MS + 120_000;
const { venue, document } = smallHall('hall');

let server: RunningServer;
let nc: NatsConnection;
let jsm: JetStreamManager;
let live: readonly StoredMessage[];

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'replay of every processor' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
  const publisher = new Publisher(nc);
  for (const message of hallTraffic(venue, SECONDS, 7, 60)) await publisher.publish(message);
  for (const message of hallCounts(venue, SECONDS)) await publisher.publish(message);
  await publisher.close();
  await toTheEnd(gatesProcessor(venue));
  await toTheEnd(occupancyProcessor(venue));
  await toTheEnd(densityProcessor(venue));
  await toTheEnd(pressureProcessor(venue));
  await toTheEnd(fusionProcessor(venue));
  await toTheEnd(fusedFlowProcessor(venue));
  await toTheEnd(rasterAnomalyProcessor(venue));
  await toTheEnd(dwellProcessor(venue));
  await toTheEnd(driftProcessor(venue));
  await toTheEnd(anomalyProcessor(venue));
  await toTheEnd(forecastProcessor(venue));
  live = [];
  for (const stream of [STREAM.derived, STREAM.grid, STREAM.fused]) {
    live = [...live, ...(await readStream(nc, stream))];
  }
}, 240_000);

afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

/** Runs a processor live until it has read all there is of its input. */
async function toTheEnd<Input>(processor: Processor<Input>): Promise<void> {
  const { stream, filters } = processor.input;
  let last = 0;
  for (const filter of filters) {
    const message = await jsm.streams.getMessage(stream, { last_by_subj: filter });
    last = Math.max(last, message?.seq ?? 0);
  }
  const running = await runProcessor(processor, { nc, jsm, metrics: new MetricsRegistry() });
  while (running.health.inputSeq < last) {
    if (running.health.state !== 'running') await running.done;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await running.drain();
}

/** Live's results of the span. */
function liveResults(of: RegExp): StoredMessage[] {
  return live.filter(({ subject, payload, messageId }) => {
    if (!of.test(subject)) return false;
    const at = subject.startsWith('late.') ? lateMs(messageId) : messageTimeOf({ subject, payload })!;
    return at > FROM_MS && at <= TO_MS;
  });
}

/** `subject|reason|time|seq`, and of a gap `subject|gap|from|to`. */
function lateMs(messageId: string): number {
  const parts = messageId.split('|');
  return Number(parts[1] === 'gap' ? parts[3] : parts[2]);
}

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

/** Per subject, ids and bytes in order. */
function bySubject(messages: readonly StoredMessage[]): Map<string, string[]> {
  const subjects = new Map<string, string[]>();
  for (const { subject, messageId, payload } of messages) {
    const line = `${messageId} ${Buffer.from(payload).toString(/^(fused|grid)\./.test(subject) ? 'hex' : 'utf8')}`;
    subjects.set(subject, [...(subjects.get(subject) ?? []), line]);
  }
  return new Map([...subjects].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What differs, by subject: the first line of each that does; empty for what is equal. */
function differing(
  got: readonly StoredMessage[],
  wanted: readonly StoredMessage[],
  sorted = false,
): string[] {
  const [have, want] = [bySubject(got), bySubject(wanted)];
  return [...new Set([...have.keys(), ...want.keys()])].flatMap((subject) => {
    const [a, b] = [have.get(subject) ?? [], want.get(subject) ?? []];
    if (sorted) for (const lines of [a, b]) lines.sort();
    const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
    if (at === undefined) return [];
    return [`${subject}: ${a.length} of ${b.length}; ${at}: ${a[at]} instead of ${b[at]}`.slice(0, 700)];
  });
}

function replay(
  session: string,
  processors: readonly string[],
  more: Partial<ReplayRequest> = {},
): Promise<ReplayReport> {
  return runReplay(nc, jsm, {
    document,
    processors,
    fromMs: FROM_MS,
    toMs: TO_MS,
    speed: Number.POSITIVE_INFINITY,
    session,
    ...more,
  });
}

const OF: Readonly<Record<string, { readonly subjects: RegExp; readonly least: number }>> = {
  pressure: { subjects: /^(win\.pressure|late\.pressure)/, least: 1_000 },
  fusion: { subjects: /^(win\.density-fused|late\.fusion|fused\.lab\.hall\.(\d|tick))/, least: 1_000 },
  dwell: { subjects: /^(win\.dwell|late\.dwell)/, least: 300 },
  gates: { subjects: /^(win\.counter|win\.exits)\./, least: 12 },
  occupancy: { subjects: /^(win\.occupancy|win\.gate)\./, least: 24 },
  drift: { subjects: /^win\.drift\./, least: 2 },
  'flow-fused': { subjects: /^(win\.flow-fused|late\.flow-fused)/, least: 300 },
  anomaly: { subjects: /^anom\.(?!raster)/, least: 10 },
  'anomaly-raster': { subjects: /^anom\.raster\./, least: 10 },
  forecast: { subjects: /^fcst\./, least: 8 },
};

describe('replay equals live', () => {
  it.each(Object.entries(OF))('%s', async (name, { subjects, least }) => {
    const report = await replay(`one-${name}`, [name]);
    const wanted = liveResults(subjects);
    expect(wanted.length).toBeGreaterThanOrEqual(least);
    expect(differing(await sessionResults(`one-${name}`), wanted)).toEqual([]);
    expect(report.state).toBe('complete');
    expect(report.passes[name]!.differs).toEqual([]);
    console.log(`${name}: ${wanted.length} results equal to live's, ${report.seconds.toFixed(1)} s`);
  });

  it('scores and forecasts of the windows that the same session computes', async () => {
    const report = await replay('tied', ['forecast', 'density', 'anomaly']);
    expect(Object.keys(report.passes)).toEqual(['forecast', 'density', 'anomaly']);
    expect(report.state).toBe('complete');
    const wanted = liveResults(
      /^(win\.density(-now|-60s|-15m)?\.|grid\.|late\.density\.|anom\.(?!raster)|fcst\.)/,
    );
    expect(differing(await sessionResults('tied'), wanted)).toEqual([]);
    // Who reads several things is told of their order; here the others are silent.
    for (const { differs } of Object.values(report.passes)) {
      expect(differs.filter((line) => !line.includes('in order of event time'))).toEqual([]);
    }
  });

  it('rasters that the same session computes', async () => {
    await replay('rasters', ['density', 'anomaly-raster']);
    const got = (await sessionResults('rasters')).filter(({ subject }) => subject.startsWith('anom.'));
    expect(differing(got, liveResults(/^anom\.raster\./))).toEqual([]);
  });

  it('persons that the same session fuses are taken between the ticks of the clock, as where live keeps up', async () => {
    // Live was run here behind a clock that was far ahead, and found everybody late.
    await replay('fused', ['flow-fused', 'fusion']);
    const got = await sessionResults('fused');
    expect(got.filter(({ subject }) => subject.startsWith('late.flow-fused.'))).toEqual([]);
    const now = got.filter(({ subject }) => subject === 'win.flow-fused-now.lab.hall.door');
    expect(now.length).toBe(240);
    // A frame in fifty comes too late for its tick, also where live keeps up.
    const whole = now.filter(({ payload }) => JSON.parse(Buffer.from(payload).toString()).completeness === 1);
    expect(whole.length).toBeGreaterThan(220);
  });

  it('beside threads that compute parts of what can be cut', async () => {
    const threads = { servers: server.url, most: 2 };
    const report = await replay('mixed', ['pressure', 'density', 'anomaly'], { threads });
    expect(report.threads).toBe(2);
    const wanted = liveResults(
      /^(win\.density(-now|-60s|-15m)?\.|grid\.|late\.density\.|anom\.(?!raster)|win\.pressure|late\.pressure)/,
    );
    expect(differing(await sessionResults('mixed'), wanted, true)).toEqual([]);
  });
});

describe('rules over results', () => {
  it('judge what other processors say, bring those along, and tell what cannot be known', async () => {
    const rule = { raiseAfterSeconds: 0, clearAfterSeconds: 0 };
    const changes = parseRules(
      JSON.stringify({
        rules: [
          { ...rule, name: 'score', metric: 'anom.count', field: 'score', above: { red: 0 }, keys: ['west'] },
          { ...rule, name: 'many', metric: 'fcst.count-all', field: 'bands.5m.p50', above: { blue: 0 } },
          { ...rule, name: 'site', metric: 'win.occupancy', field: 'present', above: { yellow: 1 } },
          { ...rule, name: 'share', metric: 'win.occupancy', field: 'share', above: { red: 0.9 } },
        ],
        present: [
          { ...rule, name: 'site', metric: 'win.occupancy', field: 'present', above: { yellow: 1e6 } },
        ],
      }),
    );
    const report = await replay('judged', [], { changes, publish: false });
    expect(Object.keys(report.passes).sort()).toEqual(['anomaly', 'forecast', 'occupancy']);
    const rules = Object.fromEntries(report.comparison!.rules.map((one) => [one.rule, one]));
    const total = (times: { seconds: Readonly<Record<string, number>> } | undefined): number =>
      Object.values(times?.seconds ?? {}).reduce((a, b) => a + b, 0);
    for (const { keys } of Object.values(rules)) {
      for (const { changed } of keys) expect(total(changed)).toBeCloseTo(120, 6);
    }
    expect(rules.score!.keys.map(({ key }) => key)).toEqual(['west']);
    expect(rules.many!.keys.map(({ key }) => key)).toEqual(['venue']);
    const [site] = rules.site!.keys;
    expect(site!.changed!.seconds.yellow).toBeGreaterThan(60);
    expect(site!.present!.seconds.yellow).toBe(undefined);
    expect(rules.site!.differences[0]).toMatchObject({ key: 'site', present: 'none', changed: 'yellow' });
    // Nobody has approved a number for the hall: its share is unknown, and never raised.
    expect(rules.share!.keys[0]!.changed!.seconds).toEqual({ unknown: 120 });
    expect(rules.share!.notes).toEqual([expect.stringContaining('unknown over the whole span for site')]);
  });
});

describe("where results are not live's, it is said", () => {
  it('drift of gates and zones that the session computes: order of event time', async () => {
    const report = await replay('both', ['drift', 'density', 'occupancy']);
    expect(report.passes.drift!.differs).toEqual([expect.stringContaining('in order of event time')]);
    const drift = (await sessionResults('both')).filter(({ subject }) => subject.startsWith('win.drift.'));
    expect(drift.length).toBeGreaterThanOrEqual(2);
  });

  it('other zones flow through to the scores of the session', async () => {
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
      JSON.stringify({ zones: { set: { type: 'FeatureCollection', features: [corner] } } }),
    );
    const report = await replay('zones', ['anomaly'], { changes });
    // What it reads comes along.
    expect(Object.keys(report.passes)).toEqual(expect.arrayContaining(['anomaly', 'density']));
    expect(report.passes.anomaly!.differs).toContain('anomaly knows nothing of corner from before the span');
    const scores = (await sessionResults('zones')).filter(
      ({ subject }) => subject === 'anom.count.lab.hall.corner',
    );
    expect(scores.length).toBeGreaterThanOrEqual(2);
    const values = scores.map(({ payload }): unknown => JSON.parse(Buffer.from(payload).toString()).value);
    expect(values.some((value) => typeof value === 'number' && value > 0)).toBe(true);
  });

  it('a remembering processor whose history has been forgotten in part', async () => {
    await jsm.streams.purge(STREAM.events, { seq: 60 });
    const report = await replay('forgotten', ['gates', 'occupancy']);
    expect(report.passes.gates!.differs).toEqual([
      expect.stringMatching(/gates depends on everything.*OBS_EVENTS.*begins at 2025-/),
    ]);
    const totals = (messages: readonly StoredMessage[]) =>
      bySubject(messages).get('win.counter.lab.hall.door') ?? [];
    const got = totals(await sessionResults('forgotten'));
    expect(got.length).toBeGreaterThan(0);
    expect(got).not.toEqual(totals(liveResults(/^win\.counter\./)));
  });
});
