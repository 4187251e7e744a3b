// Measures the window operator against what one would write instead, in one run on one stream: mean persons in 100 zones,
// 60 s windows, 1 s hop; then how its cost moves as windows, overlap and keys grow.
//
// Every time is CPU time of this process (all its threads), so that neighbours on a shared machine count less; the rate
// is also given by the wall clock. Contestants take turns, figures are medians.

import { type Outcome, operator, recompute, rxBufferTime, rxWindowTime } from './window/contestants.ts';
import { duckdbWindows } from './window/duckdb.ts';
import { samplesOf, type Workload, zoneColumns } from './window/workload.ts';

/** The stream for the rate: 10,000 persons per second of event time. */
const DENSE: Workload = { zones: 100, cameras: 10, rateHz: 10, personsPerFrame: 100, seconds: 600 };
/** The stream for rivals: thinner and shorter, or sliding RxJS operators need minutes and gigabytes. */
const THIN: Workload = { ...DENSE, rateHz: 1, seconds: 120 };
const LENGTH_MS = 60_000;
const HOP_MS = 1000;

interface Timing {
  readonly cpuS: number;
  readonly wallS: number;
}

export async function run(options: { json: boolean }): Promise<Record<string, number | string>> {
  const figures: Record<string, number | string> = {};
  rate(figures);
  await rivals(figures);
  lengths(figures);
  overlaps(figures);
  keys(figures);
  if (!options.json)
    console.log('\nTimes are CPU seconds; rivals run the thin stream, ratios are to the operator on it.');
  return figures;
}

function timed(work: () => Outcome): Timing & { outcome: Outcome } {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const outcome = work();
  const used = process.cpuUsage(cpu);
  return { outcome, cpuS: (used.user + used.system) / 1e6, wallS: (performance.now() - wall) / 1000 };
}

function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return ascending[Math.floor(ascending.length / 2)]!;
}

function timeOperator(work: Workload, lengthMs: number, hopMs: number, runs: number): Timing {
  const columns = zoneColumns(work);
  const timings = Array.from({ length: runs }, () => timed(() => operator(work, columns, lengthMs, hopMs)));
  return { cpuS: median(timings.map(({ cpuS }) => cpuS)), wallS: median(timings.map(({ wallS }) => wallS)) };
}

function rate(figures: Record<string, number | string>): void {
  timeOperator(DENSE, LENGTH_MS, HOP_MS, 1);
  const { cpuS, wallS } = timeOperator(DENSE, LENGTH_MS, HOP_MS, 7);
  figures.samples_per_s = Math.round(samplesOf(DENSE) / wallS);
  figures.samples_per_cpu_s = Math.round(samplesOf(DENSE) / cpuS);
  console.log(
    `operator, ${DENSE.zones} zones, 60 s / 1 s, ${samplesOf(DENSE) / 1e6} M samples: ` +
      `${millions(figures.samples_per_s)} M samples/s by the wall clock, ${millions(figures.samples_per_cpu_s)} by CPU`,
  );
}

async function rivals(figures: Record<string, number | string>): Promise<void> {
  const columns = zoneColumns(THIN);
  const samples = samplesOf(THIN);
  const contestants: [string, number, () => Outcome][] = [
    ['operator', 7, () => operator(THIN, columns, LENGTH_MS, HOP_MS)],
    ['recompute', 5, () => recompute(THIN, columns, LENGTH_MS, HOP_MS)],
    ['buffer_time', 3, () => rxBufferTime(THIN, columns, LENGTH_MS, HOP_MS)],
    ['window_time', 1, () => rxWindowTime(THIN, columns, LENGTH_MS, HOP_MS)],
  ];
  console.log(`\n${'contestant'.padEnd(14)}${'M samples/s'.padStart(12)}${'ratio'.padStart(9)}   windows`);
  let own = 0;
  let expected: Outcome | null = null;
  const report = (name: string, cpuS: number, outcome: Outcome): void => {
    const reference = expected ?? outcome;
    expected = reference;
    // Each tick of the thin stream is one frame, so that all count exactly; only the order of additions differs here.
    const error = Math.abs(outcome.checksum / outcome.windows / (reference.checksum / reference.windows) - 1);
    if (!(error < 1e-9)) throw new Error(`${name} computed other windows: relative difference ${error}`);
    if (name === 'operator') own = cpuS;
    figures[`ratio_to_${name}`] = round(cpuS / own);
    console.log(
      `${name.padEnd(14)}${millions(samples / cpuS).padStart(12)}${round(cpuS / own)
        .toString()
        .padStart(9)}   ${outcome.windows}`,
    );
  };
  for (const [name, runs, work] of contestants) {
    if (runs > 1) work();
    const timings = Array.from({ length: runs }, () => timed(work));
    report(name, median(timings.map(({ cpuS }) => cpuS)), timings[0]!.outcome);
  }
  const duckdb = await duckdbWindows(THIN, columns, LENGTH_MS, HOP_MS, 3);
  if (typeof duckdb === 'string') console.log(`duckdb        not measured: ${duckdb}`);
  else report('duckdb', duckdb.cpuS, duckdb.outcome);
  delete figures.ratio_to_operator;
}

/** Turn about, so that a change of the machine's mood hits all alike; the ratio is the median of the rounds' ratios. */
function compare(
  cases: readonly { label: string; time: () => number }[],
  rounds: number,
): { times: number[]; ratios: number[] } {
  for (const { time } of cases) time();
  const times = cases.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < cases.length; i++) times[i]!.push(cases[i]!.time());
  }
  return {
    times: times.map(median),
    ratios: times.map((mine) => median(mine.map((time, i) => time / times[0]![i]!))),
  };
}

function sweep(
  title: string,
  cases: readonly { label: string; work: Workload; lengthMs: number; hopMs: number }[],
): number[] {
  const { times, ratios } = compare(
    cases.map(({ label, work, lengthMs, hopMs }) => {
      const columns = zoneColumns(work);
      return {
        label,
        time: () => timed(() => operator(work, columns, lengthMs, hopMs)).cpuS / samplesOf(work),
      };
    }),
    7,
  );
  console.log(`\n${title.padEnd(24)}${'ns/sample'.padStart(10)}${'ratio'.padStart(8)}`);
  cases.forEach(({ label }, i) => {
    console.log(
      `${label.padEnd(24)}${(times[i]! * 1e9).toFixed(1).padStart(10)}${round(ratios[i]!).toString().padStart(8)}`,
    );
  });
  return ratios;
}

function lengths(figures: Record<string, number | string>): void {
  // Long enough that the longest window is full for most of the run.
  const work = { ...DENSE, seconds: 1800 };
  const ratios = sweep(
    'window, hop 1 s',
    [10, 60, 300, 900].map((s) => ({ label: `${s} s`, work, lengthMs: s * 1000, hopMs: 1000 })),
  );
  figures.ratio_15min_to_10s = round(ratios.at(-1)!);
}

function overlaps(figures: Record<string, number | string>): void {
  const ratios = sweep(
    'overlap of 60 s windows',
    [60, 10, 1].map((s) => ({
      label: `${60 / s} (hop ${s} s)`,
      work: DENSE,
      lengthMs: 60_000,
      hopMs: s * 1000,
    })),
  );
  figures.ratio_overlap_60_to_1 = round(ratios.at(-1)!);
}

function keys(figures: Record<string, number | string>): void {
  const ratios = sweep(
    'keys, 60 s / 1 s',
    [100, 500, 1000, 2000].map((zones) => ({
      label: `${zones}`,
      work: { ...DENSE, zones, seconds: 120 },
      lengthMs: 60_000,
      hopMs: 1000,
    })),
  );
  figures.ratio_2000_to_100_keys = round(ratios.at(-1)!);
}

function millions(rate: number): string {
  return (rate / 1e6).toFixed(rate < 1e6 ? 3 : 1);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
