// The trained models that the forecast processor is given on the command line.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ForecastError } from '#models/forecast/index.ts';
import type { Venue } from '#models/venue/index.ts';
import { type ModelFile, trainedForecastProcessor, venueModels } from '#processors/forecast/index.ts';
import {
  type ProcessorRecipe,
  type RunnerOptions,
  type Running,
  runProcessor,
} from '#processors/runtime/index.ts';

/**
 * Reads model files; a folder stands for its model.json. What is in them is judged by venue, later.
 * @throws ForecastError for a file that is not there, or models for a processor that has no use for them
 */
export async function readModelFiles(processor: string, paths: readonly string[]): Promise<ModelFile[]> {
  if (paths.length > 0 && processor !== 'forecast')
    throw new ForecastError(`--model is for the forecast processor: ${processor} uses no trained model`);
  return Promise.all(
    paths.map(async (given) => {
      try {
        const file = (await stat(given)).isDirectory() ? path.join(given, 'model.json') : given;
        return { name: given, text: await readFile(file, 'utf8') };
      } catch (cause) {
        throw new ForecastError(`the model ${given} cannot be read: give a folder that train has written`, {
          cause,
        });
      }
    }),
  );
}

/** Runs the forecast processor of a venue with these models, and says which series use none, and why. */
export function runTrainedForecast(
  venue: Venue,
  files: readonly ModelFile[],
  options: RunnerOptions,
  say: (line: string) => void,
): Promise<Running> {
  const { models, notices } = venueModels(venue, files);
  for (const [series, { id, version }] of models)
    say(`${series}: trained model ${id}, format version ${version}`);
  for (const notice of notices) say(notice);
  return runProcessor(trainedForecastProcessor({ venue, files }), options);
}

/** How a worker thread makes the same processor. */
export function trainedForecastRecipe(venue: Venue, files: readonly ModelFile[]): ProcessorRecipe {
  return {
    module: new URL('../../processors/forecast/index.ts', import.meta.url).href,
    export: trainedForecastProcessor.name,
    argument: { venue, files },
  };
}
