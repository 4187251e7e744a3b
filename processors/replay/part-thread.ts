// What the thread of one part of a replay does: connect, compute its part, and tell.
import { parentPort, workerData } from 'node:worker_threads';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '#streams/connect.ts';
import { messageOf } from '#streams/errors.ts';
import type { PartMessage, PartTask } from './parts.ts';
import { runPasses } from './passes.ts';
import { scenesOf } from './scenes.ts';
import { ReplaySession } from './session.ts';

// Only parts.ts starts this thread, and its type is checked there.
const task: PartTask = workerData;
const port = parentPort;
if (port === null) throw new Error('part-thread.ts runs only as the thread of a replay');

const REQUEST_MS = 30_000;

function tell(message: PartMessage): void {
  port?.postMessage(message);
}

async function work({ servers, processors, scene, session: key }: PartTask): Promise<void> {
  const abort = new AbortController();
  port?.on('message', () => abort.abort());
  const nc = await connect({ servers, name: 'tidewatch replay part' });
  // Threads that keep every core busy are answered late.
  const jsm = await jetstreamManager(nc, { timeout: REQUEST_MS });
  const session = key === undefined ? undefined : ReplaySession.join(nc, jsm, key);
  try {
    const scenes = scenesOf(scene);
    const passes = await runPasses(nc, jsm, {
      processors,
      scenes,
      session,
      fromMs: scene.fromMs,
      toMs: scene.toMs,
      speed: Number.POSITIVE_INFINITY,
      signal: abort.signal,
      onProgress: (eventMs) => {
        tell({ kind: 'progress', eventMs, results: session?.results ?? 0 });
        return undefined;
      },
    });
    await session?.close();
    tell({
      kind: 'done',
      passes,
      recorded: scenes.list.map(({ recorders: { density, results } }) => ({
        // Who did not compute density here would know it as unknown.
        density: processors.includes('density') ? density?.recorded() : undefined,
        results: results.recorded(),
      })),
      published: session?.results ?? 0,
      sent: session?.sent ?? 0,
    });
  } catch (error) {
    session?.abandon();
    tell({ kind: 'failed', message: messageOf(error) });
  } finally {
    await nc.close();
    // Nothing more can come; an open port would keep the thread.
    port?.removeAllListeners('message');
  }
}

await work(task);
