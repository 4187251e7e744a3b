// Trained models for the series of a venue: which file is for which series, and why a series has none. Whatever cannot be
// used is said in a notice; its series are forecast statistically, and their messages say so too.
import { createHash } from 'node:crypto';
import { ForecastError, type ForecastModel, forecasterOf, parseModel } from '#models/forecast/index.ts';
import type { Venue } from '#models/venue/index.ts';
import { watchedZones } from '../shared/density-input.ts';
import { HORIZONS_MS, STEP_MS } from './step.ts';

/** A model file as it was read. */
export interface ModelFile {
  /** For notices. */
  readonly name: string;
  readonly text: string;
}

export interface SeriesModel {
  /** First 16 hexadecimal digits of the SHA-256 of the file's text. */
  readonly id: string;
  readonly version: number;
  readonly model: ForecastModel;
}

export interface VenueModels {
  /** By series name. */
  readonly models: ReadonlyMap<string, SeriesModel>;
  /** For people: one line per file that is not used and per series without a trained model. */
  readonly notices: readonly string[];
}

/** The series of a venue as in the subjects of their forecasts: each watched zone, then all of them together. */
export function seriesOf(venue: Venue): readonly string[] {
  const at = `${venue.org}.${venue.id}`;
  return [...watchedZones(venue).map((zone) => `count.${at}.${zone}`), `count-all.${at}.venue`];
}

/**
 * Finds the model of each series.
 * @throws ForecastError when two files are for the same series: which one is meant is not ours to choose
 */
export function venueModels(venue: Venue, files: readonly ModelFile[]): VenueModels {
  const series = seriesOf(venue);
  const models = new Map<string, SeriesModel>();
  const notices: string[] = [];
  const names = new Map<string, string>();
  /** Why a series has none although a file was for it. */
  const reasons = new Map<string, string>();
  for (const { name, text } of files) {
    const read = parsed(text);
    if (typeof read === 'string') {
      notices.push(`${name} is not used: ${read}`);
      continue;
    }
    const { model } = read;
    if (model.series === undefined) {
      notices.push(`${name} is not used: it does not say of which series it is; train it with --series`);
      continue;
    }
    const other = names.get(model.series);
    if (other !== undefined)
      throw new ForecastError(`${other} and ${name} are both for ${model.series}: give one of them`);
    names.set(model.series, name);
    if (!series.includes(model.series)) {
      notices.push(
        `${name} is not used for ${venue.id}: it is for ${model.series}, which no camera of it sees`,
      );
      continue;
    }
    const refusal = unusable(model);
    if (refusal === undefined) models.set(model.series, read);
    else reasons.set(model.series, `${name} is not used: ${refusal}`);
  }
  if (files.length === 0) notices.push('no --model was given: every forecast is statistical');
  else
    for (const one of series) {
      if (!models.has(one))
        notices.push(`${one}: statistical forecast, ${reasons.get(one) ?? 'no trained model is given'}`);
    }
  return { models, notices };
}

function parsed(text: string): SeriesModel | string {
  try {
    const model = parseModel(text);
    const id = createHash('sha256').update(text).digest('hex').slice(0, 16);
    return { id, version: model.version, model };
  } catch (error) {
    if (error instanceof ForecastError) return error.message;
    throw error;
  }
}

/** Why the model cannot forecast here; undefined when it can. */
function unusable(model: ForecastModel): string | undefined {
  try {
    forecasterOf(model, STEP_MS, HORIZONS_MS);
  } catch (error) {
    if (error instanceof ForecastError) return error.message;
    throw error;
  }
  const better = model.horizons.some(({ used, horizonMs }) => used && HORIZONS_MS.includes(horizonMs));
  return better
    ? undefined
    : 'on the days held out it was nowhere better than the statistical forecast; see its card';
}
