// `tidewatch train`: a forecast model from the history of one series, with a card that says how it did on days it never saw.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { parseHorizons, readSeries } from '#cli/forecast/series.ts';
import { modelCard, stepOf, TRAIN_DEFAULTS, trainModel } from '#models/forecast/index.ts';

type Options = {
  in: string;
  out: string;
  horizons: string;
  seed: number;
  epochs: number;
  series?: string;
};

/** A forecast's subject without its first token. */
const SERIES = /^count(-all)?(\.[a-z0-9-]{1,64}){3}$/;

function seriesName(text: string): string {
  if (SERIES.test(text)) return text;
  throw new InvalidArgumentError(
    'give count.<org>.<venue>.<zone>, or count-all.<org>.<venue>.venue for all zones: the subject of its forecasts',
  );
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('give a whole number above 0');
  return Number(text);
}

export function register(program: Command): void {
  program
    .command('train')
    .description(
      'Train a forecast model on a series; it is used only where it beats the statistical forecast',
    )
    .requiredOption('--in <file>', 'CSV timestamp,value (UTC, ISO 8601 or epoch ms)')
    .requiredOption('--out <folder>', 'folder for model.json, card.json and card.md; made if absent')
    .option(
      '--horizons <list>',
      'times such as 5m,15m,30m or steps of the series such as 1,3,6',
      '5m,15m,30m',
    )
    .option(
      '--series <name>',
      'what the values are of, for `process forecast --model`: count.<org>.<venue>.<zone> or count-all.<org>.<venue>.venue',
      seriesName,
    )
    .option(
      '--seed <number>',
      'seed of the first weights and the order of samples',
      wholeNumber,
      TRAIN_DEFAULTS.seed,
    )
    .option('--epochs <number>', 'passes over the data at most', wholeNumber, TRAIN_DEFAULTS.epochs)
    .action(async (options: Options) => {
      console.log(await trainFile(options));
    });
}

/** Trains on a file, writes the model's folder and returns its card. */
export async function trainFile(options: Options): Promise<string> {
  const horizons = parseHorizons(options.horizons);
  const points = await readSeries(options.in);
  const stepMs = stepOf(points);
  const horizonsMs = horizons.ms ?? (horizons.steps ?? []).map((n) => n * stepMs);
  const { seed, epochs, series } = options;
  const model = await trainModel(points, horizonsMs, { ...TRAIN_DEFAULTS, seed, epochs }, series);
  const card = modelCard(model, path.basename(options.in));
  const figures = { ...model, horizons: model.horizons.map(({ weights: _, ...rest }) => rest) };
  await mkdir(options.out, { recursive: true });
  await writeFile(path.join(options.out, 'model.json'), `${JSON.stringify(model)}\n`);
  await writeFile(path.join(options.out, 'card.json'), `${JSON.stringify(figures, undefined, 2)}\n`);
  await writeFile(path.join(options.out, 'card.md'), card);
  return card;
}
