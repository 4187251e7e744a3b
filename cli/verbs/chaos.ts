// `tidewatch chaos`: kills the processor and the server again and again under load, and compares every output with an
// undisturbed run. Ends with status 1 when anything differs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { type ChaosReport, chaos } from '#testing/chaos/chaos.ts';
import { isEqual } from '#testing/scene/digest.ts';
import { wholeNumber } from '../context.ts';

const VENUE = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  'venues',
  'north-hall.geojson',
);
/** Results go on within this after a kill, ms. */
const RESTART_LIMIT_MS = 10_000;

interface ChaosVerbOptions {
  readonly kills: number;
  readonly seed?: number;
  readonly rate: number;
  readonly persons: number;
  readonly venue: string;
  readonly json: boolean;
}

export function register(program: Command): void {
  program
    .command('chaos')
    .description('kill -9 the processor and the server at random under load; compare with an undisturbed run')
    .addOption(new Option('--kills <n>', 'how many').argParser(wholeNumber(1, 10_000)).default(50))
    .addOption(
      new Option('--seed <n>', 'of the frames and the kills (default: a new one)').argParser(
        wholeNumber(0, 0xffffffff),
      ),
    )
    .addOption(new Option('--rate <n>', 'frames per second').argParser(wholeNumber(1, 100_000)).default(300))
    .addOption(new Option('--persons <n>', 'in each frame').argParser(wholeNumber(0, 1_000)).default(40))
    .option('--venue <file>', 'the venue as GeoJSON', VENUE)
    .option('--json', 'end with one line of JSON figures', false)
    .action(async ({ kills, seed: wanted, rate, persons, venue, json }: ChaosVerbOptions) => {
      const seed = wanted ?? Math.floor(Math.random() * 2 ** 32);
      console.log(`seed ${seed}: ${kills} kills, ${rate} frames/s of ${persons} persons`);
      const report = await chaos({
        kills,
        seed,
        framesPerS: rate,
        persons,
        venue: readFileSync(venue, 'utf8'),
        tell: (line) => console.log(line),
      });
      print(report);
      const passed = passes(report);
      console.log(passed ? 'equal: nothing lost, nothing doubled' : `FAILED; run again with --seed ${seed}`);
      if (json) console.log(JSON.stringify({ chaos: 'density', seed, ...figures(report), passed }));
      if (!passed) process.exitCode = 1;
    });
}

function passes(report: ChaosReport): boolean {
  return (
    report.inputsLost === 0 &&
    report.inputDuplicates === 0 &&
    report.longestRestartMs <= RESTART_LIMIT_MS &&
    Object.values(report.outputs).every((comparison) => comparison.compared > 0 && isEqual(comparison))
  );
}

function print(report: ChaosReport): void {
  const rows = Object.entries(report.outputs).map(
    ([stream, { examples, ...counts }]) => [stream, counts] as const,
  );
  console.table(Object.fromEntries(rows));
  for (const { examples } of Object.values(report.outputs))
    for (const line of examples) console.log(`  ${line}`);
  for (const victim of ['processor', 'server', 'both'] as const) {
    const times = report.kills.filter((kill) => kill.victim === victim).map(({ restartMs }) => restartMs);
    if (times.length === 0) continue;
    times.sort((a, b) => a - b);
    const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
    console.log(
      `${times.length} kills of ${victim}: results again after ${seconds(times[times.length >> 1]!)} s (median), ` +
        `${seconds(times.at(-1)!)} s at most`,
    );
  }
  console.log(
    `${report.inputs} inputs acknowledged, ${report.inputsLost} lost, ${report.inputDuplicates} doubled; ` +
      `${report.seconds.toFixed(0)} s in all`,
  );
}

function figures(report: ChaosReport): Record<string, number> {
  const comparisons = Object.values(report.outputs);
  const sum = (of: (one: (typeof comparisons)[number]) => number): number =>
    comparisons.reduce((total, one) => total + of(one), 0);
  const times = report.kills.map(({ restartMs }) => restartMs).sort((a, b) => a - b);
  return {
    kills: report.kills.length,
    inputs: report.inputs,
    inputs_lost: report.inputsLost,
    input_duplicates: report.inputDuplicates,
    outputs: sum(({ compared }) => compared),
    outputs_missing: sum(({ missing }) => missing),
    outputs_extra: sum(({ extra }) => extra),
    outputs_different: sum(({ different }) => different),
    outputs_duplicated: sum(({ duplicates }) => duplicates),
    outputs_out_of_place: sum(({ outOfPlace }) => outOfPlace),
    restart_p50_ms: Math.round(times[times.length >> 1] ?? 0),
    restart_max_ms: Math.round(report.longestRestartMs),
  };
}
