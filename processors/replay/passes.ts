// Every processor of a replay over one span, side by side, each reading history by itself, as they do live.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { WallClock } from '#streams/replay/index.ts';
import { type PassLane, type PassReport, runPass } from './pass.ts';
import { outOfOrderMs, replayable } from './registry.ts';
import type { Scene, Scenes } from './scenes.ts';
import type { ReplaySession } from './session.ts';

export interface PassesRequest {
  readonly processors: readonly string[];
  readonly scenes: Scenes;
  readonly session: ReplaySession | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly speed: number;
  readonly signal?: AbortSignal;
  readonly clock?: WallClock;
  readonly onProgress?: (eventMs: number) => Promise<void> | undefined;
}

export type PassReports = Readonly<Record<string, PassReport>>;

/** @throws what a pass throws; the others are stopped then */
export async function runPasses(
  nc: NatsConnection,
  jsm: JetStreamManager,
  request: PassesRequest,
): Promise<PassReports> {
  const { processors, scenes, session, fromMs, toMs, speed, clock, onProgress } = request;
  const { org, id: venue } = scenes.list[0]!.rules.venue;
  const failed = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, failed.signal]) : failed.signal;
  const runOne = async (name: string): Promise<readonly [string, PassReport]> => {
    const report = await runPass(nc, jsm, {
      org,
      venue,
      lanes: scenes.list.map((scene) => laneOf(name, scene, session)),
      fromMs,
      toMs,
      speed,
      ...reach(name, scenes),
      signal,
      ...(clock ? { clock } : {}),
      ...(onProgress ? { onProgress } : {}),
      onRestart: async () => session?.leaveOutStored(),
    });
    return [name, report];
  };
  const running = processors.map(runOne);
  try {
    return Object.fromEntries(await Promise.all(running));
  } catch (error) {
    failed.abort();
    await Promise.allSettled(running);
    throw error;
  }
}

/** How far a processor's results look back and may change, under all rules of the replay. */
function reach(name: string, { list }: Scenes): { warmUpMs: number; settleMs: number; outOfOrderMs: number } {
  const kind = replayable(name);
  const longest = (of: (scene: Scene) => number): number => Math.max(...list.map(of));
  return {
    warmUpMs: longest(({ rules }) => kind.warmUpMs(rules.venue, rules.boundsOf(kind.bounds))),
    settleMs: longest(({ rules }) => kind.settleMs(rules.venue, rules.boundsOf(kind.bounds))),
    outOfOrderMs: longest(({ rules }) => outOfOrderMs(rules.boundsOf(kind.bounds))),
  };
}

/** Event time that is read before a span, the longest of all processors, ms. */
export function lookBackMs(processors: readonly string[], scenes: Scenes): number {
  return Math.max(
    ...processors.map((name) => {
      const { warmUpMs, outOfOrderMs: margin } = reach(name, scenes);
      return warmUpMs + margin;
    }),
  );
}

function laneOf(name: string, scene: Scene, session: ReplaySession | undefined): PassLane {
  const { rules, published } = scene;
  const recorder = name === 'density' ? scene.recorder : undefined;
  const kind = replayable(name);
  return {
    create: () => kind.lane(rules.venue, rules.boundsOf(kind.bounds)),
    take(output) {
      recorder?.take(output);
      return published ? session?.publish(output) : undefined;
    },
  };
}

/** The state of several passes, or of several parts of one, together. */
export function worstState(reports: readonly PassReport[]): PassReport['state'] {
  for (const state of ['stopped', 'ended'] as const) {
    if (reports.some((report) => report.state === state)) return state;
  }
  return 'complete';
}
