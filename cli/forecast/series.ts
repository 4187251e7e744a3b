// Reads the series and horizons that the forecasting verbs are given on the command line.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { parseTimestamp, parseValue, SeriesFormatError } from '#cli/score/rows.ts';
import { ForecastError, type Point } from '#models/forecast/index.ts';

/** A point with its time as it stands in the file. */
export interface FilePoint extends Point {
  readonly text: string;
}

/**
 * Rows of a CSV `timestamp,value` (header optional, gzip allowed). Rows whose value is missing (empty, NaN) are passed over.
 * @throws SeriesFormatError naming the first line that cannot be read
 */
export async function readSeries(file: string): Promise<FilePoint[]> {
  const bytes = await readFile(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  return parseSeries(text);
}

export function parseSeries(text: string): FilePoint[] {
  const points: FilePoint[] = [];
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, i) => {
      if (line.trim() === '') return;
      const cells = line.split(',').map((cell) => cell.trim());
      if (i === 0 && cells[0].toLowerCase() === 'timestamp') return;
      const wrong = (what: string): SeriesFormatError => new SeriesFormatError(`line ${i + 1}: ${what}`);
      if (cells.length !== 2) throw wrong(`${cells.length} columns in "${line}"; give timestamp,value`);
      const epochMs = parseTimestamp(cells[0]);
      const value = parseValue(cells[1]);
      if (epochMs === undefined)
        throw wrong(
          `"${cells[0]}" is not a time; give 2014-04-01 00:00:00 (UTC), ISO 8601 or epoch milliseconds`,
        );
      if (value === undefined) throw wrong(`"${cells[1]}" is not a number; leave it empty if it is missing`);
      if (!Number.isNaN(value)) points.push({ text: cells[0], epochMs, value });
    });
  return points;
}

/** Horizons as they were written, each with its length in ms or in steps of the series. */
export interface Horizons {
  readonly labels: readonly string[];
  readonly ms?: readonly number[];
  readonly steps?: readonly number[];
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * `5m,15m,30m` (s, m, h, d) or `1,3,6`, in steps of the series.
 * @throws ForecastError for anything else
 */
export function parseHorizons(text: string): Horizons {
  const labels = text.split(',').map((part) => part.trim());
  const parts = labels.map((label) => /^([1-9]\d*)([smhd]?)$/.exec(label));
  const unitless = parts.filter((part) => part?.[2] === '').length;
  if (
    parts.includes(null) ||
    (unitless !== 0 && unitless !== labels.length) ||
    new Set(labels).size !== labels.length
  )
    throw new ForecastError(
      `horizons "${text}": give times such as 5m,15m,30m (s, m, h, d) or steps such as 1,3,6`,
    );
  const numbers = parts.map((part) => Number(part?.[1]) * (UNITS[part?.[2] ?? ''] ?? 1));
  return unitless > 0 ? { labels, steps: numbers } : { labels, ms: numbers };
}
