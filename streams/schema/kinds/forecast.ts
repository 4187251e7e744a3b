// Kind: persons to come.
import { type ForecastMessage, forecastMessage } from '../forecast.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, type MessageKind } from './kind.ts';

export const forecastKind: MessageKind<ForecastMessage> = json(
  'fcst',
  'fcst.{metric}.{org}.{venue}.{key}',
  'Persons to come in a zone, or in all zones of a venue',
  forecastMessage,
  {
    metric: 'count',
    org: 'sports-bureau',
    venue: 'stadium',
    key: 'forecourt-n',
    level: 0,
    start: EXAMPLE_MS - 60_000,
    end: EXAMPLE_MS,
    hopMs: 60_000,
    value: 240.5,
    completeness: 0.98,
    bands: [{ aheadMs: 300_000, p10: 231, p50: 262.5, p90: 301 }],
    thresholds: [{ level: 'blue', density: 2, earliest: 3.5, median: null, latest: null }],
  },
);

/** Forecasts. */
export const FORECAST_KINDS: readonly AnyMessageKind[] = [erased(forecastKind)];
