// The Numenta Anomaly Benchmark: our detector in its one default configuration over the files given, scored by the
// benchmark's rules beside the published scores, with how far the score moves between random halves of the files, the
// speed over 2,000 series and the memory of one. Labels stay in the scorer: the detector sees time and value only,
// neither the length nor the range of a file, both of which the benchmark hands to its own detectors.
import { createDetector, detectorStateBytes, restoreDetector } from '#models/anomaly/index.ts';
import { recording } from '#testing/shared-data.ts';
import { type NabSeries, readNabSeries, readNabWindows, readPublishedScores } from './nab/corpus.ts';
import { normalise, profiles, type ScoredFile, scoreAt, scoreCorpus } from './nab/score.ts';

const SERIES = 2000;
const SPLITS = 20;

function scoreSeries(series: NabSeries): Float64Array {
  const detector = createDetector();
  return series.values.map((value, row) => detector.update(series.timestamps[row], value).score);
}

/** Mean and deviation of the standard score of a half of the files with the threshold chosen on the other half. */
function acrossHalves(files: readonly ScoredFile[]): { mean: number; deviation: number } {
  let state = 20_240_601;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const standard = profiles[0];
  const scores: number[] = [];
  for (let split = 0; split < SPLITS; split += 1) {
    const order = files
      .map((file) => ({ file, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ file }) => file);
    const halves = [order.slice(0, order.length >> 1), order.slice(order.length >> 1)];
    for (const [chosenOn, scoredOn] of [halves, halves.toReversed()]) {
      const { threshold } = scoreCorpus(chosenOn, standard);
      const windows = scoredOn.reduce((sum, file) => sum + file.windows.length, 0);
      scores.push(normalise(scoreAt(scoredOn, standard, threshold).raw, windows, standard));
    }
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
  return { mean, deviation };
}

/** Points per second, by the clock and by the processor time used, over many series taking turns. */
function speed(series: readonly NabSeries[]): { perSecond: number; perCpuSecond: number; bytes: number } {
  const before = process.memoryUsage();
  const detectors = Array.from({ length: SERIES }, () => createDetector());
  const after = process.memoryUsage();
  // The heap may shrink meanwhile when garbage is collected; the arrays are counted exactly.
  const heap = Math.max(0, after.heapUsed - before.heapUsed);
  const bytes = (after.arrayBuffers - before.arrayBuffers + heap) / SERIES;
  const turns = (rounds: number, from: number) => {
    for (let row = from; row < from + rounds; row += 1) {
      for (let index = 0; index < SERIES; index += 1) {
        const { timestamps, values } = series[index % series.length];
        const at = (row + index) % values.length;
        detectors[index].update(timestamps[at], values[at]);
      }
    }
  };
  turns(30, 0);
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let part = 0; part < 5; part += 1) {
    const startedCpu = process.cpuUsage();
    const started = performance.now();
    turns(100, 30 + 100 * part);
    wall.push((100 * SERIES) / ((performance.now() - started) / 1000));
    const used = process.cpuUsage(startedCpu);
    cpu.push((100 * SERIES) / ((used.user + used.system) / 1e6));
  }
  const median = (figures: number[]) => figures.toSorted((a, b) => a - b)[figures.length >> 1];
  return { perSecond: median(wall), perCpuSecond: median(cpu), bytes: Math.max(bytes, detectorStateBytes) };
}

/** Snapshot and restore in the middle of a series must change nothing. */
function checkRestore(series: NabSeries): void {
  let detector = createDetector();
  const plain = scoreSeries(series);
  for (let row = 0; row < series.values.length; row += 1) {
    if (row % 997 === 0) detector = restoreDetector(detector.snapshot());
    if (detector.update(series.timestamps[row], series.values[row]).score !== plain[row]) {
      throw new Error(`${series.name}: the score of row ${row + 1} differs after a restore`);
    }
  }
}

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  const folder = recording('nab');
  if (!folder) throw new Error('the benchmark files are absent: set TIDEWATCH_DATA to the data folder');
  const series = readNabSeries(folder);
  const scores = series.map(scoreSeries);
  checkRestore(series[0]);
  const labels = readNabWindows(folder);
  const files = series.map(({ name, timestamps }, index): ScoredFile => {
    const windows = labels.get(name);
    if (!windows) throw new Error(`${name} has no entry in the label file`);
    return { name, timestamps, scores: scores[index], windows };
  });
  const [standard, lowFp, lowFn] = profiles.map((profile) => scoreCorpus(files, profile));
  const halves = acrossHalves(files);
  const { perSecond, perCpuSecond, bytes } = speed(series);

  const rows = [...readPublishedScores(folder)].map(([name, score]) => ({
    name: `${name} (published, 58 files)`,
    figures: [score.standard, score.reward_low_FP_rate, score.reward_low_FN_rate],
  }));
  rows.push({
    name: `tidewatch (ours, ${files.length} files)`,
    figures: [standard.normalised, lowFp.normalised, lowFn.normalised],
  });
  rows.sort((a, b) => b.figures[0] - a.figures[0]);
  console.log(
    `${'detector'.padEnd(40)}${['standard', 'low FP', 'low FN'].map((n) => n.padStart(10)).join('')}`,
  );
  for (const { name, figures } of rows) {
    console.log(`${name.padEnd(40)}${figures.map((figure) => figure.toFixed(1).padStart(10)).join('')}`);
  }
  console.log(
    `ours: ${standard.windowsFound} of ${standard.windows} windows, ${standard.falseAlarms} false alarms at ` +
      `${standard.threshold.toFixed(3)}; a half of the files with the other half's threshold: ` +
      `${halves.mean.toFixed(1)} +- ${halves.deviation.toFixed(1)}; with the default alarm level 0.5: ` +
      `${normalise(scoreAt(files, profiles[0], 0.5).raw, standard.windows, profiles[0]).toFixed(1)}`,
  );
  console.log(
    `${Math.round(perSecond)} points/s over ${SERIES} series (${Math.round(perCpuSecond)} per second of one core), ` +
      `${Math.round(bytes)} bytes per series`,
  );
  return {
    standard: standard.normalised,
    low_fp: lowFp.normalised,
    low_fn: lowFn.normalised,
    threshold: standard.threshold,
    windows_found: standard.windowsFound,
    windows: standard.windows,
    false_alarms: standard.falseAlarms,
    half_mean: halves.mean,
    half_deviation: halves.deviation,
    files: files.length,
    points_per_s: perSecond,
    points_per_cpu_s: perCpuSecond,
    bytes_per_series: bytes,
  };
}
