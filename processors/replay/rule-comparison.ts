// What rules over results say of a span, and what changed ones would have said instead: per rule and key the time in each level,
// when each was first reached, and where the two differ.
import { type LevelSpan, type Rule, spansOf } from '#processors/rules/index.ts';
import { type ComparedLevel, type LevelTimes, timesOfSpans } from './comparison.ts';
import type { RuleRecorder } from './rule-recorder.ts';

/** One rule over one key; undefined where there is no such rule, or nothing of the key, on that side. */
export interface RuleKeyComparison {
  readonly key: string;
  readonly present: LevelTimes | undefined;
  readonly changed: LevelTimes | undefined;
}

export interface RuleDifference {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly present: ComparedLevel;
  readonly changed: ComparedLevel;
}

export interface RuleComparison {
  readonly rule: string;
  readonly metric: string;
  readonly field: string;
  readonly keys: readonly RuleKeyComparison[];
  readonly differences: readonly RuleDifference[];
  /** What the rule could not judge, as sentences: no result at all, or none that is known. */
  readonly notes: readonly string[];
}

/** The rules of one side, and the results that they judge there. */
export interface RuleSide {
  readonly rules: readonly Rule[];
  readonly recorder: RuleRecorder;
  /** Index of each rule in the recorder's. */
  readonly at: readonly number[];
}

export function compareRules(
  present: RuleSide,
  changed: RuleSide,
  fromMs: number,
  toMs: number,
): RuleComparison[] {
  const names = new Set([...changed.rules, ...present.rules].map(({ name }) => name));
  return [...names].map((name) => {
    const before = judged(present, name, fromMs, toMs);
    const after = judged(changed, name, fromMs, toMs);
    const { metric, spec } = (after?.rule ?? before?.rule)!;
    const keys = [...new Set([...(before?.spans.keys() ?? []), ...(after?.spans.keys() ?? [])])].sort();
    return {
      rule: name,
      metric,
      field: spec.field,
      keys: keys.map((key) => ({
        key,
        present: timesOf(before?.spans.get(key)),
        changed: timesOf(after?.spans.get(key)),
      })),
      differences: keys.flatMap((key) =>
        differing(key, before?.spans.get(key), after?.spans.get(key), fromMs, toMs),
      ),
      notes: [...notesOf('present', before), ...notesOf('changed', after)],
    };
  });
}

interface Judged {
  readonly rule: Rule;
  readonly spans: ReadonlyMap<string, readonly LevelSpan[]>;
}

function judged(
  { rules, recorder, at }: RuleSide,
  name: string,
  fromMs: number,
  toMs: number,
): Judged | undefined {
  const i = rules.findIndex((rule) => rule.name === name);
  const rule = rules[i];
  if (rule === undefined) return undefined;
  const spans = recorder
    .keys(at[i]!)
    .map((key) => [key, spansOf(rule.level, recorder.samples(at[i]!, key), fromMs, toMs)] as const);
  return { rule, spans: new Map(spans) };
}

function timesOf(spans: readonly LevelSpan[] | undefined): LevelTimes | undefined {
  return spans && timesOfSpans(spans);
}

function differing(
  key: string,
  before: readonly LevelSpan[] | undefined,
  after: readonly LevelSpan[] | undefined,
  fromMs: number,
  toMs: number,
): RuleDifference[] {
  const edges = new Set([fromMs, toMs]);
  for (const span of [...(before ?? []), ...(after ?? [])]) edges.add(span.fromMs).add(span.toMs);
  const times = [...edges].sort((a, b) => a - b);
  const level = (spans: readonly LevelSpan[] | undefined, at: number): ComparedLevel =>
    spans?.find((span) => span.fromMs <= at && at < span.toMs)?.level ?? 'absent';
  const differences: { -readonly [K in keyof RuleDifference]: RuleDifference[K] }[] = [];
  times.slice(0, -1).forEach((from, i) => {
    const [present, changed] = [level(before, from), level(after, from)];
    // Where a side has no rule, only what the other one says beyond calm is a difference.
    if (present === changed || isCalm(present, changed)) return;
    const last = differences[differences.length - 1];
    if (last?.toMs === from && last.present === present && last.changed === changed)
      last.toMs = times[i + 1]!;
    else differences.push({ key, fromMs: from, toMs: times[i + 1]!, present, changed });
  });
  return differences;
}

function isCalm(present: ComparedLevel, changed: ComparedLevel): boolean {
  return [present, changed].includes('absent') && [present, changed].includes('none');
}

function notesOf(side: string, of: Judged | undefined): string[] {
  if (of === undefined) return [];
  const { rule, spans } = of;
  const missing = (rule.spec.keys ?? []).filter((key) => !spans.has(key));
  if (missing.length > 0) {
    return [
      `${side}: there is no result of ${rule.metric} with ${rule.spec.field} for ${missing.join(', ')}`,
    ];
  }
  if (spans.size === 0) return [`${side}: no result of ${rule.metric} says ${rule.spec.field}`];
  const never = [...spans]
    .filter(([, list]) => list.every(({ level }) => level === 'unknown'))
    .map(([key]) => key);
  return never.length === 0
    ? []
    : [
        `${side}: ${rule.spec.field} of ${rule.metric} is unknown over the whole span for ${never.join(', ')}`,
      ];
}
