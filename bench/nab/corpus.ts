// Reads the benchmark's files, labels and published figures from the folder of recordings. Labels are kept apart
// from the series: what is handed to a detector has only timestamps and values.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { LabelledWindow } from './score.ts';
import { NabInputError } from './score.ts';

/** One series as a detector may see it. */
export interface NabSeries {
  /** `category/file.csv`, the key of the label file. */
  readonly name: string;
  /** UTC epoch ms (the files carry no zone; they are read as UTC). */
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

const windowsSchema = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));
const publishedSchema = z.record(
  z.string(),
  z.object({ standard: z.number(), reward_low_FP_rate: z.number(), reward_low_FN_rate: z.number() }),
);

/** Published normalised scores of one detector over all 58 files. */
export type PublishedScore = z.infer<typeof publishedSchema>[string];

/** `2014-04-01 00:00:00[.000000]` read as UTC, in epoch ms. */
export function parseNabTime(text: string): number {
  const time = Date.parse(`${text.trim().slice(0, 19).replace(' ', 'T')}Z`);
  if (Number.isNaN(time)) throw new NabInputError(`not a timestamp of the benchmark: ${text}`);
  return time;
}

function readText(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function readSeries(file: string, name: string): NabSeries {
  const lines = readText(file).split(/\r?\n/).slice(1).filter(Boolean);
  const timestamps = new Float64Array(lines.length);
  const values = new Float64Array(lines.length);
  lines.forEach((line, row) => {
    const [time, value] = line.split(',');
    timestamps[row] = parseNabTime(time);
    values[row] = Number(value);
    if (!Number.isFinite(values[row]))
      throw new NabInputError(`${name} line ${row + 2}: not a number: ${value}`);
  });
  return { name, timestamps, values };
}

/** All series under `<folder>/data`, sorted by name; plain or gzip-compressed CSV. */
export function readNabSeries(folder: string): NabSeries[] {
  const data = path.join(folder, 'data');
  const series: NabSeries[] = [];
  for (const category of readdirSync(data).sort()) {
    for (const file of readdirSync(path.join(data, category)).sort()) {
      if (!/\.csv(\.gz)?$/.test(file)) continue;
      series.push(readSeries(path.join(data, category, file), `${category}/${file.replace(/\.gz$/, '')}`));
    }
  }
  if (series.length === 0) throw new NabInputError(`no series under ${data}`);
  return series;
}

/** Labelled windows per series name. */
export function readNabWindows(folder: string): Map<string, LabelledWindow[]> {
  const parsed = windowsSchema.parse(
    JSON.parse(readFileSync(path.join(folder, 'labels', 'combined_windows.json'), 'utf8')),
  );
  return new Map(
    Object.entries(parsed).map(([name, windows]) => [
      name,
      windows.map(([from, to]) => ({ from: parseNabTime(from), to: parseNabTime(to) })),
    ]),
  );
}

/** Published scores per detector (all 58 files). */
export function readPublishedScores(folder: string): Map<string, PublishedScore> {
  const parsed = publishedSchema.parse(
    JSON.parse(readFileSync(path.join(folder, 'results', 'final_results.json'), 'utf8')),
  );
  return new Map(Object.entries(parsed));
}
