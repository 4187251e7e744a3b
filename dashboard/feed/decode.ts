// Bytes from the wire -> what the page draws. Pure; every fault is a thrown, typed error with the reason.

import type { z } from 'zod';
import { StreamsError } from '#streams/errors.ts';
import { anomalyScore, jointAnomaly, rasterAnomaly } from '#streams/schema/anomaly.ts';
import { forecastMessage } from '#streams/schema/forecast.ts';
import { CELL_UNKNOWN, CELL_WALL, decodeGrid, GRID_UNIT } from '#streams/schema/grid.ts';
import { type DensityWindow, densityWindow } from '#streams/schema/window.ts';
import { token } from '#streams/subjects.ts';
import { DISPLAY_UNKNOWN, DISPLAY_WALL, type DisplayGrid, type Outlook } from './messages.ts';

/** The metrics this wall reads. */
const SERIES: readonly string[] = anomalyScore.shape.metric.options;
const SCORES: readonly string[] = [...SERIES, 'joint', 'raster'];
const FORECASTS: readonly string[] = ['count', 'count-all'];

const ANOMALY = 'streams/schema/anomaly.ts';
const FORECAST = 'streams/schema/forecast.ts';

/** @param level that of the subject it came on. @throws StreamsError `frame-malformed` */
export function displayGrid(payload: Uint8Array, level: number): DisplayGrid {
  const { cells, kernel: _kernel, revision: _revision, ...head } = decodeGrid(payload);
  if (head.level !== level) {
    throw new StreamsError(
      'frame-malformed',
      `grid frame: it is of level ${head.level}, its subject of level ${level}`,
      'publish a raster on the subject of its level',
    );
  }
  const values = new Float32Array(cells.length);
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!;
    values[i] =
      cell === CELL_UNKNOWN ? DISPLAY_UNKNOWN : cell === CELL_WALL ? DISPLAY_WALL : cell * GRID_UNIT;
  }
  return { ...head, values };
}

/** What the subject of a result says after its kind and metric. */
export interface ResultAddress {
  readonly org: string;
  readonly venue: string;
  readonly key: string;
}

/** @throws StreamsError `payload-malformed`, also where the message is not of its own subject */
export function displayWindow(payload: Uint8Array, at: ResultAddress): DensityWindow {
  return readResult(payload, at, densityWindow, 'window result', 'streams/schema/window.ts');
}

/**
 * A score or forecast by its subject, `anom.<metric>.…` or `fcst.<metric>.…`; undefined where this wall does not know
 * the metric, because the processor is newer.
 * @throws StreamsError `payload-malformed`, also where the message is not of its own subject
 */
export function displayOutlook(subject: string, payload: Uint8Array): Outlook | undefined {
  const [kind, metric, org = '', venue = '', ...rest] = subject.split('.');
  const at = { org, venue, key: rest.join('.') };
  if (kind === 'anom' && metric === 'joint') {
    return { kind: 'score', message: readResult(payload, at, jointAnomaly, 'anomaly score', ANOMALY) };
  }
  if (kind === 'anom' && metric === 'raster') {
    return { kind: 'places', message: readResult(payload, at, rasterAnomaly, 'unusual places', ANOMALY) };
  }
  if (kind === 'anom' && SERIES.some((known) => known === metric)) {
    const message = readResult(payload, at, anomalyScore, 'anomaly score', ANOMALY);
    if (message.metric !== metric) {
      throw malformed('anomaly score', `it is of ${message.metric}, its subject of ${metric}`, ANOMALY);
    }
    return { kind: 'score', message };
  }
  if (kind === 'fcst' && FORECASTS.some((known) => known === metric)) {
    const message = readResult(payload, at, forecastMessage, 'forecast', FORECAST);
    let before = 0;
    for (const { aheadMs, p10, p50, p90 } of message.bands) {
      if (aheadMs <= before || !(p10 <= p50 && p50 <= p90)) {
        throw malformed('forecast', `the band at ${aheadMs} ms is out of order`, FORECAST);
      }
      before = aheadMs;
    }
    return { kind: 'forecast', message };
  }
  return undefined;
}

/** The subjects of one venue that displayOutlook reads. */
export function outlookSubjects(org: string, venue: string): string[] {
  const at = `${token(org, 'organisation')}.${token(venue, 'venue')}`;
  return [
    ...SCORES.map((metric) => `anom.${metric}.${at}.*`),
    ...FORECASTS.map((metric) => `fcst.${metric}.${at}.*`),
  ];
}

function readResult<T extends ResultAddress & { readonly start: number; readonly end: number }>(
  payload: Uint8Array,
  at: ResultAddress,
  schema: z.ZodType<T>,
  what: string,
  where: string,
): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw malformed(what, 'it is not JSON', where, error);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const why = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it does not match the schema'}`;
    throw malformed(what, why, where);
  }
  const { org, venue, key, start, end } = parsed.data;
  if (org !== at.org || venue !== at.venue || key !== at.key) {
    throw malformed(
      what,
      `it is of ${org}.${venue}.${key}, its subject of ${at.org}.${at.venue}.${at.key}`,
      where,
    );
  }
  if (end <= start) throw malformed(what, 'it ends before it starts', where);
  return parsed.data;
}

function malformed(what: string, why: string, where: string, cause?: unknown): StreamsError {
  return new StreamsError('payload-malformed', `${what}: ${why}`, `send what ${where} describes`, cause);
}
