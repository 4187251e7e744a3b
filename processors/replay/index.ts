// Replay and what-if: history through the processors of today, beside live. See docs/replay.md.

export {
  DEFAULT_LEVEL_RULES,
  INITIAL_LEVEL,
  type KnownLevel,
  LEVELS,
  type Level,
  type LevelRule,
  type LevelSample,
  type LevelState,
  levelsOf,
  nextLevel,
  type RaisedLevel,
  type ZoneUse,
} from '#processors/rules/index.ts';
export {
  type ComparedLevel,
  type Comparison,
  compareLevels,
  type DifferingInterval,
  type LevelTimes,
  type ZoneComparison,
} from './comparison.ts';
export { ReplayError, type ReplayErrorCode } from './errors.ts';
export type { PassReport } from './pass.ts';
export { NOT_REPLAYABLE, REPLAYABLE, type Replayable } from './registry.ts';
export type { RuleComparison, RuleDifference, RuleKeyComparison } from './rule-comparison.ts';
export { parseRules, type RuleChanges } from './rules.ts';
export { type ReplayReport, type ReplayRequest, runReplay, runReplays } from './run.ts';
export { newSessionName } from './session.ts';
