// Ten thousand bad tracks frames among good ones: each reaches quarantine with its reason, and the processor says
// what it says without them.
import { jetstreamManager } from '@nats-io/jetstream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { type OutgoingMessage, Publisher } from '#streams/publish.ts';
import { BAD_HEADER, MAX_KEPT_BYTES } from '#streams/quarantine.ts';
import {
  decodeTracks,
  emptyTrackFrame,
  encodeTracks,
  MAX_PERSONS_PER_FRAME,
  type TrackFrame,
} from '#streams/schema/tracks.ts';
import { topology } from '#streams/topology.ts';
import { withServer } from '#testing/nats.ts';
import type { Output, Processor } from './processor.ts';
import { runProcessor } from './runner.ts';

const SEED = 20260725;
const BAD = 10_000;
const GOOD = 2_000;
const START_MS = 1_784_980_800_000;

/** Says the number of persons of every tenth frame it has seen. */
const headcount: Processor<TrackFrame> = {
  name: 'headcount',
  stateVersion: 1,
  input: { stream: 'OBS_TRACKS', filters: ['obs.tracks.>'] },
  outputs: ['win.headcount.>'],
  decode: ({ data }) => decodeTracks(data),
  create() {
    let frames = 0;
    let persons = 0;
    return {
      onBatch(inputs) {
        const outputs: Output[] = [];
        for (const { count } of inputs) {
          persons += count;
          if (++frames % 10 !== 0) continue;
          outputs.push({
            subject: 'win.headcount.org.venue.all',
            payload: new TextEncoder().encode(`${frames} ${persons}`),
            messageId: `headcount|${frames}`,
          });
        }
        return outputs;
      },
      snapshot: () => new TextEncoder().encode(`${frames} ${persons}`),
      restore(state) {
        [frames, persons] = new TextDecoder().decode(state).split(' ').map(Number) as [number, number];
      },
    };
  },
};

function goodFrame(i: number): Uint8Array {
  const frame = emptyTrackFrame({ epochMs: START_MS + 100 * i, level: 0, seq: i }, i % 7);
  for (let p = 0; p < frame.count; p++) frame.ids[p] = p;
  return encodeTracks(frame);
}

const patched = (i: number, change: (view: DataView) => void): Uint8Array => {
  const bytes = encodeTracks(emptyTrackFrame({ epochMs: START_MS + i, level: 0, seq: i }, 3));
  change(new DataView(bytes.buffer));
  return bytes;
};

/** Ways to be bad, each with what its reason must say. */
const badPayload: fc.Arbitrary<readonly [Uint8Array, RegExp]> = fc.oneof(
  fc
    .uint8Array({ maxLength: 300 })
    .filter((bytes) => Buffer.from(bytes.subarray(0, 4)).toString() !== 'TWTF')
    .map((bytes) => [bytes, /header|magic/] as const),
  fc.nat(95).map((length) => [patched(1, () => undefined).slice(0, length), /header|bytes/] as const),
  fc
    .integer({ min: 1, max: 50 })
    .map(
      (extra) =>
        [Buffer.concat([patched(2, () => undefined), new Uint8Array(extra)]), /bytes, where/] as const,
    ),
  fc
    .integer({ min: 0, max: 255 })
    .filter((version) => version !== 1)
    .map((version) => [patched(3, (view) => view.setUint8(4, version)), /version \d+ is not 1/] as const),
  fc
    .integer({ min: MAX_PERSONS_PER_FRAME + 1, max: 0xffffffff })
    .map((count) => [patched(4, (view) => view.setUint32(8, count, true)), /exceeds/] as const),
  fc
    .constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e9)
    .map((x) => [patched(5, (view) => view.setFloat32(36, x, true)), /person 0 is at/] as const),
  fc
    .constantFrom(Number.NaN, -1, 0.5, 1e18)
    .map((time) => [patched(6, (view) => view.setFloat64(16, time, true)), /event time/] as const),
  fc.constant([new TextEncoder().encode('{"persons":[]}'), /header/] as const),
);

it(`keeps all of ${BAD} bad frames with their reasons, and its output is as without them`, async () => {
  await withServer(async (server) => {
    const nc = await connect({ servers: server.url, name: 'quarantine-test' });
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 2 ** 30 }));
    const bad = fc.sample(badPayload, { seed: SEED, numRuns: BAD });
    const huge = new Uint8Array(24 + 24 * (MAX_PERSONS_PER_FRAME + 1));
    huge.set(patched(7, (view) => view.setUint32(8, MAX_PERSONS_PER_FRAME + 1, true)).subarray(0, 24));
    bad.push([huge, /exceeds/]);
    const publisher = new Publisher(nc);
    const send = (payload: Uint8Array, messageId: string, subject = 'obs.tracks.org.venue.cam') =>
      publisher.publish({ subject, payload, messageId } satisfies OutgoingMessage);
    const perGood = Math.ceil(bad.length / GOOD);
    for (let i = 0; i < GOOD; i++) {
      await send(goodFrame(i), `good:${i}`);
      for (let b = i * perGood; b < Math.min((i + 1) * perGood, bad.length); b++) {
        // Every hundredth comes on a subject that is no address.
        await send(bad[b]![0], `bad:${b}`, b % 100 === 0 ? 'obs.tracks.Org.X' : undefined);
      }
    }
    await publisher.close();

    const runner = await runProcessor(headcount, { nc, jsm, metrics: new MetricsRegistry() });
    const total = GOOD + bad.length;
    while (runner.health.inputSeq < total && runner.health.state === 'running')
      await new Promise((r) => setTimeout(r, 20));
    await runner.drain();
    expect(runner.health).toMatchObject({ state: 'stopped', undecodable: bad.length, poisonous: 0 });

    const quarantined = await readAll(nc, jsm, 'QUARANTINE');
    expect(quarantined).toHaveLength(bad.length);
    // In stream order, so the n-th quarantined is the n-th bad one sent.
    quarantined.forEach(({ data, headers, subject }, i) => {
      const [payload, reason] = bad[i]!;
      expect(headers?.get(BAD_HEADER.reason)).toMatch(reason);
      expect(headers?.get(BAD_HEADER.code)).toBe('frame-malformed');
      expect(subject).toBe(i % 100 === 0 ? 'bad.unknown' : 'bad.tracks.org.venue.cam');
      expect(Buffer.compare(data, payload.subarray(0, MAX_KEPT_BYTES))).toBe(0);
    });

    const partition = headcount.create();
    const want = partition.onBatch(Array.from({ length: GOOD }, (_, i) => decodeTracks(goodFrame(i))));
    const got = await readAll(nc, jsm, 'DERIVED');
    expect(got.map(({ data }) => Buffer.from(data).toString())).toEqual(
      want.map(({ payload }) => Buffer.from(payload).toString()),
    );
    await nc.close();
  });
}, 180_000);

async function readAll(
  nc: Parameters<typeof BatchConsumer.open>[0],
  jsm: Parameters<typeof BatchConsumer.open>[1],
  stream: string,
) {
  const reader = await BatchConsumer.open(nc, jsm, { stream, filters: [], start: 'first' });
  const all: Array<{ data: Uint8Array; subject: string; headers: ReturnType<typeof headersOf> }> = [];
  while (all.length < reader.pendingAtOpen) {
    for (const message of (await reader.next())!.messages) {
      all.push({ data: message.data.slice(), subject: message.subject, headers: headersOf(message) });
    }
  }
  await reader.close();
  return all;
}

function headersOf(message: { readonly headers?: { get(name: string): string } }) {
  return message.headers;
}
