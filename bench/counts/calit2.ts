// Reads the CalIt2 building recording (Hutchins, UCI 2006): people in and out per half hour, with its incomplete list of
// known events. Times are the building's own clock, read as UTC.
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Counts per half hour of both doors' flows; rows share `timestamps` (epoch ms of the start of the half hour). */
export interface BuildingCounts {
  readonly timestamps: Float64Array;
  readonly inflow: Float64Array;
  readonly outflow: Float64Array;
  readonly events: readonly { readonly from: number; readonly to: number }[];
}

/** The files do not have the expected form. */
export class CalIt2Error extends Error {
  override readonly name = 'CalIt2Error';
}

function parseTime(date: string, time: string): number {
  const [month, day, year] = date.split('/').map(Number);
  const [hour, minute] = time.split(':').map(Number);
  const epochMs = Date.UTC(2000 + year, month - 1, day, hour, minute);
  if (Number.isNaN(epochMs)) throw new CalIt2Error(`not a time of the recording: ${date} ${time}`);
  return epochMs;
}

/** Reads `CalIt2.data` and `CalIt2.events` from a folder. */
export function readCalIt2(folder: string): BuildingCounts {
  const flows = { '7': new Map<number, number>(), '9': new Map<number, number>() };
  for (const line of readFileSync(path.join(folder, 'CalIt2.data'), 'utf8').split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const [flow, date, time, count] = line.split(',').map((cell) => cell.trim());
    if ((flow !== '7' && flow !== '9') || !Number.isFinite(Number(count))) {
      throw new CalIt2Error(`unexpected row in CalIt2.data: ${line}`);
    }
    flows[flow].set(parseTime(date, time), Number(count));
  }
  const timestamps = Float64Array.from([...flows['9'].keys()].sort((a, b) => a - b));
  const events = readFileSync(path.join(folder, 'CalIt2.events'), 'utf8')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [date, from, to] = line.split(',').map((cell) => cell.trim());
      return { from: parseTime(date, from), to: parseTime(date, to) };
    });
  const column = (flow: '7' | '9') =>
    Float64Array.from(timestamps, (time) => flows[flow].get(time) ?? Number.NaN);
  return { timestamps, inflow: column('9'), outflow: column('7'), events };
}
