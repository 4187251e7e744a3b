// Every processor of a replay over one span, side by side, each reading history by itself, as they do live. One that reads
// results of another one in the session is given those, for each set of rules its own.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { WallClock } from '#streams/replay/index.ts';
import { STREAM } from '#streams/topology.ts';
import { feeds, SessionFeed } from './feed.ts';
import { type Fed, type PassLane, type PassReport, runPass } from './pass.ts';
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

/** One pass to run, and where its results go besides the session. */
interface Plan {
  readonly name: string;
  readonly scenes: readonly Scene[];
  readonly fed: Fed | undefined;
  /** By scene, who reads its results. */
  readonly readers: ReadonlyMap<Scene, readonly SessionFeed[]>;
  /** Event time behind the span that those who read it need. */
  readonly extraMs: number;
}

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
  const runOne = async (plan: Plan): Promise<readonly [Plan, PassReport]> => {
    const { name, fed, extraMs } = plan;
    const { stream, filters } = replayable(name).subjects(plan.scenes[0]!.rules.venue);
    try {
      const report = await runPass(nc, jsm, {
        org,
        venue,
        input: { stream, filters },
        lanes: plan.scenes.map((scene) => laneOf(name, scene, session, plan.readers.get(scene) ?? [])),
        fromMs,
        toMs,
        throughMs: toMs + extraMs,
        // What feeds it keeps the pace.
        speed: fed === undefined ? speed : Number.POSITIVE_INFINITY,
        ...reach(name, scenes),
        ...(fed ? { fed } : {}),
        signal,
        ...(clock ? { clock } : {}),
        ...(onProgress ? { onProgress } : {}),
        onRestart: async () => session?.leaveOutStored(),
      });
      const otherwise = await ranOtherwise(jsm, name, scenes.list[0]!.rules.venue);
      return [plan, { ...report, differs: [...report.differs, ...differences(plan, scenes), ...otherwise] }];
    } finally {
      for (const readers of plan.readers.values()) for (const feed of readers) feed.end();
      for (const feed of fed?.feeds ?? []) feed.abandon();
    }
  };
  const running = plansOf(processors, scenes).map(runOne);
  try {
    const done = await Promise.all(running);
    // Of several sets of rules, the one whose results are the session's.
    const told = done.filter(([{ scenes: of }]) => of.some(({ published }) => published));
    return Object.fromEntries(told.map(([{ name }, report]) => [name, report]));
  } catch (error) {
    failed.abort();
    await Promise.allSettled(running);
    throw error;
  }
}

/** Which of `processors` give `name` what it reads. */
export function writersFor(name: string, processors: readonly string[], venue: Venue): readonly string[] {
  const { filters } = replayable(name).subjects(venue);
  return processors.filter(
    (writer) =>
      writer !== name &&
      replayable(writer)
        .subjects(venue)
        .outputs.some((output) => filters.some((filter) => feeds(output, filter))),
  );
}

/** Processors that neither remember nor have to do with others of the session: their span can be cut into parts. */
export function independent(processors: readonly string[], venue: Venue): readonly string[] {
  const tied = new Set(
    processors.flatMap((name) => {
      const writers = writersFor(name, processors, venue);
      return writers.length > 0 ? [name, ...writers] : [];
    }),
  );
  return processors.filter((name) => replayable(name).memory === 'window' && !tied.has(name));
}

function plansOf(processors: readonly string[], scenes: Scenes): Plan[] {
  const readers = new Map<string, Map<Scene, SessionFeed[]>>();
  const extra = new Map<string, number>();
  const plans: { name: string; scenes: readonly Scene[]; fed: Fed | undefined }[] = [];
  for (const name of processors) {
    const { venue } = scenes.list[0]!.rules;
    const writers = writersFor(name, processors, venue);
    if (writers.length === 0) {
      plans.push({ name, scenes: scenes.list, fed: undefined });
      continue;
    }
    const { filters } = replayable(name).subjects(venue);
    const covered = (writer: string): readonly string[] =>
      filters.filter((filter) =>
        replayable(writer)
          .subjects(venue)
          .outputs.some((output) => feeds(output, filter)),
      );
    for (const scene of scenes.list) {
      const given = writers.map((writer) => {
        const feed = new SessionFeed(covered(writer));
        const ofWriter = readers.get(writer) ?? new Map<Scene, SessionFeed[]>();
        readers.set(writer, ofWriter.set(scene, [...(ofWriter.get(scene) ?? []), feed]));
        return feed;
      });
      const replaced = [...new Set(writers.flatMap(covered))];
      plans.push({
        name,
        scenes: [scene],
        fed: { feeds: given, replaced, others: filters.some((filter) => !replaced.includes(filter)) },
      });
    }
    for (const writer of writers) {
      extra.set(writer, Math.max(extra.get(writer) ?? 0, reach(name, scenes).settleMs));
    }
  }
  // What a reader needs behind the span, those whom its writers read need as well; chains are short.
  for (const _ of processors) {
    for (const name of processors) {
      const behind = extra.get(name) ?? 0;
      if (behind === 0) continue;
      for (const writer of writersFor(name, processors, scenes.list[0]!.rules.venue)) {
        const { settleMs } = reach(name, scenes);
        extra.set(writer, Math.max(extra.get(writer) ?? 0, behind + settleMs));
      }
    }
  }
  return plans.map((plan) => ({
    ...plan,
    readers: readers.get(plan.name) ?? new Map<Scene, SessionFeed[]>(),
    extraMs: extra.get(plan.name) ?? 0,
  }));
}

/** Whether live's newest results show that it was run otherwise. */
async function ranOtherwise(jsm: JetStreamManager, name: string, venue: Venue): Promise<string[]> {
  const { otherwise } = replayable(name);
  if (otherwise === undefined) return [];
  const filter = otherwise.filter(venue);
  const newest = await jsm.streams.getMessage(STREAM.derived, { last_by_subj: filter });
  const told = newest === null ? undefined : otherwise.tell(newest.data);
  return told === undefined ? [] : [told];
}

/** In which way a fed processor's results may differ from what live says, or would have said. */
function differences({ name, scenes: [scene], fed }: Plan, { list }: Scenes): string[] {
  const told: string[] = [];
  if (fed === undefined) return told;
  if (fed.feeds.length + (fed.others ? 1 : 0) > 1) {
    told.push(
      `${name} reads results of several processors: here in order of event time, live in order of arrival; what came ` +
        'within the same seconds may be taken in another order',
    );
  }
  const before = new Map(list[0]!.rules.venue.zones.map((zone) => [zone.id, zone]));
  const after = scene!.rules.venue.zones;
  const changed = after.filter((zone) => JSON.stringify(before.get(zone.id)) !== JSON.stringify(zone));
  if (list.length > 1 && changed.length > 0) {
    const fresh = changed.filter(({ id }) => !before.has(id)).map(({ id }) => id);
    const altered = changed.filter(({ id }) => before.has(id)).map(({ id }) => id);
    if (fresh.length > 0) told.push(`${name} knows nothing of ${fresh.join(', ')} from before the span`);
    if (altered.length > 0) {
      told.push(`what ${name} knows of ${altered.join(', ')} from before the span is of the zone as it was`);
    }
  }
  return told;
}

interface Reach {
  readonly warmUpMs: number;
  readonly settleMs: number;
  readonly outOfOrderMs: number;
}

/** How far a processor's results look back and may change, under all rules of the replay. */
function reach(name: string, { list }: Scenes): Reach {
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
    0,
    ...processors.map((name) => {
      const { warmUpMs, outOfOrderMs: margin } = reach(name, scenes);
      return warmUpMs + margin;
    }),
  );
}

function laneOf(
  name: string,
  scene: Scene,
  session: ReplaySession | undefined,
  readers: readonly SessionFeed[],
): PassLane {
  const { rules, published } = scene;
  const kind = replayable(name);
  // A pass that begins again computes the same results in the same order: readers have had the first of them.
  let given = 0;
  let leaveOut = 0;
  const give = (output: Output, endMs: number): Promise<void> | undefined => {
    if (readers.length === 0) return undefined;
    if (leaveOut > 0) {
      leaveOut--;
      return undefined;
    }
    given++;
    return together(readers.map((feed) => feed.push(output, endMs)));
  };
  return {
    create: () => kind.lane(rules.venue, rules.boundsOf(kind.bounds)),
    take(output, endMs) {
      scene.recorders.density?.take(output);
      scene.recorders.results.take(output);
      return together([give(output, endMs), published ? session?.publish(output) : undefined]);
    },
    takeBehind: give,
    progress(eventMs) {
      for (const feed of readers) feed.progress(eventMs);
    },
    restart() {
      leaveOut = given;
    },
  };
}

/** Waits for those that must be waited for; synchronous where there are none. */
function together(waits: readonly (Promise<void> | undefined)[]): Promise<void> | undefined {
  const open = waits.filter((wait) => wait !== undefined);
  if (open.length === 0) return undefined;
  return open.length === 1 ? open[0] : Promise.all(open).then(() => undefined);
}

/** The state of several passes, or of several parts of one, together. */
export function worstState(reports: readonly PassReport[]): PassReport['state'] {
  for (const state of ['stopped', 'ended'] as const) {
    if (reports.some((report) => report.state === state)) return state;
  }
  return 'complete';
}
