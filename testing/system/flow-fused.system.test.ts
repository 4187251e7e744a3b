// obs.tracks -> fusion -> flow-fused through a real server: both ended and begun again, fusion dead for longer than its readers
// wait. What is said last of every window is what the partitions say without a server and without an end.
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { fusedFlowPartition, fusedFlowProcessor } from '#processors/flow/index.ts';
import { fusionProcessor } from '#processors/fusion/index.ts';
import { fusedStream } from '#processors/fusion/reading/fixtures.ts';
import { type Running, runProcessor } from '#processors/runtime/index.ts';
import {
  framesOf,
  runOut,
  START_MS,
  shuffled,
  smallVenue,
  straight,
} from '#processors/shared/fixtures/small-venue.ts';
import type { TracksInput } from '#processors/shared/input.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { fusedFlowKind } from '#streams/schema/registry.ts';
import type { FusedFlowWindow } from '#streams/schema/window.ts';
import { CLOCK_SOURCE, observationSubject } from '#streams/subjects.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { withServer } from '#testing/nats.ts';
import { readStream } from './read-stream.ts';

const venue = smallVenue();
const walkers = Array.from({ length: 60 }, (_, i) =>
  straight(i + 1, { x: i % 2 === 0 ? 6 : 14, y: 2.5 + (i % 6), vx: i % 2 === 0 ? 1 : -1, vy: 0 }, i, i + 8),
);
const inputs = shuffled(
  [...framesOf(venue, walkers, 70), ...runOut(venue, 70)],
  500,
  [0.1, 0.9, 0.4, 0.7, 0.2],
);
const timeOf = ({ payload }: TracksInput): number =>
  new DataView(payload.buffer, payload.byteOffset).getFloat64(16, true);

/** The last word on each window of each line, without its revision. */
function lastWords(
  messages: readonly { subject: string; payload: Uint8Array }[],
): Map<string, FusedFlowWindow> {
  const last = new Map<string, FusedFlowWindow>();
  for (const { subject, payload } of messages) {
    if (!subject.startsWith('win.')) continue;
    const window = fusedFlowKind.codec.decode(payload);
    const name = `${subject}|${window.end}`;
    if ((last.get(name)?.revision ?? -1) < window.revision) last.set(name, window);
  }
  return new Map([...last].map(([name, window]) => [name, { ...window, revision: 0 }]));
}

async function until(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
  for (let k = 0; k < 600; k++) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within 30 s: ${what}`);
}

it('counts through restarts, and says unknown while fusion is dead', { timeout: 120_000 }, async () => {
  await withServer(async ({ url }) => {
    const nc = await connect({ servers: url, name: 'flow-fused-test' });
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 2 ** 30 }));
    const publisher = new Publisher(nc);
    const publish = async (fromS: number, toS: number) => {
      for (const [i, { source, payload }] of inputs.entries()) {
        const second = (timeOf({ source, payload }) - START_MS) / 1000;
        if (second < fromS || second >= toS) continue;
        const subject = observationSubject('tracks', {
          org: venue.org,
          venue: venue.id,
          source: venue.cameras[source]?.id ?? CLOCK_SOURCE,
        });
        await publisher.publish({ subject, payload, messageId: `input-${i}` });
      }
      await publisher.flush();
    };
    const run = <Input>(processor: Parameters<typeof runProcessor<Input>>[0]): Promise<Running> =>
      runProcessor(processor, { nc, jsm, metrics: new MetricsRegistry() });
    const [fusing, counting] = [() => run(fusionProcessor(venue)), () => run(fusedFlowProcessor(venue))];
    const worked = (runner: Running, stream: string) =>
      until(`${stream} is read`, async () => runner.health.inputSeq >= (await lastSeq(jsm, stream)));

    // All alive; both are ended half-way and begun again.
    let fusion = await fusing();
    let flow = await counting();
    await publish(0, 10);
    await worked(fusion, STREAM.tracks);
    await fusion.drain();
    await flow.drain();
    fusion = await fusing();
    flow = await counting();
    await publish(10, 20);
    await worked(fusion, STREAM.tracks);
    await clockCopied(jsm, 20);
    await worked(flow, STREAM.fused);

    // Fusion dies; the cameras go on for longer than its readers wait.
    await fusion.drain();
    await publish(20, 50);
    await clockCopied(jsm, 50);
    await worked(flow, STREAM.fused);
    await flow.drain();
    flow = await counting();
    const said = await readStream(nc, STREAM.derived, ['win.flow-fused-now.o.small.exit']);
    const meanwhile = said.map(({ payload }) => fusedFlowKind.codec.decode(payload));
    const unknown = meanwhile.filter(({ end }) => end > START_MS + 20_000);
    // The clock stands at 49 s, and 15 s behind it all is unknown.
    expect(unknown.at(-1)!.end).toBe(START_MS + 34_000);
    for (const window of unknown)
      expect(window).toMatchObject({ count: null, completeness: 0, silent: ['west', 'east'], revision: 0 });

    // It comes back, and catches up.
    fusion = await fusing();
    await worked(fusion, STREAM.tracks);
    await publish(50, 200);
    await worked(fusion, STREAM.tracks);
    await clockCopied(jsm, 90);
    await worked(flow, STREAM.fused);
    await fusion.drain();
    await flow.drain();
    await publisher.close();

    const stored = await readStream(nc, STREAM.derived, [...fusedFlowProcessor(venue).outputs]);
    expect(new Set(stored.map(({ messageId }) => messageId)).size).toBe(stored.length);
    expect(stored.filter(({ subject }) => subject.startsWith('late.'))).toEqual([]);
    const partition = fusedFlowPartition(venue);
    const want = lastWords(partition.onBatch(fusedStream(venue, inputs)));
    expect(want.size).toBeGreaterThan(500);
    expect(lastWords(stored)).toEqual(want);
    const counted = [...want.values()].filter(({ end, start, key }) => end - start === 500 && key === 'exit');
    const sum = (way: 'in' | 'out') => counted.reduce((total, { count }) => total + (count?.[way] ?? 0), 0);
    expect([sum('in'), sum('out')]).toEqual([30, 30]);
    await nc.close();
  });
});

async function lastSeq(jsm: JetStreamManager, stream: string): Promise<number> {
  return (await jsm.streams.info(stream)).state.last_seq;
}

/** The server has copied all clock frames before this second, one each. */
function clockCopied(jsm: JetStreamManager, seconds: number): Promise<void> {
  const subject = `fused.${venue.org}.${venue.id}.${CLOCK_SOURCE}`;
  return until('the clock is copied', async () => {
    const { state } = await jsm.streams.info(STREAM.fused, { subjects_filter: subject });
    return (state.subjects?.[subject] ?? 0) >= seconds;
  });
}
