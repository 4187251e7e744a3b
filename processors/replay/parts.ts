// A long span at maximum speed on a machine with many cores: cut into parts in time, each computed by a thread of its own
// with its own connection. Each part reads its own warm-up, so that its results are those of the whole.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ReplayError } from './errors.ts';
import type { PassReport } from './pass.ts';
import { type PassReports, worstState } from './passes.ts';
import type { RecordedPart } from './recorder.ts';
import type { RecordedSeries } from './rule-recorder.ts';
import type { SceneRequest, Scenes } from './scenes.ts';
import type { SessionKey } from './session.ts';

export interface PartTask {
  readonly servers: string;
  /** Those of the scene's processors that are computed in parts. */
  readonly processors: readonly string[];
  readonly scene: SceneRequest;
  /** Undefined: nothing is published. */
  readonly session: SessionKey | undefined;
}

export type PartMessage =
  | { readonly kind: 'progress'; readonly eventMs: number; readonly results: number }
  | {
      readonly kind: 'done';
      readonly passes: PassReports;
      /** Per scene, what its recorders have. */
      readonly recorded: readonly {
        readonly density: RecordedPart | undefined;
        readonly results: readonly RecordedSeries[];
      }[];
      readonly published: number;
      readonly sent: number;
    }
  | { readonly kind: 'failed'; readonly message: string };

export interface PartsRequest extends PartTask {
  readonly workers: number;
  readonly scenes: Scenes;
  readonly signal?: AbortSignal;
  /** Event time up to which everything is out, and results so far. */
  readonly onProgress: (eventMs: number, results: number) => void;
}

export interface PartsReport {
  readonly passes: PassReports;
  readonly published: number;
  /** Messages that went to the session. */
  readonly sent: number;
}

/**
 * As many threads as pay: one core is left to the server and the caller, and a part shorter than what it must read before
 * would cost more than it brings.
 */
export function usefulWorkers(spanMs: number, lookBackMs: number, cores = availableParallelism()): number {
  return Math.max(1, Math.min(cores - 1, Math.floor(spanMs / lookBackMs)));
}

/** The bounds of `count` parts of (fromMs, toMs], in order, on whole seconds so that no window end is cut. */
export function partsOf(fromMs: number, toMs: number, count: number): { fromMs: number; toMs: number }[] {
  const edges = [fromMs];
  for (let i = 1; i < count; i++) {
    const edge = Math.floor((fromMs + ((toMs - fromMs) * i) / count) / 1000) * 1000;
    if (edge > edges[edges.length - 1]!) edges.push(edge);
  }
  edges.push(toMs);
  const parts = edges.slice(1).map((edge, i) => ({ fromMs: edges[i]!, toMs: edge }));
  return parts;
}

/** @throws ReplayError `part-failed` with the reason of the first part that failed; the others are stopped */
export async function runParts(request: PartsRequest): Promise<PartsReport> {
  const { servers, processors, scene, session, scenes, workers, signal, onProgress } = request;
  const parts = partsOf(scene.fromMs, scene.toMs, workers);
  const reached = parts.map(({ fromMs }) => fromMs);
  const results = parts.map(() => 0);
  const threads = parts.map(
    (part) =>
      new Worker(new URL('./part-worker.mjs', import.meta.url), {
        workerData: { servers, processors, scene: { ...scene, ...part }, session } satisfies PartTask,
      }),
  );
  const stop = (): void => {
    for (const thread of threads) thread.postMessage('stop');
  };
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    const done = await Promise.all(
      threads.map((thread, i) =>
        outcome(thread, (eventMs, count) => {
          reached[i] = eventMs;
          results[i] = count;
          onProgress(
            earliest(parts, reached),
            results.reduce((a, b) => a + b, 0),
          );
        }),
      ),
    );
    for (const { recorded } of done) {
      for (const [i, { density, results }] of recorded.entries()) {
        const { recorders } = scenes.list[i]!;
        if (density !== undefined) recorders.density?.absorb(density);
        recorders.results.absorb(results);
      }
    }
    return {
      passes: joined(done.map(({ passes }) => passes)),
      published: done.reduce((sum, { published }) => sum + published, 0),
      sent: done.reduce((sum, { sent }) => sum + sent, 0),
    };
  } finally {
    signal?.removeEventListener('abort', stop);
    await Promise.allSettled(threads.map((thread) => thread.terminate()));
  }
}

/** Up to where everything is out: where the first part that is not at its end has got to. */
function earliest(parts: readonly { toMs: number }[], reached: readonly number[]): number {
  const open = parts.findIndex(({ toMs }, i) => reached[i]! < toMs);
  return open < 0 ? parts[parts.length - 1]!.toMs : reached[open]!;
}

type Done = Extract<PartMessage, { kind: 'done' }>;

async function outcome(
  thread: Worker,
  onProgress: (eventMs: number, results: number) => void,
): Promise<Done> {
  return new Promise((resolve, reject) => {
    const failed = (why: string): void =>
      reject(new ReplayError('part-failed', `a part of the replay failed: ${why}`, 'see the reason given'));
    thread.on('message', (message: PartMessage) => {
      if (message.kind === 'progress') onProgress(message.eventMs, message.results);
      else if (message.kind === 'done') resolve(message);
      else failed(message.message);
    });
    thread.on('error', (error) => failed(error instanceof Error ? error.message : String(error)));
    void once(thread, 'exit').then(
      ([code]) => failed(`its thread ended with ${code}`),
      () => undefined,
    );
  });
}

/** One report per processor from those of its parts. What warm-ups share is counted in each part that reads it. */
function joined(parts: readonly PassReports[]): PassReports {
  return Object.fromEntries(
    Object.keys(parts[0]!).map((name) => {
      const reports = parts.map((part) => part[name]!);
      const sum = (of: (report: PassReport) => number): number => reports.reduce((a, r) => a + of(r), 0);
      const report: PassReport = {
        state: worstState(reports),
        eventMs: Math.max(...reports.map(({ eventMs }) => eventMs)),
        messages: sum(({ messages }) => messages),
        results: sum(({ results }) => results),
        withheld: sum(({ withheld }) => withheld),
        setAside: sum(({ setAside }) => setAside),
        mostBehindMs: 0,
        differs: [...new Set(reports.flatMap(({ differs }) => differs))],
      };
      return [name, report];
    }),
  );
}
