// Rules over results: levels with hysteresis and hold, for warnings as they happen and for what-if over history.
export { DEFAULT_LEVEL_RULES, type ZoneUse } from './default-levels.ts';
export { RuleError } from './errors.ts';
export { type Figure, figureOf, figuresOf, metricsOf, readFigure, type Said } from './figures.ts';
export { expire, INITIAL_RULE_STATE, judge, type LevelSpan, type RuleState, spansOf } from './judge.ts';
export {
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
} from './levels.ts';
export { compileRule, type Rule, type RuleSample, type RuleSpec, ruleSchema } from './rule.ts';
