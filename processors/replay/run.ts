// A replay as a whole: one venue, one session, every asked processor, and the comparison when rules are changed.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { parseVenue } from '#models/venue/index.ts';
import type { WallClock } from '#streams/replay/index.ts';
import { type Comparison, compareLevels, type Judged } from './comparison.ts';
import { ReplayError } from './errors.ts';
import { type PassLane, type PassReport, runPass } from './pass.ts';
import { DensityRecorder } from './recorder.ts';
import { outOfOrderMs, replayable } from './registry.ts';
import {
  changedRules,
  changesWindows,
  DEFAULT_METRIC,
  presentRules,
  type RuleChanges,
  type Rules,
} from './rules.ts';
import { ReplaySession } from './session.ts';

export interface ReplayRequest {
  /** The venue's GeoJSON text, as of the span. */
  readonly document: string;
  readonly processors: readonly string[];
  /** Results with an event time in (fromMs, toMs]. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Factor of real time, Infinity for as fast as the machine can. */
  readonly speed: number;
  readonly session: string;
  /** Clear what an earlier session of this name left. */
  readonly replace?: boolean;
  /** Other rules: the session then holds the results under them. */
  readonly changes?: RuleChanges;
  /** False: compute and compare only. Default true. */
  readonly publish?: boolean;
  readonly signal?: AbortSignal;
  readonly clock?: WallClock;
  readonly onProgress?: (eventMs: number, results: number) => void;
}

export interface ReplayReport {
  readonly session: string;
  readonly state: PassReport['state'];
  /** By processor. */
  readonly passes: Readonly<Record<string, PassReport>>;
  /** Results published under the session. */
  readonly published: number;
  /** How many of the session's messages its stream has forgotten again, being full: 0 for a session that is whole. */
  readonly forgotten: number;
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
  checkSpan(request);
  const startedAt = performance.now();
  const scenes = scenesOf(request);
  for (const name of request.processors) replayable(name);
  const session =
    request.publish === false
      ? undefined
      : await ReplaySession.open(nc, jsm, request.session, request.replace ?? false);
  try {
    const passes = await runPasses(nc, jsm, request, scenes, session);
    await session?.close();
    const published = session?.results ?? 0;
    const comparison = scenes.compare?.();
    return {
      session: request.session,
      state: worstOf(Object.values(passes)),
      passes,
      published,
      forgotten: (await session?.forgotten()) ?? 0,
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

interface Scene {
  readonly rules: Rules;
  readonly published: boolean;
  readonly recorder?: DensityRecorder;
}

interface Scenes {
  readonly list: readonly Scene[];
  readonly changed: boolean;
  readonly compare?: () => Comparison;
}

/** Under which rules history is computed: as it was, and once more where a change makes other windows. */
function scenesOf({ document, changes, fromMs, toMs, processors }: ReplayRequest): Scenes {
  const present = presentRules(parseVenue(document));
  if (changes === undefined) return { list: [{ rules: present, published: true }], changed: false };
  if (!processors.includes('density')) {
    throw new ReplayError('processor-unknown', 'levels are judged by density', 'replay density as well');
  }
  const changed = changedRules(document, changes);
  const metric = changes.metric ?? DEFAULT_METRIC;
  const before = new DensityRecorder(present.venue, metric, fromMs, toMs);
  const judged = (rules: Rules, recorder: DensityRecorder): Judged => ({
    zones: rules.venue.zones,
    hopMs: recorder.hopMs,
    levelOf: rules.levelOf,
    samples: (zone) => recorder.samples(zone),
  });
  if (!changesWindows(changes)) {
    return {
      list: [{ rules: present, published: true, recorder: before }],
      changed: true,
      compare: () => compareLevels(metric, judged(present, before), judged(changed, before)),
    };
  }
  const after = new DensityRecorder(changed.venue, metric, fromMs, toMs);
  return {
    list: [
      { rules: present, published: false, recorder: before },
      { rules: changed, published: true, recorder: after },
    ],
    changed: true,
    compare: () => compareLevels(metric, judged(present, before), judged(changed, after)),
  };
}

/** Every processor side by side, each reading history by itself, as they do live. */
async function runPasses(
  nc: NatsConnection,
  jsm: JetStreamManager,
  request: ReplayRequest,
  scenes: Scenes,
  session: ReplaySession | undefined,
): Promise<Record<string, PassReport>> {
  const { fromMs, toMs, speed, processors, signal, clock, onProgress } = request;
  const { org, id: venue } = scenes.list[0]!.rules.venue;
  const say = (state: 'running' | PassReport['state'], eventMs: number): Promise<void> | undefined =>
    session?.say({
      org,
      venue,
      state,
      fromMs,
      toMs,
      speed: Number.isFinite(speed) ? speed : null,
      eventMs: Number.isFinite(eventMs) ? eventMs : null,
      results: session.results,
      changed: scenes.changed,
    });
  await say('running', Number.NaN);
  const runOne = async (name: string): Promise<[string, PassReport]> => {
    const kind = replayable(name);
    const longest = (of: 'warmUpMs' | 'settleMs'): number =>
      Math.max(...scenes.list.map(({ rules }) => kind[of](rules.venue, rules.bounds)));
    const report = await runPass(nc, jsm, {
      org,
      venue,
      lanes: scenes.list.map((scene) => laneOf(name, scene, session)),
      fromMs,
      toMs,
      speed,
      warmUpMs: longest('warmUpMs'),
      settleMs: longest('settleMs'),
      outOfOrderMs: Math.max(...scenes.list.map(({ rules }) => outOfOrderMs(rules.bounds))),
      ...(signal ? { signal } : {}),
      ...(clock ? { clock } : {}),
      onProgress: (eventMs) => {
        onProgress?.(eventMs, session?.results ?? 0);
        return say('running', eventMs);
      },
      onRestart: async () => session?.leaveOutStored(),
    });
    return [name, report];
  };
  const passes = Object.fromEntries(await Promise.all(processors.map(runOne)));
  const reports = Object.values(passes);
  await say(worstOf(reports), Math.min(...reports.map(({ eventMs }) => eventMs)));
  return passes;
}

function laneOf(name: string, scene: Scene, session: ReplaySession | undefined): PassLane {
  const { rules, published } = scene;
  const recorder = name === 'density' ? scene.recorder : undefined;
  return {
    create: () => replayable(name).lane(rules.venue, rules.bounds),
    take(output) {
      recorder?.take(output);
      return published ? session?.publish(output) : undefined;
    },
  };
}

function worstOf(reports: readonly PassReport[]): PassReport['state'] {
  for (const state of ['stopped', 'ended'] as const) {
    if (reports.some((report) => report.state === state)) return state;
  }
  return 'complete';
}
