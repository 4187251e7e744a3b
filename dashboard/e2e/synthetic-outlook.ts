// Scores and forecasts as their processors would publish them, with figures that a test chooses.
import type { JetStreamClient } from '@nats-io/jetstream';
import type { Venue, Zone } from '#models/venue/types.ts';
import type { AnomalyScore, JointAnomaly, RasterAnomalyMessage } from '#streams/schema/anomaly.ts';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import { anomalySubject, forecastSubject, levelToken } from '#streams/subjects.ts';

const SLOT_MS = 10_000;
const STEP_MS = 60_000;

/** Ends of the newest whole slot and minute at `nowMs`. */
export const slotEnd = (nowMs: number): number => Math.floor(nowMs / SLOT_MS) * SLOT_MS;
export const minuteEnd = (nowMs: number): number => Math.floor(nowMs / STEP_MS) * STEP_MS;

type Figures = Pick<AnomalyScore, 'end' | 'score'> &
  Pick<AnomalyScore['reason'], 'code' | 'observed' | 'expected'>;

function head(venue: Venue, { end, score, code, observed, expected }: Figures) {
  return {
    org: venue.org,
    venue: venue.id,
    start: end - SLOT_MS,
    end,
    hopMs: SLOT_MS,
    score,
    alarm: score >= 0.5,
    reason: { code, observed, expected, points: 4, probability: 0.001 },
    evidence: score * 3,
  };
}

export function zoneScore(
  venue: Venue,
  zone: Zone,
  metric: AnomalyScore['metric'],
  figures: Figures,
): AnomalyScore {
  return {
    metric,
    ...head(venue, figures),
    key: zone.id,
    level: zone.level,
    value: figures.observed,
    completeness: 1,
    silent: [],
  };
}

export function jointScore(
  venue: Venue,
  figures: Figures,
  rest: Pick<JointAnomaly, 'cause' | 'departures' | 'phase'>,
): JointAnomaly {
  return {
    metric: 'joint',
    ...head(venue, figures),
    key: 'venue',
    value: figures.observed,
    completeness: 1,
    ...rest,
  };
}

/** A crowd where none is usual, about (x, y) of a level. */
export function unusualSpot(
  venue: Venue,
  zone: Zone,
  at: {
    readonly end: number;
    readonly since: number;
    readonly score: number;
    readonly x: number;
    readonly y: number;
  },
): RasterAnomalyMessage {
  const { end, since, score, x, y } = at;
  return {
    metric: 'raster',
    org: venue.org,
    venue: venue.id,
    key: levelToken(zone.level),
    level: zone.level,
    start: end - SLOT_MS,
    end,
    hopMs: SLOT_MS,
    phase: 'none',
    state: 'watching',
    score,
    alarm: true,
    completeness: 1,
    persons: 500,
    findings: [
      {
        kind: 'unexpected-crowd',
        score,
        alarm: true,
        evidence: 3,
        since,
        x,
        y,
        areaM2: 80,
        zones: [zone.id],
        persons: 34.25,
        usualPersons: 6,
        speed: null,
        usualSpeed: null,
        reason: 'unexpected crowd',
      },
    ],
  };
}

export function zoneForecast(
  venue: Venue,
  zone: Zone,
  figures: Pick<ForecastMessage, 'end' | 'value' | 'bands' | 'thresholds'>,
): ForecastMessage {
  return {
    metric: 'count',
    org: venue.org,
    venue: venue.id,
    key: zone.id,
    level: zone.level,
    start: figures.end - STEP_MS,
    hopMs: STEP_MS,
    completeness: 1,
    ...figures,
  };
}

export async function publishScore(
  js: JetStreamClient,
  message: AnomalyScore | JointAnomaly | RasterAnomalyMessage,
): Promise<void> {
  const { metric, org, venue, key } = message;
  await js.publish(anomalySubject(metric, org, venue, key), JSON.stringify(message));
}

export async function publishForecast(js: JetStreamClient, message: ForecastMessage): Promise<void> {
  const { org, venue, key } = message;
  await js.publish(forecastSubject('count', org, venue, key), JSON.stringify(message));
}
