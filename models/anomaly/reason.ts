// Why a score is what it is: a short code with its figures, and one line of text for people and CSV files.

/** Kinds of reason; `normal` and `learning` are not anomalies. */
export type AnomalyCode =
  | 'normal'
  | 'learning'
  | 'spike'
  | 'drop'
  | 'level-up'
  | 'level-down'
  | 'high-for-time'
  | 'low-for-time'
  | 'high-for-phase'
  | 'low-for-phase'
  | 'flat-line'
  | 'missing'
  | 'incomplete';

/** A reason: `observed` and `expected` in the unit of the series, over `points` latest values. */
export interface AnomalyReason {
  readonly code: AnomalyCode;
  /** Mean of the latest `points` values (NaN when missing). */
  readonly observed: number;
  /** What was expected instead: level, usual value of this time, or the mean of the points before. */
  readonly expected: number;
  /** Values the statement is about; for flat-line and missing, the length of the run. */
  readonly points: number;
  /** Share of earlier moments of this series at least as extreme, 0..1. */
  readonly probability: number;
}

const short = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : 'n/a';

/** One line without commas or quotes, such as `spike: 91 where 12.5 is usual (1 in 4000)`. */
export function describeReason(reason: AnomalyReason): string {
  const { code, observed, expected, points, probability } = reason;
  if (code === 'normal') return 'normal';
  if (code === 'learning') return 'learning';
  if (code === 'incomplete') return 'incomplete: less was seen than usually';
  if (code === 'missing') return `missing: no value for ${points} in a row`;
  if (code === 'flat-line') return `flat-line: ${short(observed)} unchanged for ${points} in a row`;
  const over = points > 1 ? ` over ${points} values` : '';
  const odds = probability > 0 ? ` (1 in ${short(Math.round(1 / probability))})` : '';
  return `${code}: ${short(observed)}${over} where ${short(expected)} is usual${odds}`;
}
