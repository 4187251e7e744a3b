// `tidewatch backtest`: what would have been forecast at every row of a series, beside what came, without looking ahead.
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { parseHorizons, readSeries } from '#cli/forecast/series.ts';
import { backtest, ForecastError, forecasterOf, parseModel, Score, stepOf } from '#models/forecast/index.ts';

type Options = { in: string; to: string; horizons: string; model?: string };

export function register(program: Command): void {
  program
    .command('backtest')
    .description('Forecasts with an 80 % band from every row of a series, each from the rows up to it alone')
    .requiredOption('--in <file>', 'CSV timestamp,value (UTC, ISO 8601 or epoch ms)')
    .requiredOption('--to <file>', 'CSV origin,horizon,actual,p10,p50,p90')
    .option(
      '--horizons <list>',
      'times such as 5m,15m,30m or steps of the series such as 1,3,6',
      '5m,15m,30m',
    )
    .option('--model <folder>', 'a model that train has made; without it the statistical forecaster')
    .action(async (options: Options) => {
      for (const line of await backtestFile(options)) console.log(line);
    });
}

const ROWS_PER_WRITE = 4096;

/** Writes the forecasts of a file and returns what a person should read about them. */
export async function backtestFile(options: Options): Promise<string[]> {
  if (path.resolve(options.in) === path.resolve(options.to))
    throw new ForecastError(`--in and --to are both ${options.in}; give another file for the forecasts`);
  const horizons = parseHorizons(options.horizons);
  const points = await readSeries(options.in);
  const stepMs = stepOf(points);
  const horizonsMs = horizons.ms ?? (horizons.steps ?? []).map((n) => n * stepMs);
  const times = new Map(points.map((p) => [p.epochMs, p.text]));
  const scores = horizonsMs.map(() => new Score());
  let leftOut = 0;
  const model =
    options.model === undefined
      ? undefined
      : parseModel(await readFile(path.join(options.model, 'model.json'), 'utf8'));
  const rows = backtest(points, {
    horizonsMs,
    ...(model ? { make: (o) => forecasterOf(model, o.stepMs, o.horizonsMs) } : {}),
    onLeftOut: () => {
      leftOut += 1;
    },
  });
  const file = await open(options.to, 'w');
  try {
    let lines = ['origin,horizon,actual,p10,p50,p90'];
    for (const row of rows) {
      const i = horizonsMs.indexOf(row.horizonMs);
      scores[i].add(row, row.actual);
      const { actual, p10, p50, p90 } = row;
      lines.push(`${times.get(row.originMs)},${horizons.labels[i]},${actual},${p10},${p50},${p90}`);
      if (lines.length === ROWS_PER_WRITE) {
        await file.write(`${lines.join('\n')}\n`);
        lines = [];
      }
    }
    if (lines.length > 0) await file.write(`${lines.join('\n')}\n`);
  } finally {
    await file.close();
  }
  const report = scores.map((score, i) =>
    score.count === 0
      ? `${horizons.labels[i]} ahead: no value of the series lies that far after another`
      : `${horizons.labels[i]} ahead: ${score.count} forecasts, mean absolute error ${score.mae.toPrecision(4)}, ` +
        `${(100 * score.coverage).toFixed(1)} % within the 80 % band`,
  );
  if (leftOut > 0)
    report.push(`${leftOut} rows left out: not a step of ${stepMs / 1000} s later than the row before`);
  return report;
}
