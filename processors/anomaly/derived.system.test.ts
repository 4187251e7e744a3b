// Processors that read results and write results, in one stream: through JetStream, stopped between and started again, they
// store exactly what the pure partition says, once each.
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forecastProcessor } from '#processors/forecast/index.ts';
import { type Processor, runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { densityKind } from '#streams/schema/registry.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { windowSubject } from '#streams/subjects.ts';
import { topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import { ticks, venueOfBoxes } from '../shared/fixtures/density-windows.ts';
import { anomalyProcessor } from './index.ts';

const venue = venueOfBoxes(['north', 'south'], ['north', 'south']);
const windows = ticks(venue, 0, 600, (second, zone) => ({
  count: 30 + 10 * zone + 5 * Math.sin(second / 9),
  speed: 1,
}));

let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: Awaited<ReturnType<typeof connect>>;
let jsm: Awaited<ReturnType<typeof jetstreamManager>>;
beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'derived-test' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
});
afterAll(async () => {
  await nc.close();
  await server.stop(1_000);
});

async function publish(part: readonly DensityWindow[]): Promise<void> {
  const publisher = new Publisher(nc, { maxAttempts: 100 });
  for (const one of part) {
    const subject = windowSubject('density', one.org, one.venue, one.key);
    const messageId = `${subject}|5000|${one.end}|${one.revision}`;
    await publisher.publish({ subject, payload: densityKind.codec.encode(one), messageId });
  }
  await publisher.close();
}

async function stored(filters: readonly string[]): Promise<string[]> {
  const reader = await BatchConsumer.open(nc, jsm, { stream: 'DERIVED', filters, start: 'first' });
  const all: string[] = [];
  while (all.length < reader.pendingAtOpen) {
    for (const { subject, data } of (await reader.next())!.messages)
      all.push(`${subject} ${new TextDecoder().decode(data)}`);
  }
  await reader.close();
  return all;
}

async function runUntil<Input>(processor: Processor<Input>, count: number): Promise<void> {
  const running = await runProcessor(processor, {
    nc,
    jsm,
    metrics: new MetricsRegistry(),
    checkpointMs: 20,
  });
  for (const end = Date.now() + 30_000; (await stored(processor.outputs)).length < count; await delay(50)) {
    if (Date.now() > end) throw new Error(`${processor.name}: ${count} outputs are not there`);
  }
  await running.drain();
}

/** What a processor's partition says of the input before and behind `cut`, and how to run it until so much is stored. */
function trial<Input>(processor: Processor<Input>, input: readonly Input[], cut: number) {
  const partition = processor.create();
  const said = [input.slice(0, cut), input.slice(cut)].map((part) =>
    partition.onBatch(part).map(({ subject, payload }) => `${subject} ${new TextDecoder().decode(payload)}`),
  );
  return { outputs: processor.outputs, said, run: (count: number) => runUntil(processor, count) };
}

describe('processors within the stream of results', () => {
  it('store what the partition says, once each, across a stop and a start', async () => {
    const cut = 2 * 365;
    const trials = [
      trial(anomalyProcessor(venue), windows, cut),
      trial(forecastProcessor(venue), windows, cut),
    ];
    await publish(windows.slice(0, cut));
    for (const { said, run } of trials) await run(said[0]!.length);
    await publish(windows.slice(cut));
    for (const { said, run, outputs } of trials) {
      const all = said.flat();
      await run(all.length);
      expect(all.length).toBeGreaterThan(said[0]!.length);
      expect(await stored(outputs)).toEqual(all);
    }
  });
});
