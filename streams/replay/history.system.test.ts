// The place where event time begins, against a real stream and a plain look at every frame in it.
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { Publisher } from '#streams/publish.ts';
import { startOfHistory } from '#streams/replay/index.ts';
import { emptyTrackFrame, encodeTracks } from '#streams/schema/tracks.ts';
import type { RunningServer } from '#streams/server/index.ts';
import { topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';

const START_MS = 1_750_000_000_000;
const MARGIN_MS = 2_000;
let server: RunningServer;
let nc: NatsConnection;
let jsm: JetStreamManager;
/** Every frame in stream order; the first has sequence 1. */
const frames: { venue: string; source: string; epochMs: number }[] = [];

/** Second by second: two cameras, a third whose clock is an hour ahead, perhaps a clock, another venue; silent from 200 to 300 s. */
function fill(venue: string, clock: boolean): void {
  for (let second = 0; second < 400; second++) {
    const epochMs = START_MS + second * 1000;
    if (second < 200 || second >= 300) {
      if (clock) frames.push({ venue, source: 'clock', epochMs });
      for (const source of ['a', 'b', 'a', 'b'])
        frames.push({ venue, source, epochMs: epochMs + (second % 7) * 100 });
      frames.push({ venue, source: 'skewed', epochMs: epochMs + 3_600_000 });
    }
    frames.push({ venue: 'other', source: 'x', epochMs });
  }
}

beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'history test' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
  fill('with-clock', true);
  fill('without', false);
  const publisher = new Publisher(nc);
  for (const [seq, { venue, source, epochMs }] of frames.entries()) {
    const frame = emptyTrackFrame({ epochMs, level: 0, seq, clock: source === 'clock' }, 0);
    const subject = `obs.tracks.lab.${venue}.${source}`;
    await publisher.publish({ subject, payload: encodeTracks(frame), messageId: `${seq}` });
  }
  await publisher.close();
});
afterAll(async () => {
  await nc?.close();
  await server?.stop();
});

/** Sequence of the first frame of a venue's right cameras from `epochMs` on. */
function firstSeq(venue: string, epochMs: number): number {
  const right = (f: (typeof frames)[number]): boolean => f.venue === venue && f.source !== 'skewed';
  return frames.findIndex((f) => right(f) && f.epochMs >= epochMs) + 1;
}

it.each(['with-clock', 'without'])('is never too late, and not much too early: venue %s', async (venue) => {
  for (const second of [10, 57, 150, 199, 301, 350, 390]) {
    const epochMs = START_MS + second * 1000;
    const { after, completeFromMs } = await startOfHistory(jsm, { org: 'lab', venue }, epochMs, MARGIN_MS);
    expect(after.seq, `second ${second}`).toBeLessThan(firstSeq(venue, epochMs - MARGIN_MS));
    // Within the silence it goes back to before it; else a few seconds.
    const early = second >= 300 && second <= 304 ? 210_000 : 8_000;
    expect(after.seq + 1).toBeGreaterThanOrEqual(
      firstSeq(venue, Math.max(START_MS, epochMs - MARGIN_MS - early)),
    );
    expect(completeFromMs).toBe(Number.NEGATIVE_INFINITY);
  }
});

it('after a silence begins before it, so that the gap is seen', async () => {
  const start = await startOfHistory(jsm, { org: 'lab', venue: 'with-clock' }, START_MS + 260_000, MARGIN_MS);
  expect(start.after.seq).toBeLessThan(firstSeq('with-clock', START_MS + 199_000 - MARGIN_MS));
});

it('before the beginning is the beginning; behind the end its last frames', async () => {
  const begin = await startOfHistory(jsm, { org: 'lab', venue: 'with-clock' }, START_MS - 1e6, MARGIN_MS);
  expect(begin.after.seq).toBe(0);
  const end = await startOfHistory(jsm, { org: 'lab', venue: 'with-clock' }, START_MS + 1e9, MARGIN_MS);
  expect(end.after.seq).toBeGreaterThan(firstSeq('with-clock', START_MS + 390_000));
});

it('a venue without frames is told by name', async () => {
  const missing = startOfHistory(jsm, { org: 'lab', venue: 'moon' }, START_MS, MARGIN_MS);
  await expect(missing).rejects.toMatchObject({ code: 'consume-failed', message: /no frame of lab\/moon/ });
});

it('says from when history is whole once its beginning is forgotten', async () => {
  await jsm.streams.purge('OBS_TRACKS', { seq: firstSeq('with-clock', START_MS + 100_000) });
  const { completeFromMs } = await startOfHistory(
    jsm,
    { org: 'lab', venue: 'with-clock' },
    START_MS,
    MARGIN_MS,
  );
  expect(completeFromMs).toBeGreaterThanOrEqual(START_MS + 100_000 + MARGIN_MS);
  expect(completeFromMs).toBeLessThanOrEqual(START_MS + 110_000 + MARGIN_MS);
});
