// Measures a scene through JetStream: its frames are published out of order, the scene processor runs on them as it would
// live, and the results are read back from the stream. The server is a private temporary one unless one is named.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { MeasureError, type Scene, type SceneMeasures, type Trajectories } from '#models/crowd/index.ts';
import { Random } from '#models/simulation/index.ts';
import { type Running, runProcessor } from '#processors/runtime/index.ts';
import { sceneProcessor } from '#processors/scene/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { Publisher } from '#streams/publish.ts';
import { sceneKind } from '#streams/schema/registry.ts';
import type { SceneFrame } from '#streams/schema/scene.ts';
import { findProgram, startServer } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { assembleScene } from './assemble.ts';
import { type SceneStream, sceneMessages } from './scene-frames.ts';

export interface StreamOptions {
  /** URL of a server whose streams are set up; absent: a private temporary one. */
  readonly nats?: string;
  /** Decides the order of arrival. */
  readonly seed?: number;
  /** The venue token its subjects carry; must be new on a server that is kept. */
  readonly venue?: string;
}

/** A server that does nothing for so long has lost something, ms. */
const STALLED_MS = 60_000;
const STORAGE_BYTES = 1024 ** 3;

/** @throws MeasureError, StreamsError or a server's start error, each saying what to do */
export async function measureStreamed(
  t: Trajectories,
  scene: Scene,
  options: StreamOptions = {},
): Promise<{ trajectories: Trajectories; measures: SceneMeasures; messages: number }> {
  const venue = options.venue ?? `scene-${Date.now().toString(36)}-${process.pid}`;
  const random = new Random(options.seed ?? 1);
  const stream = sceneMessages(t, scene, { org: 'measure', venue }, () => random.uniform());
  const results =
    options.nats === undefined
      ? await withTemporaryServer((url) => throughServer(url, stream, true))
      : await throughServer(options.nats, stream, false);
  return {
    ...assembleScene(results, scene, stream.ids, stream.firstFrame),
    messages: stream.messages.length,
  };
}

async function withTemporaryServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const { path: serverPath } = await findProgram();
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tidewatch-measure-'));
  try {
    const server = await startServer({
      serverPath,
      dataFolder,
      name: 'tidewatch-measure',
      temporary: true,
    });
    try {
      return await use(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

async function throughServer(url: string, stream: SceneStream, mine: boolean): Promise<SceneFrame[]> {
  const { streamed, messages } = stream;
  const nc = await connect({ servers: url, name: 'tidewatch measure' });
  try {
    const jsm = await jetstreamManager(nc);
    if (mine) await apply(jsm, topology({ storageBytes: STORAGE_BYTES }));
    const partition = `${streamed.org}--${streamed.venue}`;
    const processor = sceneProcessor(streamed);
    const runner = await runProcessor(processor, { nc, jsm, metrics: new MetricsRegistry(), partition });
    try {
      const publisher = new Publisher(nc);
      for (const message of messages) await publisher.publish(message);
      await publisher.close();
      return await collect(runner, stream, () =>
        BatchConsumer.open(nc, jsm, {
          stream: STREAM.derived,
          filters: [...processor.outputs],
          start: 'first',
        }),
      );
    } finally {
      await runner.drain();
    }
  } finally {
    await nc.close();
  }
}

async function collect(
  runner: Running,
  { frames }: SceneStream,
  open: () => Promise<BatchConsumer>,
): Promise<SceneFrame[]> {
  const results: SceneFrame[] = [];
  const consumer = await open();
  const ended = runner.done.then(() => {
    throw new MeasureError('the scene processor stopped before all frames were measured');
  });
  // Raced with below; a failure between two races must not be an unhandled rejection.
  ended.catch(() => undefined);
  try {
    while (results.length < frames) {
      const batch = await within(Promise.race([consumer.next(), ended]), () =>
        describe(runner, results.length),
      );
      if (batch === undefined) throw new MeasureError('the results ended before all frames were measured');
      for (const { subject, data } of batch.messages) {
        if (subject.startsWith('late.'))
          throw new MeasureError(`a frame came too late: ${new TextDecoder().decode(data)}`);
        results.push(sceneKind.codec.decode(data));
      }
    }
    return results;
  } finally {
    await consumer.close();
  }

  function describe({ health }: Running, got: number): string {
    return (
      `no result for ${STALLED_MS / 1000} s: ${got} of ${frames} frames are measured, processor ${health.state}, ` +
      `${health.undecodable + health.poisonous} messages set aside`
    );
  }
}

async function within<T>(work: Promise<T>, describe: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MeasureError(describe())), STALLED_MS);
  });
  try {
    return await Promise.race([work, stalled]);
  } finally {
    clearTimeout(timer);
  }
}
