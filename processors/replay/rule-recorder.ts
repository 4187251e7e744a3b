// The figures that rules judge, by rule and key over the span, as the results of a replay say them: the newest revision of
// each, so that what is judged is what was known in the end.

import type { Rule, RuleSample } from '#processors/rules/index.ts';
import type { Output } from '#processors/runtime/index.ts';

const decoder = new TextDecoder();

/** Samples of one key under one rule, in order of time; NaN is unknown. Plain data. */
export interface RecordedSeries {
  readonly rule: number;
  readonly key: string;
  readonly atMs: readonly number[];
  readonly values: readonly number[];
  readonly staleAfterMs: number;
}

interface Series {
  readonly atMs: number[];
  readonly values: number[];
  staleAfterMs: number;
}

export class RuleRecorder {
  /** By the metric's tokens; indexes of the rules over it. */
  readonly #rules: ReadonlyMap<string, readonly { readonly rule: Rule; readonly index: number }[]>;
  readonly #series: Map<string, Series>[];

  constructor(rules: readonly Rule[]) {
    const byMetric = new Map<string, { rule: Rule; index: number }[]>();
    for (const [index, rule] of rules.entries()) {
      byMetric.set(rule.metric, [...(byMetric.get(rule.metric) ?? []), { rule, index }]);
    }
    this.#rules = byMetric;
    this.#series = rules.map(() => new Map());
  }

  /** Notes a result; those that no rule is about are passed over. */
  take({ subject, payload }: Output): void {
    if (this.#rules.size === 0) return;
    const rules = this.#rules.get(subject.slice(0, subject.indexOf('.', subject.indexOf('.') + 1)));
    if (rules === undefined) return;
    const message: unknown = JSON.parse(decoder.decode(payload));
    for (const { rule, index } of rules) {
      const sample = rule.sampleOf(message);
      if (sample !== undefined) this.#add(index, sample);
    }
  }

  #add(rule: number, { key, atMs, value, staleAfterMs }: RuleSample): void {
    let series = this.#series[rule]!.get(key);
    if (series === undefined) {
      series = { atMs: [], values: [], staleAfterMs };
      this.#series[rule]!.set(key, series);
    }
    const at = placeOf(series.atMs, atMs);
    const there = series.atMs[at] === atMs;
    series.values.splice(at, there ? 1 : 0, value ?? Number.NaN);
    if (!there) series.atMs.splice(at, 0, atMs);
    series.staleAfterMs = staleAfterMs;
  }

  /** Everything noted, to be handed to another thread. */
  recorded(): RecordedSeries[] {
    return this.#series.flatMap((keys, rule) => [...keys].map(([key, series]) => ({ rule, key, ...series })));
  }

  /** Takes over what a recorder of a part of the span has noted. */
  absorb(parts: readonly RecordedSeries[]): void {
    for (const { rule, key, atMs, values, staleAfterMs } of parts) {
      atMs.forEach((at, i) => {
        const value = values[i]!;
        this.#add(rule, { key, atMs: at, value: Number.isNaN(value) ? null : value, staleAfterMs });
      });
    }
  }

  /** Keys that a rule has results of. */
  keys(rule: number): readonly string[] {
    return [...this.#series[rule]!.keys()].sort();
  }

  *samples(rule: number, key: string): Generator<RuleSample> {
    const series = this.#series[rule]!.get(key);
    if (series === undefined) return;
    for (const [i, atMs] of series.atMs.entries()) {
      const value = series.values[i]!;
      yield { key, atMs, value: Number.isNaN(value) ? null : value, staleAfterMs: series.staleAfterMs };
    }
  }
}

/** Where a time is or belongs; results come nearly in order. */
function placeOf(times: readonly number[], atMs: number): number {
  let at = times.length;
  while (at > 0 && times[at - 1]! >= atMs) at--;
  return at;
}
