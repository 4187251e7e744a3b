// What other rules would have changed: per zone the time spent in each level, when each level was first reached, and the
// intervals in which the two disagree. A level holds for the hop that ends at its window's end.
import type { Zone } from '#models/venue/index.ts';
import {
  type KnownLevel,
  LEVELS,
  type Level,
  type LevelRule,
  type LevelSample,
  type LevelSpan,
  levelsOf,
  type RaisedLevel,
} from '#processors/rules/index.ts';

import type { RuleComparison } from './rule-comparison.ts';

/** `absent`: the zone does not exist under these rules. */
export type ComparedLevel = KnownLevel | 'absent';

export interface LevelTimes {
  /** Seconds in each level that occurred. */
  readonly seconds: Readonly<Partial<Record<KnownLevel, number>>>;
  /** Event time at which each level or a worse one was first reached, epoch ms. */
  readonly firstMs: Readonly<Partial<Record<RaisedLevel, number>>>;
}

export interface DifferingInterval {
  readonly zone: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly present: ComparedLevel;
  readonly changed: ComparedLevel;
}

export interface ZoneComparison {
  readonly zone: string;
  /** Undefined where the zone does not exist under these rules. */
  readonly present: LevelTimes | undefined;
  readonly changed: LevelTimes | undefined;
}

export interface Comparison {
  /** Window whose density the levels of zones are judged by; null where they are not judged. */
  readonly metric: string | null;
  readonly zones: readonly ZoneComparison[];
  /** In order of zone, then of time. */
  readonly differences: readonly DifferingInterval[];
  /** Rules over other results, in order of the file. */
  readonly rules: readonly RuleComparison[];
}

/** Times of a series of spans. */
export function timesOfSpans(spans: readonly LevelSpan[]): LevelTimes {
  const seconds: Partial<Record<KnownLevel, number>> = {};
  const firstMs: Partial<Record<RaisedLevel, number>> = {};
  for (const { fromMs, toMs, level } of spans) {
    seconds[level] = (seconds[level] ?? 0) + (toMs - fromMs) / 1000;
    if (level !== 'unknown') noteFirst(firstMs, level, fromMs);
  }
  return { seconds, firstMs };
}

function noteFirst(firstMs: Partial<Record<RaisedLevel, number>>, level: Level, atMs: number): void {
  for (const reached of LEVELS.slice(1, LEVELS.indexOf(level) + 1)) {
    if (reached !== 'none') firstMs[reached] ??= atMs;
  }
}

/** One set of rules and what the zones' figures were under it. */
export interface Judged {
  readonly zones: readonly Zone[];
  readonly hopMs: number;
  readonly levelOf: (zone: Zone) => LevelRule;
  readonly samples: (zone: string) => Iterable<LevelSample>;
}

interface Series {
  readonly atMs: readonly number[];
  readonly levels: readonly KnownLevel[];
}

/** Both must have the same hop: zones and bounds do not change it. */
export function compareLevels(metric: string, present: Judged, changed: Judged): Comparison {
  const ids = new Set([...present.zones, ...changed.zones].map(({ id }) => id));
  const zones: ZoneComparison[] = [];
  const differences: DifferingInterval[] = [];
  for (const zone of ids) {
    const before = judge(present, zone);
    const after = judge(changed, zone);
    zones.push({
      zone,
      present: before && timesOf(before, present.hopMs),
      changed: after && timesOf(after, changed.hopMs),
    });
    differences.push(...differing(zone, before, after, present.hopMs));
  }
  return { metric, zones, differences, rules: [] };
}

function judge({ zones, levelOf, samples }: Judged, id: string): Series | undefined {
  const zone = zones.find((candidate) => candidate.id === id);
  if (zone === undefined) return undefined;
  const series = [...samples(id)];
  return { atMs: series.map(({ atMs }) => atMs), levels: levelsOf(levelOf(zone), series) };
}

function timesOf({ atMs, levels }: Series, hopMs: number): LevelTimes {
  const seconds: Partial<Record<KnownLevel, number>> = {};
  const firstMs: Partial<Record<RaisedLevel, number>> = {};
  levels.forEach((level, i) => {
    seconds[level] = (seconds[level] ?? 0) + hopMs / 1000;
    if (level !== 'unknown') noteFirst(firstMs, level, atMs[i]!);
  });
  return { seconds, firstMs };
}

function differing(
  zone: string,
  before: Series | undefined,
  after: Series | undefined,
  hopMs: number,
): DifferingInterval[] {
  const intervals: { -readonly [K in keyof DifferingInterval]: DifferingInterval[K] }[] = [];
  const atMs = (before ?? after)!.atMs;
  atMs.forEach((endMs, i) => {
    const present = before?.levels[i] ?? 'absent';
    const changed = after?.levels[i] ?? 'absent';
    if (present === changed) return;
    const last = intervals[intervals.length - 1];
    const fromMs = endMs - hopMs;
    if (last?.toMs === fromMs && last.present === present && last.changed === changed) last.toMs = endMs;
    else intervals.push({ zone, fromMs, toMs: endMs, present, changed });
  });
  return intervals;
}
