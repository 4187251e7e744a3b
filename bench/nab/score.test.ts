// The scorer against hand-worked cases, the extreme detectors, and the benchmark's own published score files.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recording } from '#testing/shared-data.ts';
import { parseNabTime, readNabSeries, readNabWindows } from './corpus.ts';
import {
  NabInputError,
  normalise,
  probationRows,
  profiles,
  rowWorths,
  type ScoredFile,
  scaledSigmoid,
  scoreAt,
  scoreCorpus,
  sweepThresholds,
} from './score.ts';

const [standard, lowFalsePositive, lowFalseNegative] = profiles;
const minutes = (count: number) => Float64Array.from({ length: count }, (_, row) => row * 60_000);

/** 200 rows, probation 30, one window of rows 100..119. */
function oneWindow(scores: (row: number) => number): ScoredFile {
  return {
    name: 'hand',
    timestamps: minutes(200),
    scores: Float64Array.from({ length: 200 }, (_, row) => scores(row)),
    windows: [{ from: 100 * 60_000, to: 119 * 60_000 }],
  };
}

describe('parts of the rule', () => {
  it('keeps 15 % of a file, at most 750 rows, out of the score', () => {
    expect(probationRows(4032)).toBe(604);
    expect(probationRows(5000)).toBe(750);
    expect(probationRows(15902)).toBe(750);
    expect(probationRows(6)).toBe(0);
  });

  it('values a detection by its place', () => {
    expect(scaledSigmoid(-1)).toBeCloseTo(0.98661, 5);
    expect(scaledSigmoid(-0.5)).toBeCloseTo(0.84828, 5);
    expect(scaledSigmoid(0)).toBe(0);
    expect(scaledSigmoid(1)).toBeCloseTo(-0.98661, 5);
    expect(scaledSigmoid(3)).toBe(-1);
  });

  it('refuses labels that do not fit the rows', () => {
    const file = { ...oneWindow(() => 0), windows: [{ from: 1, to: 60_000 }] };
    expect(() => rowWorths(file, standard)).toThrow(NabInputError);
    expect(() => rowWorths({ ...oneWindow(() => 0), scores: [0] }, standard)).toThrow(/one score per row/);
  });
});

describe('hand-worked file', () => {
  it('counts only the earliest detection in a window', () => {
    const early = scoreAt([oneWindow((row) => (row === 100 ? 1 : 0))], standard, 0.5);
    const many = scoreAt([oneWindow((row) => (row >= 100 && row < 120 ? 1 : 0))], standard, 0.5);
    expect(early.raw).toBeCloseTo(1, 12);
    expect(many.raw).toBeCloseTo(1, 12);
    const middle = scoreAt([oneWindow((row) => (row === 110 ? 1 : 0))], standard, 0.5);
    expect(middle.raw).toBeCloseTo(scaledSigmoid(-0.5) / scaledSigmoid(-1), 12);
  });

  it('charges false alarms in full before, softly just after, and not in probation', () => {
    expect(scoreAt([oneWindow((row) => (row === 60 ? 1 : 0))], standard, 0.5).raw).toBeCloseTo(-1.11, 12);
    expect(scoreAt([oneWindow((row) => (row === 60 ? 1 : 0))], lowFalsePositive, 0.5).raw).toBeCloseTo(
      -1.22,
      12,
    );
    expect(scoreAt([oneWindow((row) => (row === 60 ? 1 : 0))], lowFalseNegative, 0.5).raw).toBeCloseTo(
      -2.11,
      12,
    );
    expect(scoreAt([oneWindow((row) => (row === 29 ? 1 : 0))], standard, 0.5).raw).toBe(-1);
    const after = scoreAt([oneWindow((row) => (row === 120 ? 1 : 0))], standard, 0.5).raw;
    expect(after).toBeCloseTo(-1 + 0.11 * scaledSigmoid(1 / 19), 12);
  });

  it('chooses the best threshold for the corpus', () => {
    // 0.9 outside, 0.8 at the left edge, 0.7 on ten more rows outside: 0.8 is best.
    const scores = (row: number) => (row === 50 ? 0.9 : row === 100 ? 0.8 : row >= 60 && row < 70 ? 0.7 : 0);
    const best = scoreCorpus([oneWindow(scores)], standard);
    expect(best.threshold).toBe(0.8);
    expect(best.raw).toBeCloseTo(0.89, 12);
    expect(best.normalised).toBeCloseTo(100 * (0.89 + 1) * 0.5, 10);
    expect(best.falseAlarms).toBe(1);
    expect(best.windowsFound).toBe(1);
  });
});

describe('extreme detectors', () => {
  it.each(profiles)('silent is 0 and perfect is 100 for $name', (profile) => {
    expect(scoreCorpus([oneWindow(() => 0)], profile).normalised).toBe(0);
    expect(scoreCorpus([oneWindow((row) => (row === 100 ? 1 : 0))], profile).normalised).toBeCloseTo(100, 10);
  });

  it('the running total of the sweep equals a direct count at every threshold', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 200, maxLength: 200 }), (levels) => {
        const file = oneWindow((row) => levels[row] / 10);
        for (const { threshold, raw } of sweepThresholds([file], standard)) {
          let direct = 0;
          let inWindow = -standard.falseNegative;
          for (const { row, window, worth } of rowWorths(file, standard)) {
            if (file.scores[row] < threshold) continue;
            if (window < 0) direct += worth;
            else inWindow = Math.max(inWindow, worth);
          }
          expect(raw).toBeCloseTo(direct + inWindow, 9);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('the order of files does not matter', () => {
    const a = oneWindow((row) => ((row * 7919) % 101) / 101);
    const b = oneWindow((row) => ((row * 104_729) % 97) / 97);
    expect(scoreCorpus([a, b], standard).raw).toBeCloseTo(scoreCorpus([b, a], standard).raw, 10);
  });
});

const folder = recording('nab');
describe.skipIf(!folder)('against the published score files', () => {
  const root = folder ?? '';
  it.each([
    'rogue_agent_key_updown',
    'nyc_taxi',
    'ambient_temperature_system_failure',
    'ec2_request_latency_system_failure',
  ])('windowed Gaussian on %s gets the published total in all three profiles', (name) => {
    const text = gunzipSync(
      readFileSync(path.join(root, 'results', 'windowedGaussian', `windowedGaussian_${name}.csv.gz`)),
    ).toString('utf8');
    const [header, ...lines] = text.trim().split(/\r?\n/);
    const columns = header.split(',');
    const rows = lines.map((line) => line.split(','));
    const windows = readNabWindows(root).get(`realKnownCause/${name}.csv`) ?? [];
    expect(windows.length).toBeGreaterThan(0);
    const file: ScoredFile = {
      name,
      timestamps: rows.map((row) => parseNabTime(row[0])),
      scores: rows.map((row) => Number(row[2])),
      windows,
    };
    for (const profile of profiles) {
      const column = columns.indexOf(`S(t)_${profile.name}`);
      const published = rows.reduce((sum, row) => sum + Number(row[column]), 0);
      // The published threshold of this detector is 1.0 in every profile.
      expect(scoreAt([file], profile, 1).raw).toBeCloseTo(published, 6);
    }
  });

  it('a seeded random detector lands near the published one, far below any real one', () => {
    let state = 12345;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const labels = readNabWindows(root);
    const files = readNabSeries(root).map((series) => ({
      name: series.name,
      timestamps: series.timestamps,
      scores: Float64Array.from(series.values, random),
      windows: labels.get(series.name) ?? [],
    }));
    const { normalised } = scoreCorpus(files, standard);
    expect(normalised).toBeGreaterThan(5);
    expect(normalised).toBeLessThan(30);
  });

  it('normalises the published raw totals of the whole corpus to the published scores', () => {
    // 116 windows in all 58 files; raw 57.66075 is published as 74.85377.
    expect(normalise(57.66075157860638, 116, standard)).toBeCloseTo(74.85377223215792, 8);
    expect(normalise(26.634450197137568, 116, lowFalseNegative)).toBeCloseTo(74.3202443095115, 8);
  });
});
