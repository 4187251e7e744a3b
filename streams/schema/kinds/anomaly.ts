// Kind: how unusual a series is.
import { type AnomalyResultMessage, anomalyResult } from '../anomaly.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, type MessageKind } from './kind.ts';

export const anomalyKind: MessageKind<AnomalyResultMessage> = json(
  'anom',
  'anom.{metric}.{org}.{venue}.{key}',
  'How unusual a series of a zone is, or the zones of a venue together',
  anomalyResult,
  {
    metric: 'count',
    org: 'sports-bureau',
    venue: 'stadium',
    start: EXAMPLE_MS - 10_000,
    end: EXAMPLE_MS,
    hopMs: 10_000,
    score: 0.72,
    alarm: true,
    reason: { code: 'level-up', observed: 96.5, expected: 41.25, points: 4, probability: 0.0005 },
    evidence: 1.9,
    key: 'forecourt-n',
    level: 0,
    value: 104.5,
    completeness: 0.98,
    silent: [],
  },
);

/** Anomalies. */
export const ANOMALY_KINDS: readonly AnyMessageKind[] = [erased(anomalyKind)];
