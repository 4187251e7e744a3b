// A replay as a whole: one venue or several, one session, every asked processor, and the comparison when rules are changed.
import { availableParallelism } from 'node:os';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { parseVenue } from '#models/venue/index.ts';
import type { WallClock } from '#streams/replay/index.ts';
import type { Comparison } from './comparison.ts';
import { ReplayError } from './errors.ts';
import { runParts, usefulWorkers } from './parts.ts';
import type { PassReport } from './pass.ts';
import { independent, lookBackMs, type PassReports, runPasses, worstState, writersFor } from './passes.ts';
import { REPLAYABLE, replayable } from './registry.ts';
import { changesWindows } from './rules.ts';
import { judgedProcessors, type SceneRequest, type Scenes, scenesOf } from './scenes.ts';
import { otherWriter, ReplaySession } from './session.ts';

export interface ReplayRequest extends SceneRequest {
  /** Factor of real time, Infinity for as fast as the machine can. */
  readonly speed: number;
  readonly session: string;
  /** Clear what an earlier session of this name left. */
  readonly replace?: boolean;
  /** False: compute and compare only. Default true. */
  readonly publish?: boolean;
  /**
   * At maximum speed: threads, each with a part of the span, and the server they connect to. Results of different parts
   * then interleave; within a part, and with one thread, they are in order. Default: all in this thread.
   */
  readonly threads?: {
    readonly servers: string;
    readonly most?: number;
    /** A thread also where one is enough: other venues have theirs. */
    readonly always?: boolean;
  };
  readonly signal?: AbortSignal;
  readonly clock?: WallClock;
  readonly onProgress?: (eventMs: number, results: number) => void;
}

export interface ReplayReport {
  readonly org: string;
  readonly venue: string;
  readonly session: string;
  readonly state: PassReport['state'];
  /** By processor. */
  readonly passes: PassReports;
  /** In which way results may differ from live's, of all processors; empty where they are live's. */
  readonly differs: readonly string[];
  /** Results published under the session. */
  readonly published: number;
  /** How many of the session's messages its stream has forgotten again, being full: 0 for a session that is whole. */
  readonly forgotten: number;
  readonly threads: number;
  readonly seconds: number;
  readonly comparison?: Comparison;
}

/** Longest span, so that a mistyped date does not read for days. */
const LONGEST_SPAN_MS = 31 * 86_400_000;

/**
 * Replays a venue's history into a session's subjects, reading what live has stored and writing nothing that live reads.
 * @throws ReplayError, VenueError (the document), StreamsError (the server)
 */
export async function runReplay(
  nc: NatsConnection,
  jsm: JetStreamManager,
  request: ReplayRequest,
): Promise<ReplayReport> {
  const [report] = await runReplays(nc, jsm, [request]);
  return report!;
}

/**
 * Replays several venues into one session, that of the first request. At maximum speed they share the machine: side by side in
 * threads as far as there are cores, then one after another; else all run at once.
 * @throws what runReplay() throws; everything is checked before anything is begun, and the first failure stops the others
 */
export async function runReplays(
  nc: NatsConnection,
  jsm: JetStreamManager,
  requests: readonly ReplayRequest[],
): Promise<ReplayReport[]> {
  const prepared = requests.map(prepare);
  const { session: name, publish, replace } = prepared[0]!.request;
  const session = publish === false ? undefined : await ReplaySession.open(nc, jsm, name, replace ?? false);
  const sessions = prepared.map((_, i) => {
    if (session === undefined || i === 0) return session;
    // Each writes under ids of its own, so that what one repeats after a failure is not taken for another's.
    return ReplaySession.join(nc, jsm, otherWriter(session.key));
  });
  const failed = new AbortController();
  const shared = share(prepared);
  const reports: (ReplayReport & { readonly sent: number })[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < prepared.length && !failed.signal.aborted; i = next++) {
      const { request, scenes } = prepared[i]!;
      const { signal } = request;
      const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
      const threads = request.threads && { ...request.threads, ...shared.threads };
      const own = { ...request, signal: stop, ...(threads ? { threads } : {}) };
      try {
        reports[i] = await runOne(nc, jsm, own, scenes, sessions[i]);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }
  };
  const running = Array.from({ length: shared.atOnce }, work);
  try {
    await Promise.all(running);
    // Only the whole of the session can be counted.
    const elsewhere = reports.reduce((sum, { sent }) => sum + sent, 0) - (session?.sent ?? 0);
    const forgotten = (await session?.forgotten(elsewhere)) ?? 0;
    return reports.map(({ sent: _, ...report }) => ({ ...report, forgotten }));
  } catch (error) {
    await Promise.allSettled(running);
    for (const one of sessions) one?.abandon();
    throw error;
  }
}

interface Prepared {
  readonly request: ReplayRequest;
  readonly scenes: Scenes;
}

function prepare(asked: ReplayRequest): Prepared {
  checkSpan(asked);
  for (const name of asked.processors) replayable(name);
  const request = { ...asked, processors: withWriters(asked) };
  const scenes = scenesOf(request);
  // Also tells whether changed bounds go together, before anything is begun.
  lookBackMs(request.processors, scenes);
  return { request, scenes };
}

/** How many venues at once, and the threads of each. */
function share(prepared: readonly Prepared[]): {
  atOnce: number;
  threads: Partial<NonNullable<ReplayRequest['threads']>>;
} {
  const { threads, speed } = prepared[0]!.request;
  if (prepared.length === 1) return { atOnce: 1, threads: {} };
  if (speed !== Number.POSITIVE_INFINITY) return { atOnce: prepared.length, threads: {} };
  // One core is the server's.
  const workers = threads === undefined ? 1 : (threads.most ?? Math.max(1, availableParallelism() - 1));
  const atOnce = Math.min(prepared.length, workers);
  return { atOnce, threads: atOnce === 1 ? {} : { most: Math.floor(workers / atOnce), always: true } };
}

async function runOne(
  nc: NatsConnection,
  jsm: JetStreamManager,
  request: ReplayRequest,
  scenes: Scenes,
  session: ReplaySession | undefined,
): Promise<ReplayReport & { readonly sent: number }> {
  const startedAt = performance.now();
  const { passes, published, sent, threads } = await compute(nc, jsm, request, scenes, session);
  const reports = Object.values(passes);
  const state = worstState(reports);
  const differs = [...new Set(reports.flatMap((report) => report.differs))];
  await session?.say({
    ...about(request, scenes),
    state,
    eventMs: orNull(Math.min(...reports.map(({ eventMs }) => eventMs))),
    results: published,
    differs,
  });
  await session?.close();
  const { org, id: venue } = scenes.list[0]!.rules.venue;
  const comparison = scenes.compare?.();
  return {
    org,
    venue,
    session: request.session,
    state,
    passes,
    differs,
    published,
    forgotten: 0,
    sent: sent + (session?.sent ?? 0),
    threads,
    seconds: (performance.now() - startedAt) / 1000,
    ...(comparison ? { comparison } : {}),
  };
}

function checkSpan({ fromMs, toMs }: ReplayRequest): void {
  if (!(fromMs < toMs)) {
    throw new ReplayError('span-invalid', 'the span ends before it begins', 'let "to" be after "from"');
  }
  if (toMs - fromMs > LONGEST_SPAN_MS) {
    throw new ReplayError('span-invalid', 'the span is longer than 31 days', 'replay it in parts');
  }
}

/**
 * What rules judge is replayed as well. Under other zones or bounds, who reads results of others reads those under the same:
 * these are replayed too, unless nothing of theirs comes from frames.
 */
function withWriters(request: ReplayRequest): readonly string[] {
  const { changes, document } = request;
  const asked = [...new Set([...request.processors, ...judgedProcessors(request)])];
  if (changes === undefined || !changesWindows(changes)) return asked;
  const venue = parseVenue(document);
  const all = Object.keys(REPLAYABLE);
  const fromFrames = (name: string, seen: readonly string[]): boolean =>
    replayable(name).readsFrames ||
    writersFor(name, all, venue).some(
      (writer) => !seen.includes(writer) && fromFrames(writer, [...seen, name]),
    );
  const processors = [...asked];
  // It grows while it is gone through.
  for (const name of processors) {
    for (const writer of writersFor(name, all, venue)) {
      if (!processors.includes(writer) && fromFrames(writer, [])) processors.push(writer);
    }
  }
  return processors;
}

interface Computed {
  readonly passes: PassReports;
  readonly published: number;
  /** Messages that other threads sent to the session. */
  readonly sent: number;
  readonly threads: number;
}

async function compute(
  nc: NatsConnection,
  jsm: JetStreamManager,
  request: ReplayRequest,
  scenes: Scenes,
  session: ReplaySession | undefined,
): Promise<Computed> {
  const { document, processors, changes, fromMs, toMs, speed, signal, clock, threads } = request;
  const progress = (eventMs: number, results: number): Promise<void> | undefined => {
    request.onProgress?.(eventMs, results);
    return session?.say({
      ...about(request, scenes),
      state: 'running',
      eventMs: orNull(eventMs),
      results,
      differs: [],
    });
  };
  await session?.say({ ...about(request, scenes), state: 'running', eventMs: null, results: 0, differs: [] });
  // Only what neither remembers nor is tied to others can be cut into parts; the rest is computed in this thread meanwhile.
  const apart = independent(processors, scenes.list[0]!.rules.venue);
  const workers =
    threads === undefined || speed !== Number.POSITIVE_INFINITY || apart.length === 0
      ? 1
      : (threads.most ?? usefulWorkers(toMs - fromMs, lookBackMs(apart, scenes)));
  const inThreads =
    threads !== undefined &&
    speed === Number.POSITIVE_INFINITY &&
    apart.length > 0 &&
    (workers > 1 || threads.always === true);
  const here = inThreads ? processors.filter((name) => !apart.includes(name)) : processors;
  let elsewhere = 0;
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const inThisThread = runPasses(nc, jsm, {
    processors: here,
    scenes,
    session,
    fromMs,
    toMs,
    speed,
    signal: stop,
    ...(clock ? { clock } : {}),
    onProgress: (eventMs) => progress(eventMs, (session?.results ?? 0) + elsewhere),
  });
  const inOthers = !inThreads
    ? undefined
    : runParts({
        servers: threads.servers,
        workers,
        processors: apart,
        scene: { document, processors, fromMs, toMs, ...(changes ? { changes } : {}) },
        session: session?.key,
        scenes,
        signal: stop,
        onProgress: (eventMs, results) => {
          elsewhere = results;
          void progress(eventMs, (session?.results ?? 0) + results);
        },
      });
  try {
    const [own, others] = await Promise.all([inThisThread, inOthers]);
    const passes = { ...own, ...others?.passes };
    return {
      // In the order asked for.
      passes: Object.fromEntries(processors.map((name) => [name, passes[name]!])),
      published: (session?.results ?? 0) + (others?.published ?? 0),
      sent: others?.sent ?? 0,
      threads: inOthers === undefined ? 1 : workers,
    };
  } catch (error) {
    failed.abort();
    await Promise.allSettled([inThisThread, inOthers]);
    throw error;
  }
}

function about({ fromMs, toMs, speed }: ReplayRequest, { list, changed }: Scenes) {
  const { org, id: venue } = list[0]!.rules.venue;
  return { org, venue, fromMs, toMs, speed: orNull(speed), changed };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
