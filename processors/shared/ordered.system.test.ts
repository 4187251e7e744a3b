// Flow, pressure and dwell through a real JetStream server and the runner, shuffled and ended half-way: what the stream holds is
// what the pure partition says.
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { CLOCK_SOURCE, observationSubject } from '#streams/subjects.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { withServer } from '#testing/nats.ts';
import { dwellPartition, dwellProcessor } from '../dwell/index.ts';
import { flowPartition, flowProcessor } from '../flow/index.ts';
import { pressurePartition, pressureProcessor } from '../pressure/index.ts';
import { runProcessor } from '../runtime/index.ts';
import {
  deliver,
  framesOf,
  linesOf,
  runOut,
  shuffled,
  smallVenue,
  straight,
} from './fixtures/small-venue.ts';

const venue = smallVenue();
const walkers = Array.from({ length: 30 }, (_, i) =>
  straight(i, { x: (i * 7) % 20, y: 1 + ((i * 3) % 8), vx: i % 2 === 0 ? 1 : -1, vy: 0.1 }, i / 10, 10),
);
const inputs = shuffled(
  [...framesOf(venue, walkers, 12), ...runOut(venue, 12)],
  500,
  [0.1, 0.9, 0.4, 0.7, 0.2],
);

it.each([
  ['flow', () => flowProcessor(venue), () => flowPartition(venue)],
  ['pressure', () => pressureProcessor(venue), () => pressurePartition(venue)],
  ['dwell', () => dwellProcessor(venue), () => dwellPartition(venue)],
] as const)('%s', { timeout: 60_000 }, async (_, processorOf, partitionOf) => {
  await withServer(async ({ url }) => {
    const nc = await connect({ servers: url, name: 'ordered-test' });
    const jsm = await jetstreamManager(nc);
    await apply(jsm, topology({ storageBytes: 2 ** 30 }));
    const publisher = new Publisher(nc);
    const publish = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const { source, payload } = inputs[i]!;
        const subject = observationSubject('tracks', {
          org: venue.org,
          venue: venue.id,
          source: venue.cameras[source]?.id ?? CLOCK_SOURCE,
        });
        await publisher.publish({ subject, payload, messageId: `input-${i}` });
      }
      await publisher.flush();
    };
    const processor = processorOf();
    const half = inputs.length / 2;
    for (const [from, to] of [
      [0, half | 0],
      [half | 0, inputs.length],
    ] as const) {
      const runner = await runProcessor(processor, { nc, jsm, metrics: new MetricsRegistry() });
      await publish(from, to);
      while (runner.health.inputSeq < to) await new Promise((resolve) => setTimeout(resolve, 20));
      await runner.drain();
    }
    await publisher.close();

    const want = linesOf(deliver(partitionOf, inputs));
    const reader = await BatchConsumer.open(nc, jsm, {
      stream: STREAM.derived,
      filters: [...processor.outputs],
      start: 'first',
    });
    const got: string[] = [];
    while (got.length < reader.pendingAtOpen) {
      for (const { data, headers } of (await reader.next())!.messages)
        got.push(`${headers!.get('Nats-Msg-Id')} ${new TextDecoder().decode(data)}`);
    }
    await reader.close();
    await nc.close();
    expect(got).toEqual(want);
    expect(got.length).toBeGreaterThan(100);
  });
});
