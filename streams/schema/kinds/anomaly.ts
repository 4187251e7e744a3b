// Kinds: how unusual a series is, and unusual places on a level.
import {
  type AnomalyResultMessage,
  anomalyResult,
  type RasterAnomalyMessage,
  rasterAnomaly,
} from '../anomaly.ts';
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

export const rasterAnomalyKind: MessageKind<RasterAnomalyMessage> = json(
  'anom.raster',
  'anom.raster.{org}.{venue}.{level}',
  'Unusual places on a level: a crowd, an emptying, a flow that has stopped',
  rasterAnomaly,
  {
    metric: 'raster',
    org: 'sports-bureau',
    venue: 'stadium',
    key: 'b1',
    level: -1,
    start: EXAMPLE_MS - 10_000,
    end: EXAMPLE_MS,
    hopMs: 10_000,
    phase: 'play',
    state: 'watching',
    score: 0.75,
    alarm: true,
    completeness: 0.875,
    persons: 412.5,
    findings: [
      {
        kind: 'unexpected-crowd',
        score: 0.75,
        alarm: true,
        evidence: 3.75,
        since: EXAMPLE_MS,
        x: 12.25,
        y: -40.5,
        areaM2: 52,
        zones: ['forecourt-n'],
        persons: 34.25,
        usualPersons: 6,
        speed: null,
        usualSpeed: null,
        reason: 'unexpected crowd: 34 persons where 6 are usual, 52 m2 around (12, -41)',
      },
    ],
  },
);

/** Anomalies: `anom.raster` stands before `anom.{metric}`, whose pattern it matches too. */
export const ANOMALY_KINDS: readonly AnyMessageKind[] = [erased(rasterAnomalyKind), erased(anomalyKind)];
