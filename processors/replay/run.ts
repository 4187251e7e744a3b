// A replay as a whole: one venue, one session, every asked processor, and the comparison when rules are changed.
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
import { type SceneRequest, type Scenes, scenesOf } from './scenes.ts';
import { ReplaySession } from './session.ts';

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
  readonly threads?: { readonly servers: string; readonly most?: number };
  readonly signal?: AbortSignal;
  readonly clock?: WallClock;
  readonly onProgress?: (eventMs: number, results: number) => void;
}

export interface ReplayReport {
  readonly session: string;
  readonly state: PassReport['state'];
  /** By processor. */
  readonly passes: PassReports;
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
  asked: ReplayRequest,
): Promise<ReplayReport> {
  const startedAt = performance.now();
  checkSpan(asked);
  for (const name of asked.processors) replayable(name);
  const request = { ...asked, processors: withWriters(asked) };
  const scenes = scenesOf(request);
  // Also tells whether changed bounds go together, before anything is begun.
  lookBackMs(request.processors, scenes);
  const session =
    request.publish === false
      ? undefined
      : await ReplaySession.open(nc, jsm, request.session, request.replace ?? false);
  try {
    const { passes, published, sent, threads } = await compute(nc, jsm, request, scenes, session);
    const reports = Object.values(passes);
    const state = worstState(reports);
    await session?.say({
      ...about(request, scenes),
      state,
      eventMs: orNull(Math.min(...reports.map(({ eventMs }) => eventMs))),
      results: published,
    });
    await session?.close();
    const comparison = scenes.compare?.();
    return {
      session: request.session,
      state,
      passes,
      published,
      forgotten: (await session?.forgotten(sent)) ?? 0,
      threads,
      seconds: (performance.now() - startedAt) / 1000,
      ...(comparison ? { comparison } : {}),
    };
  } catch (error) {
    session?.abandon();
    throw error;
  }
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
 * Under other zones or bounds, who reads results of others reads those under the same: these are replayed as well, unless
 * nothing of theirs comes from frames.
 */
function withWriters({ processors: asked, changes, document }: ReplayRequest): readonly string[] {
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
    return session?.say({ ...about(request, scenes), state: 'running', eventMs: orNull(eventMs), results });
  };
  await session?.say({ ...about(request, scenes), state: 'running', eventMs: null, results: 0 });
  // Only what neither remembers nor is tied to others can be cut into parts; the rest is computed in this thread meanwhile.
  const apart = independent(processors, scenes.list[0]!.rules.venue);
  const workers =
    threads === undefined || speed !== Number.POSITIVE_INFINITY || apart.length === 0
      ? 1
      : (threads.most ?? usefulWorkers(toMs - fromMs, lookBackMs(apart, scenes)));
  const here =
    threads === undefined || workers <= 1 ? processors : processors.filter((n) => !apart.includes(n));
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
  const inOthers =
    threads === undefined || workers <= 1
      ? undefined
      : runParts({
          servers: threads.servers,
          workers,
          scene: { document, processors: apart, fromMs, toMs, ...(changes ? { changes } : {}) },
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
