// Warning levels of one figure over time: thresholds with hysteresis and hold, as a pure step from sample to sample. Time is
// that of the samples. What is unknown is level `unknown`: never the level before, and never none.

/** From calm to worst; `none` is below every threshold. */
export const LEVELS = ['none', 'blue', 'yellow', 'orange', 'red'] as const;
export type Level = (typeof LEVELS)[number];
export type RaisedLevel = Exclude<Level, 'none'>;
/** A level, or that nobody knows it. */
export type KnownLevel = Level | 'unknown';

export interface LevelRule {
  /** Where each level begins, in the figure's unit, rising from blue to red; a level that is left out does not occur. */
  readonly thresholds: Readonly<Partial<Record<RaisedLevel, number>>>;
  /** A level ends only when the figure is below its threshold by more than this, in the figure's unit. */
  readonly hysteresis: number;
  /** The figure must be at or above a threshold for as long, without an unknown sample between, to raise the level, ms. */
  readonly raiseAfterMs: number;
  /** And below threshold - hysteresis for as long to lower it, ms. */
  readonly clearAfterMs: number;
}

export interface LevelSample {
  /** Event time, epoch ms; rises from sample to sample. */
  readonly atMs: number;
  /** The figure; null where it is not known. */
  readonly value: number | null;
}

/** One threshold: raised or not, and since when the figure has been on the other side. */
interface Latch {
  readonly raised: boolean;
  readonly turnedMs: number | null;
}

/** What must be remembered from one sample to the next. */
export interface LevelState {
  readonly level: KnownLevel;
  readonly latches: readonly Latch[];
}

const RAISED: readonly RaisedLevel[] = ['blue', 'yellow', 'orange', 'red'];
const REST: Latch = { raised: false, turnedMs: null };

/** Before the first sample. */
export const INITIAL_LEVEL: LevelState = { level: 'unknown', latches: RAISED.map(() => REST) };

/**
 * The state after one more sample. An unknown sample interrupts whatever was about to change, and keeps what is raised: a
 * red that returns after a silent camera is red at once, and one that has gone must first be seen to be gone.
 */
export function nextLevel(rule: LevelRule, before: LevelState, { atMs, value }: LevelSample): LevelState {
  if (value === null) {
    return { level: 'unknown', latches: before.latches.map(({ raised }) => ({ raised, turnedMs: null })) };
  }
  const latches = RAISED.map((level, i) => {
    const threshold = rule.thresholds[level];
    return threshold === undefined ? REST : step(rule, threshold, before.latches[i]!, atMs, value);
  });
  const highest = latches.findLastIndex(({ raised }) => raised);
  return { level: LEVELS[highest + 1]!, latches };
}

function step(rule: LevelRule, threshold: number, before: Latch, atMs: number, value: number): Latch {
  const turned = before.raised ? value < threshold - rule.hysteresis : value >= threshold;
  if (!turned) return { raised: before.raised, turnedMs: null };
  const since = before.turnedMs ?? atMs;
  const hold = before.raised ? rule.clearAfterMs : rule.raiseAfterMs;
  if (atMs - since >= hold) return { raised: !before.raised, turnedMs: null };
  return { raised: before.raised, turnedMs: since };
}

/** The levels of a whole series. */
export function levelsOf(rule: LevelRule, samples: Iterable<LevelSample>): KnownLevel[] {
  const levels: KnownLevel[] = [];
  let state = INITIAL_LEVEL;
  for (const sample of samples) {
    state = nextLevel(rule, state, sample);
    levels.push(state.level);
  }
  return levels;
}
