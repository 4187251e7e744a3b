// Reads a series line by line (`timestamp,value`) and gives one scored line per row, each from the rows before it alone.
import { createDetector, type Detector, describeReason } from '#models/anomaly/index.ts';

/** A row that cannot be read; says which line, what stands there and what is expected. */
export class SeriesFormatError extends Error {
  override readonly name = 'SeriesFormatError';
}

/** Header of what `scoreLines` yields. */
export const scoredHeader = 'timestamp,value,anomaly_score,reason';

const ZONED = /(?:z|[+-]\d{2}:?\d{2})$/i;
const CALENDAR = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?/;

/**
 * Epoch ms of `2014-04-01 00:00:00` (UTC unless it carries an offset), ISO 8601, or whole epoch milliseconds;
 * undefined when the text is none of these.
 */
export function parseTimestamp(text: string): number | undefined {
  if (/^-?\d{9,15}$/.test(text)) return Number(text);
  if (!CALENDAR.test(text)) return undefined;
  const iso = text.replace(' ', 'T').replace(',', '.');
  const day = iso.length === 10;
  const time = Date.parse(day || ZONED.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** A number; NaN for a value marked missing (empty or `NaN`); undefined when it is neither. */
export function parseValue(text: string): number | undefined {
  if (text === '' || text.toLowerCase() === 'nan') return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Scored lines of a series, in step with its lines, without line ends; the first is the header. A header line
 * `timestamp,value` in the input is optional; blank lines are passed over.
 * @throws SeriesFormatError at the first row that cannot be read; the rows before it have been scored.
 */
export async function* scoreLines(
  lines: AsyncIterable<string> | Iterable<string>,
  detector: Detector = createDetector(),
): AsyncGenerator<string> {
  yield scoredHeader;
  let number = 0;
  for await (const raw of lines) {
    number += 1;
    const line = (number === 1 ? raw.replace(/^\uFEFF/, '') : raw).trim();
    if (line === '') continue;
    const cells = line.split(',');
    if (number === 1 && cells[0].trim().toLowerCase() === 'timestamp') {
      if (cells.length !== 2 || cells[1].trim().toLowerCase() !== 'value') {
        throw new SeriesFormatError(`line 1: header is "${line}"; it must be "timestamp,value"`);
      }
      continue;
    }
    if (cells.length !== 2) {
      throw new SeriesFormatError(
        `line ${number}: ${cells.length} columns in "${line}"; give timestamp,value`,
      );
    }
    const [time, value] = [cells[0].trim(), cells[1].trim()];
    const epochMs = parseTimestamp(time);
    if (epochMs === undefined) {
      throw new SeriesFormatError(
        `line ${number}: "${time}" is not a time; give 2014-04-01 00:00:00 (UTC), ISO 8601 or epoch milliseconds`,
      );
    }
    const parsed = parseValue(value);
    if (parsed === undefined) {
      throw new SeriesFormatError(
        `line ${number}: "${value}" is not a number; leave it empty if it is missing`,
      );
    }
    const { score, reason } = detector.update(epochMs, parsed);
    yield `${time},${value},${score.toFixed(6)},${describeReason(reason)}`;
  }
}
