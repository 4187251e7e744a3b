// `tidewatch score`: anomaly scores of a series in a file, strictly online: each row is scored from the rows before it and
// written out before the next is read, so that a growing input can be piped through.
import { closeSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { SeriesFormatError, scoreLines } from '#cli/score/rows.ts';

type Options = { in: string; to: string };

export function register(program: Command): void {
  program
    .command('score')
    .description('Anomaly score and reason for every row of a series, each from the rows before it alone')
    .requiredOption('--in <file>', 'CSV timestamp,value (UTC, ISO 8601 or epoch ms); - reads standard input')
    .requiredOption('--to <file>', 'CSV timestamp,value,anomaly_score,reason; - writes standard output')
    .action(async (options: Options) => {
      const { rows, alarms } = await scoreFile(options.in, options.to);
      if (options.to !== '-')
        console.log(`${rows} rows scored into ${options.to}, ${alarms} alarms (score >= 0.5)`);
    });
}

/** Scores file `from` into file `to` (`-` for the standard streams); counts data rows and alarms. */
export async function scoreFile(from: string, to: string): Promise<{ rows: number; alarms: number }> {
  if (from !== '-' && path.resolve(from) === path.resolve(to)) {
    throw new SeriesFormatError(`--in and --to are both ${from}; give another file for the scores`);
  }
  // The input is opened before the output is touched, so that a missing input leaves an older result alone.
  const input = from === '-' ? process.stdin : (await open(from)).createReadStream({ encoding: 'utf8' });
  // The line reader would end quietly when its input fails: the error is kept and thrown below.
  let failure: Error | undefined;
  input.once('error', (error: Error) => {
    failure = error;
  });
  const reader = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const output = to === '-' ? 1 : openSync(to, 'w');
  let rows = -1;
  let alarms = 0;
  try {
    for await (const line of scoreLines(reader)) {
      writeSync(output, `${line}\n`);
      rows += 1;
      if (rows > 0 && Number(line.split(',')[2]) >= 0.5) alarms += 1;
    }
  } finally {
    reader.close();
    if (output !== 1) closeSync(output);
  }
  if (failure) throw failure;
  return { rows, alarms };
}
