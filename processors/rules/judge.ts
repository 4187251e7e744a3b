// Judging a series by a rule, sample by sample: pure steps, so that a live processor and a replay judge alike. Event time is the
// only clock. What is unknown neither raises nor clears anything, and is said: level `unknown`.
import { INITIAL_LEVEL, type KnownLevel, type LevelRule, type LevelState, nextLevel } from './levels.ts';
import type { RuleSample } from './rule.ts';

/** What must be remembered of one key under one rule from one result to the next. Plain data. */
export interface RuleState {
  readonly level: LevelState;
  /** Time of the newest result; null before the first. */
  readonly lastMs: number | null;
  readonly staleAfterMs: number;
}

/** Before the first result. */
export const INITIAL_RULE_STATE: RuleState = { level: INITIAL_LEVEL, lastMs: null, staleAfterMs: 0 };

type Sample = Pick<RuleSample, 'atMs' | 'value' | 'staleAfterMs'>;

/** The state after a result. One that is not newer than the last, a correction, changes nothing: who was warned was warned. */
export function judge(rule: LevelRule, before: RuleState, { atMs, value, staleAfterMs }: Sample): RuleState {
  if (before.lastMs !== null && atMs <= before.lastMs) return before;
  const { level } = expire(rule, before, atMs);
  return { level: nextLevel(rule, level, { atMs, value }), lastMs: atMs, staleAfterMs };
}

/** The state when event time has come to `nowMs` without a further result: unknown once the last one is too old. */
export function expire(rule: LevelRule, before: RuleState, nowMs: number): RuleState {
  const { level, lastMs, staleAfterMs } = before;
  if (lastMs === null || nowMs - lastMs <= staleAfterMs || level.level === 'unknown') return before;
  return { ...before, level: nextLevel(rule, level, { atMs: lastMs + staleAfterMs, value: null }) };
}

/** A level over event time (fromMs, toMs]. */
export interface LevelSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly level: KnownLevel;
}

/**
 * The levels of a series over a span, without gap: each holds from its result until the next one, or until it is too old; before
 * the first it is unknown.
 */
export function spansOf(
  rule: LevelRule,
  samples: Iterable<Sample>,
  fromMs: number,
  toMs: number,
): LevelSpan[] {
  const spans: { fromMs: number; toMs: number; level: KnownLevel }[] = [];
  const add = (from: number, to: number, level: KnownLevel): void => {
    const [a, b] = [Math.max(from, fromMs), Math.min(to, toMs)];
    if (a >= b) return;
    const last = spans[spans.length - 1];
    if (last?.level === level) last.toMs = b;
    else spans.push({ fromMs: a, toMs: b, level });
  };
  let state = INITIAL_RULE_STATE;
  const hold = (untilMs: number): void => {
    const { lastMs, staleAfterMs, level } = state;
    if (lastMs === null) {
      add(fromMs, untilMs, 'unknown');
      return;
    }
    const freshMs = Math.min(untilMs, lastMs + staleAfterMs);
    add(lastMs, freshMs, level.level);
    add(freshMs, untilMs, 'unknown');
  };
  for (const sample of samples) {
    hold(sample.atMs);
    state = judge(rule, state, sample);
  }
  hold(toMs);
  return spans;
}
