// Why something is unusual, as a sentence for people: the series, what it did, and the figures in their unit.
import type { AnomalyReasonMessage, AnomalyResultMessage } from '#streams/schema/anomaly.ts';
import * as format from './format.ts';
import type { Dictionary } from './index.ts';

export type ScoredSeries = AnomalyResultMessage['metric'];

/** The joint score's own `observed` has the unit of its cause; the total alone is persons. */
export function reasonText(
  series: ScoredSeries,
  { code, observed, expected, points }: AnomalyReasonMessage,
  words: Dictionary,
): string {
  const change = words.changes[code];
  const name = words.series[series];
  const [seen, usual] = [observed, expected].map((value) => figure(series, value, words));
  if (code === 'missing' || observed === null) return words.reasonAlone(name, change);
  if (code === 'flat-line') return words.reasonFlat(name, change, seen!, String(points));
  return expected === null ? words.reasonAlone(name, change) : words.reason(name, change, seen!, usual!);
}

/** A score, rounded down: 0.499 never reads as an alarm. */
export function scoreText(score: number): string {
  return (Math.floor(score * 100 + 1e-9) / 100).toFixed(2);
}

/** Numbers of the joint score's reason stand for persons only where its cause is the total. */
export function jointReasonText(
  { cause, reason }: { readonly cause: Cause; readonly reason: AnomalyReasonMessage },
  words: Dictionary,
): string {
  return cause === 'total' || reason.code === 'missing'
    ? reasonText('joint', reason, words)
    : words.causes[cause];
}

type Cause = Extract<AnomalyResultMessage, { metric: 'joint' }>['cause'];

function figure(series: ScoredSeries, value: number | null, words: Dictionary): string {
  if (series === 'speed') return value === null ? format.UNKNOWN : `${value.toFixed(2)} ${words.speedUnit}`;
  if (series === 'health') return format.share(value);
  if (series === 'inflow' || series === 'outflow') return words.perMinute(format.persons(value));
  return format.persons(value);
}
