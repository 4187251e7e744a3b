// Events found among a stated number of alarms: rows scored at or above a threshold are merged into alarms where they are
// close in time; an event is found when an alarm touches it. Pure.

export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Recall at one threshold. */
export interface EventRecall {
  readonly threshold: number;
  readonly alarms: number;
  readonly found: number;
  readonly recall: number;
  /** Alarms that touch no listed event. A list may be incomplete, so these are not all false. */
  readonly unlisted: number;
}

/** Alarms of rows with score >= threshold; rows at most `mergeMs` apart are one alarm. Rows last `rowMs`. */
export function mergeAlarms(
  timestamps: ArrayLike<number>,
  scores: ArrayLike<number>,
  threshold: number,
  rowMs: number,
  mergeMs: number,
): Interval[] {
  const alarms: { from: number; to: number }[] = [];
  for (let row = 0; row < timestamps.length; row += 1) {
    if (!(scores[row] >= threshold)) continue;
    const last = alarms.at(-1);
    const end = timestamps[row] + rowMs;
    if (last && timestamps[row] - last.to <= mergeMs) last.to = end;
    else alarms.push({ from: timestamps[row], to: end });
  }
  return alarms;
}

/** Counts the events that an alarm touches, with `marginMs` before and after each event. */
export function recallOf(
  alarms: readonly Interval[],
  events: readonly Interval[],
  marginMs: number,
  threshold: number,
): EventRecall {
  const touches = (alarm: Interval, event: Interval) =>
    alarm.from < event.to + marginMs && alarm.to > event.from - marginMs;
  const found = events.filter((event) => alarms.some((alarm) => touches(alarm, event))).length;
  const unlisted = alarms.filter((alarm) => !events.some((event) => touches(alarm, event))).length;
  return { threshold, alarms: alarms.length, found, recall: found / events.length, unlisted };
}

/** The most sensitive threshold with at most `budget` alarms, and its recall. */
export function recallAtAlarms(
  timestamps: ArrayLike<number>,
  scores: ArrayLike<number>,
  events: readonly Interval[],
  budget: number,
  { rowMs, mergeMs, marginMs }: { rowMs: number; mergeMs: number; marginMs: number },
): EventRecall {
  const thresholds = [...new Set(Array.from(scores).filter((score) => score > 0))].sort((a, b) => b - a);
  let best = recallOf([], events, marginMs, Number.POSITIVE_INFINITY);
  for (const threshold of thresholds) {
    const alarms = mergeAlarms(timestamps, scores, threshold, rowMs, mergeMs);
    // Lower thresholds can join alarms again, which would buy recall with day-long alarms: stop at the first excess.
    if (alarms.length > budget) break;
    best = recallOf(alarms, events, marginMs, threshold);
  }
  return best;
}
