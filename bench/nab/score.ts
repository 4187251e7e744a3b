// The scoring rules of the Numenta Anomaly Benchmark (Lavin & Ahmad 2015, arXiv:1510.03336; the benchmark's
// version 1.1), written from the published rules. Pure: rows and windows in, figures out.
//
// A detection is any row whose anomaly score reaches the threshold. Inside a labelled window only the earliest
// detection counts and is worth more the earlier it comes; a window without a detection costs the miss weight;
// every detection outside costs the false-alarm weight, less so just after a window. One threshold is chosen for the whole
// corpus, per profile, as the one with the best total. The total is then placed between a detector that never
// fires (0) and one that fires on the first row of each window and nowhere else (100).

/** Cost weights of one application profile, dimensionless. */
export interface Profile {
  readonly name: 'standard' | 'reward_low_FP_rate' | 'reward_low_FN_rate';
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

/** The three profiles of the benchmark. */
export const profiles: readonly Profile[] = [
  { name: 'standard', truePositive: 1, falsePositive: 0.11, falseNegative: 1 },
  { name: 'reward_low_FP_rate', truePositive: 1, falsePositive: 0.22, falseNegative: 1 },
  { name: 'reward_low_FN_rate', truePositive: 1, falsePositive: 0.11, falseNegative: 2 },
];

/** One labelled window: inclusive first and last timestamp, both of which must occur in the file, epoch ms. */
export interface LabelledWindow {
  readonly from: number;
  readonly to: number;
}

/** One file with the scores a detector gave to its rows. */
export interface ScoredFile {
  readonly name: string;
  /** Epoch ms per row, as in the file (repeats allowed). */
  readonly timestamps: ArrayLike<number>;
  /** Anomaly score per row, in [0,1]. */
  readonly scores: ArrayLike<number>;
  readonly windows: readonly LabelledWindow[];
}

/** What one row is worth if it is a detection. `window` is -1 outside every window. */
export interface RowWorth {
  readonly row: number;
  readonly window: number;
  readonly worth: number;
}

/** A window edge that no row of the file carries, or rows and scores of different length. */
export class NabInputError extends Error {
  override readonly name = 'NabInputError';
}

const probationShare = 0.15;
const probationCapRows = 5000;
const farPastWindow = 3;

/** Rows at the start of a file that are never scored: 15 % of it, at most 750. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(probationShare * rows), probationShare * probationCapRows);
}

/**
 * Worth of a detection by its place relative to a window, in (-1, 1): `position` -1 is the left edge of the window,
 * 0 the right edge, 1 one window length after it; -1 is returned from three lengths on.
 */
export function scaledSigmoid(position: number): number {
  return position >= farPastWindow ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

const earliestWorth = scaledSigmoid(-1);

/**
 * Worth of a detection on every row after probation, in row order.
 * @throws NabInputError when lengths differ or a window edge is not a timestamp of the file.
 */
export function rowWorths(file: ScoredFile, profile: Profile): RowWorth[] {
  const { timestamps, scores, windows, name } = file;
  const rows = timestamps.length;
  if (scores.length !== rows) {
    throw new NabInputError(`${name}: ${scores.length} scores for ${rows} rows; give one score per row`);
  }
  const firstRowAt = new Map<number, number>();
  for (let row = 0; row < rows; row += 1) {
    if (!firstRowAt.has(timestamps[row])) firstRowAt.set(timestamps[row], row);
  }
  const edge = (time: number): number => {
    const row = firstRowAt.get(time);
    if (row === undefined) {
      throw new NabInputError(
        `${name}: no row at window edge ${new Date(time).toISOString()}; labels and data differ`,
      );
    }
    return row;
  };
  const spans = windows.map((window) => ({ first: edge(window.from), last: edge(window.to) }));
  const probation = probationRows(rows);
  const result: RowWorth[] = [];
  let next = 0;
  for (let row = 0; row < rows; row += 1) {
    while (next < spans.length && row > spans[next].last) next += 1;
    const span = next < spans.length && row >= spans[next].first ? spans[next] : undefined;
    if (row < probation) continue;
    if (span) {
      const position = -(span.last - row + 1) / (span.last - span.first + 1);
      result.push({
        row,
        window: next,
        worth: (scaledSigmoid(position) * profile.truePositive) / earliestWorth,
      });
    } else {
      const passed = next > 0 ? spans[next - 1] : undefined;
      const position = passed ? (row - passed.last) / (passed.last - passed.first) : farPastWindow;
      result.push({ row, window: -1, worth: scaledSigmoid(position) * profile.falsePositive });
    }
  }
  return result;
}

/** Total of a corpus at one threshold, before normalisation, with what it is made of. */
export interface ThresholdScore {
  /** A row is a detection when its score is at least this. Above 1 nothing is. */
  readonly threshold: number;
  readonly raw: number;
  readonly windowsFound: number;
  /** Detections outside every window, after probation. */
  readonly falseAlarms: number;
}

/** Totals at every threshold that changes the set of detections, highest threshold first; the first detects nothing. */
export function sweepThresholds(files: readonly ScoredFile[], profile: Profile): ThresholdScore[] {
  const points: { score: number; worth: number; window: number }[] = [];
  let windowCount = 0;
  const scorable = new Set<number>();
  for (const file of files) {
    for (const { row, window, worth } of rowWorths(file, profile)) {
      const id = window < 0 ? -1 : windowCount + window;
      if (id >= 0) scorable.add(id);
      points.push({ score: file.scores[row], worth, window: id });
    }
    windowCount += file.windows.length;
  }
  points.sort((a, b) => b.score - a.score);
  const best = new Float64Array(windowCount).fill(-profile.falseNegative);
  let raw = -profile.falseNegative * scorable.size;
  let windowsFound = 0;
  let falseAlarms = 0;
  const found = new Uint8Array(windowCount);
  const totals: ThresholdScore[] = [{ threshold: 1.1, raw, windowsFound, falseAlarms }];
  for (let index = 0; index < points.length; ) {
    const threshold = points[index].score;
    for (; index < points.length && points[index].score === threshold; index += 1) {
      const { window, worth } = points[index];
      if (window < 0) {
        raw += worth;
        falseAlarms += 1;
        continue;
      }
      if (!found[window]) {
        found[window] = 1;
        windowsFound += 1;
      }
      if (worth > best[window]) {
        raw += worth - best[window];
        best[window] = worth;
      }
    }
    totals.push({ threshold, raw, windowsFound, falseAlarms });
  }
  return totals;
}

/** Total at a given threshold (the total of the lowest swept threshold that is not below it). */
export function scoreAt(files: readonly ScoredFile[], profile: Profile, threshold: number): ThresholdScore {
  const totals = sweepThresholds(files, profile);
  let chosen = totals[0];
  for (const total of totals) if (total.threshold >= threshold) chosen = total;
  return chosen;
}

/** Raw total between the silent detector (0) and the perfect one (100). NaN when the corpus has no window. */
export function normalise(raw: number, windows: number, profile: Profile): number {
  const silent = -profile.falseNegative * windows;
  const perfect = profile.truePositive * windows;
  return (100 * (raw - silent)) / (perfect - silent);
}

/** Best total over all thresholds with its normalised score. */
export interface CorpusScore extends ThresholdScore {
  readonly profile: Profile['name'];
  readonly normalised: number;
  readonly windows: number;
}

/** Chooses the threshold for the corpus and scores it: the figure the benchmark publishes. */
export function scoreCorpus(files: readonly ScoredFile[], profile: Profile): CorpusScore {
  const windows = files.reduce((sum, file) => sum + file.windows.length, 0);
  let best: ThresholdScore | undefined;
  for (const total of sweepThresholds(files, profile)) if (!best || total.raw > best.raw) best = total;
  if (!best) throw new NabInputError('no rows to score');
  return { ...best, profile: profile.name, windows, normalised: normalise(best.raw, windows, profile) };
}
