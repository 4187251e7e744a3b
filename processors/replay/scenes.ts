// Under which rules a replay computes history: as it was, and once more where a change makes other windows.
import { parseVenue, type Venue } from '#models/venue/index.ts';
import { flowLines } from '#processors/flow/index.ts';
import { SITE_KEY } from '#processors/occupancy/index.ts';
import { metricsOf } from '#processors/rules/index.ts';
import { levelToken } from '#streams/subjects.ts';
import { type Comparison, compareLevels, type Judged } from './comparison.ts';
import { ReplayError } from './errors.ts';
import { DensityRecorder } from './recorder.ts';
import { REPLAYABLE, replayable } from './registry.ts';
import { compareRules } from './rule-comparison.ts';
import { RuleRecorder } from './rule-recorder.ts';
import {
  changedRules,
  changesWindows,
  DEFAULT_METRIC,
  presentRules,
  type RuleChanges,
  type Rules,
  resultRules,
} from './rules.ts';

/** What is computed: plain data, so that it can be handed to another thread. */
export interface SceneRequest {
  /** The venue's GeoJSON text, as of the span. */
  readonly document: string;
  readonly processors: readonly string[];
  /** Results with an event time in (fromMs, toMs]. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Other rules: the session then holds the results under them. */
  readonly changes?: RuleChanges;
}

export interface Scene {
  readonly rules: Rules;
  /** Whether its results go to the session. */
  readonly published: boolean;
  /** Who notes its results for the comparison. */
  readonly recorders: Recorders;
}

export interface Recorders {
  readonly density: DensityRecorder | undefined;
  readonly results: RuleRecorder;
}

export interface Scenes {
  readonly list: readonly Scene[];
  readonly changed: boolean;
  /** After the passes: what the change makes different. */
  readonly compare?: () => Comparison;
}

/** @throws ReplayError `rules-invalid`, `processor-unknown`; VenueError for the document */
export function scenesOf({ document, changes, fromMs, toMs, processors }: SceneRequest): Scenes {
  const present = presentRules(parseVenue(document));
  if (changes === undefined) {
    const recorders = { density: undefined, results: new RuleRecorder([]) };
    return { list: [{ rules: present, published: true, recorders }], changed: false };
  }
  const levels = judgesLevels(changes, processors);
  const changed = changedRules(document, changes);
  const { venue } = changed;
  const over = resultRules(changes, metricsOfAll(venue), keysOf(venue, present.venue));
  const all = [...over.present, ...over.changed];
  const metric = changes.metric ?? DEFAULT_METRIC;
  const recordersOf = (rules: Rules): Recorders => ({
    density: levels ? new DensityRecorder(rules.venue, metric, fromMs, toMs) : undefined,
    results: new RuleRecorder(all),
  });
  const before = { rules: present, recorders: recordersOf(present) };
  const after = changesWindows(changes)
    ? { rules: changed, recorders: recordersOf(changed) }
    : { rules: changed, recorders: before.recorders };
  const compare = (): Comparison => ({
    ...(levels
      ? compareLevels(metric, judged(before), judged(after))
      : { metric: null, zones: [], differences: [] }),
    rules: compareRules(
      { rules: over.present, recorder: before.recorders.results, at: over.present.map((_, i) => i) },
      {
        rules: over.changed,
        recorder: after.recorders.results,
        at: over.changed.map((_, i) => over.present.length + i),
      },
      fromMs,
      toMs,
    ),
  });
  return {
    list: changesWindows(changes)
      ? [
          { ...before, published: false },
          { ...after, published: true },
        ]
      : [{ ...before, published: true }],
    changed: true,
    compare,
  };
}

function judged({ rules, recorders: { density } }: { rules: Rules; recorders: Recorders }): Judged {
  if (density === undefined) throw new RangeError('nobody has noted the density of these zones');
  return {
    zones: rules.venue.zones,
    hopMs: density.hopMs,
    levelOf: rules.levelOf,
    samples: (zone) => density.samples(zone),
  };
}

/** Levels of zones are judged unless only other results are. */
function judgesLevels(changes: RuleChanges, processors: readonly string[]): boolean {
  const only = changes.levels === undefined && changes.metric === undefined && changes.rules !== undefined;
  if (processors.includes('density')) return true;
  if (only) return false;
  throw new ReplayError('processor-unknown', 'levels are judged by density', 'replay density as well');
}

/** Metrics that some processor gives. */
function metricsOfAll(venue: Venue): readonly string[] {
  return metricsOf(Object.values(REPLAYABLE).flatMap((one) => one.subjects(venue).outputs));
}

/** Keys that results of a venue can have, before a change or after it. */
function keysOf(...venues: readonly Venue[]): readonly string[] {
  const keys = venues.flatMap((venue) => [
    ...venue.zones.map(({ id }) => id),
    ...flowLines(venue).map(({ key }) => key),
    ...[...venue.gates, ...venue.exits, ...venue.doors].map(({ id }) => id),
    ...venue.levels.map(({ ordinal }) => levelToken(ordinal)),
  ]);
  return [...new Set([...keys, SITE_KEY, 'venue'])];
}

/** Processors that give what the rules judge. */
export function judgedProcessors({ changes, document }: SceneRequest): readonly string[] {
  const metrics = new Set(
    [...(changes?.rules ?? []), ...(changes?.present ?? [])].map(({ metric }) => metric),
  );
  if (metrics.size === 0) return [];
  const venue = parseVenue(document);
  return Object.keys(REPLAYABLE).filter((name) =>
    metricsOf(replayable(name).subjects(venue).outputs).some((metric) => metrics.has(metric)),
  );
}
