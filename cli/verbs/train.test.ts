// `tidewatch train` and `tidewatch backtest` on files: what they write, that it can be read back, and how they refuse.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeriesFormatError } from '#cli/score/rows.ts';
import { ForecastError, parseModel } from '#models/forecast/index.ts';
import { backtestFile } from './backtest.ts';
import { register, trainFile } from './train.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-train-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string): string => path.join(folder, name);
const HOUR = 3_600_000;

/** Hourly counts with a day and a fixed irregularity. */
const rows = (n: number): string[] => [
  'timestamp,value',
  ...Array.from({ length: n }, (_, i) => {
    const value =
      50 + 40 * Math.sin((2 * Math.PI * i) / 24) + 10 * Math.sin(i * 12.9898) * Math.cos(i * 78.233);
    return `${new Date(i * HOUR).toISOString()},${value.toFixed(2)}`;
  }),
];
function write(name: string, lines: readonly string[]): string {
  writeFileSync(inFolder(name), `${lines.join('\n')}\n`);
  return inFolder(name);
}
const series = write('gate.csv', rows(1100));
const model = inFolder('model');
const training = { in: series, out: model, horizons: '1h,3h', seed: 1, epochs: 2 };
const read = (name: string): string => readFileSync(inFolder(name), 'utf8');

let card = '';
beforeAll(async () => {
  card = await trainFile({ ...training, series: 'count.o.v.north' });
}, 60_000);

describe('train', () => {
  it('writes the model, its figures without weights, and the card that it prints', () => {
    expect(readdirSync(model).sort()).toEqual(['card.json', 'card.md', 'model.json']);
    expect(read('model/card.md')).toBe(card);
    const stored = parseModel(read('model/model.json'));
    expect(stored).toMatchObject({ version: 1, series: 'count.o.v.north', stepMs: HOUR });
    expect(stored.horizons.map(({ horizonMs }) => horizonMs)).toEqual([HOUR, 3 * HOUR]);
    // The data range, and the split in it, are those of the file.
    expect(stored.data).toEqual({
      from: '1970-01-01T00:00:00.000Z',
      to: new Date(1099 * HOUR).toISOString(),
      values: 1100,
    });
    expect(stored.training.values + stored.validation.values + stored.heldOut.values).toBe(1100);
    const figures = JSON.parse(read('model/card.json'));
    expect(JSON.stringify(figures)).not.toContain('weights');
    expect(figures.horizons[1].trained.mae).toBe(stored.horizons[1]!.trained.mae);
    for (const text of ['count.o.v.north', 'gate.csv', stored.heldOut.from, 'MAE statistical'])
      expect(card).toContain(text);
  });

  it('makes the same model again from the same file, seed and epochs', async () => {
    await trainFile({ ...training, out: inFolder('again'), series: 'count.o.v.north' });
    expect(read('again/model.json')).toBe(read('model/model.json'));
  }, 60_000);

  it.each([
    ['a file that is not there', { in: inFolder('none.csv') }, /ENOENT/],
    ['a series too short', { in: write('short.csv', rows(600)) }, /600 values: at least 1000 are needed/],
    [
      'a line that is no row',
      { in: write('bad.csv', [...rows(20), 'noon,7']) },
      /line 22: "noon" is not a time/,
    ],
    [
      'a value that is no number',
      { in: write('text.csv', [...rows(3), '2024-01-01,many']) },
      /line 5: "many"/,
    ],
    ['horizons that are none', { horizons: '5m,soon' }, /horizons "5m,soon"/],
    ['a horizon between two steps', { horizons: '90m' }, /not a whole number/],
  ])('refuses %s, and leaves no model behind', async (_, change, why) => {
    const out = inFolder('refused');
    const error: unknown = await trainFile({ ...training, ...change, out }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(why);
    expect(readdirSync(folder)).not.toContain('refused');
  });

  it.each([
    [['--series', 'north'], /count\.<org>\.<venue>\.<zone>/],
    [['--series', 'count.o.v.North'], /count\.<org>/],
    [['--epochs', '0'], /whole number above 0/],
    [['--seed', '-1'], /whole number above 0/],
    [[], /required option '--out/],
  ])('refuses the arguments %j', async (args, why) => {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    register(program);
    program.commands[0]!.exitOverride().configureOutput({ writeErr: () => undefined });
    const given = ['train', '--in', series, ...(args.length > 0 ? ['--out', inFolder('x')] : []), ...args];
    await expect(program.parseAsync(given, { from: 'user' })).rejects.toThrow(why);
  });
});

describe('backtest', () => {
  const to = inFolder('forecasts.csv');

  it('writes a row per origin and horizon, and says how it did; gzip makes no difference', async () => {
    const report = await backtestFile({ in: series, to, horizons: '1,3' });
    const lines = readFileSync(to, 'utf8').trim().split('\n');
    expect(lines[0]).toBe('origin,horizon,actual,p10,p50,p90');
    // The first eight values give the step; the last three hours have no outcome for one horizon or both.
    expect(lines).toHaveLength(1 + 2 * (1100 - 8) - 1 - 3);
    expect(report[0]).toMatch(
      /^1 ahead: 1091 forecasts, mean absolute error [\d.]+, [\d.]+ % within the 80 % band$/,
    );
    const values = new Map(
      rows(1100)
        .slice(1)
        .map((row) => row.split(',') as [string, string]),
    );
    for (const line of lines.slice(1, 200)) {
      const [origin, horizon, actual, ...band] = line.split(',');
      const target = new Date(Date.parse(origin!) + Number(horizon) * HOUR).toISOString();
      expect(Number(actual)).toBe(Number(values.get(target)));
      expect(band.map(Number)).toEqual([...band.map(Number)].sort((a, b) => a - b));
    }
    const zipped = inFolder('gate.csv.gz');
    writeFileSync(zipped, gzipSync(readFileSync(series)));
    await backtestFile({ in: zipped, to: inFolder('zipped.csv'), horizons: '1,3' });
    expect(read('zipped.csv')).toBe(read('forecasts.csv'));
  });

  it('looks at nothing that comes later: the rows of a shorter file are the same', async () => {
    await backtestFile({
      in: write('shorter.csv', rows(700)),
      to: inFolder('shorter-to.csv'),
      horizons: '1,3',
    });
    const whole = read('forecasts.csv').split('\n');
    const shorter = read('shorter-to.csv').trim().split('\n');
    expect(shorter.length).toBeGreaterThan(1000);
    for (const line of shorter) expect(whole).toContain(line);
  });

  it('takes a model that train has written, and uses it where it was better', async () => {
    const report = await backtestFile({ in: series, to: inFolder('with.csv'), horizons: '1h,3h', model });
    expect(report).toHaveLength(2);
    const { horizons } = parseModel(read('model/model.json'));
    await backtestFile({ in: series, to: inFolder('without.csv'), horizons: '1h,3h' });
    const of = (name: string, horizon: string) =>
      read(name)
        .split('\n')
        .filter((line) => line.includes(`,${horizon},`));
    for (const [i, label] of ['1h', '3h'].entries()) {
      const same = of('with.csv', label).join() === of('without.csv', label).join();
      expect(same).toBe(!horizons[i]!.used);
    }
    // Used by force, it changes the forecasts: the comparison above can fail.
    const forced = { ...parseModel(read('model/model.json')) };
    forced.horizons = forced.horizons.map((h) => ({ ...h, used: true }));
    storeModel('forced', JSON.stringify(forced));
    await backtestFile({
      in: series,
      to: inFolder('forced.csv'),
      horizons: '1h,3h',
      model: inFolder('forced'),
    });
    expect(of('forced.csv', '1h')).not.toEqual(of('without.csv', '1h'));
  });

  it.each([
    ['the same file twice', { to: series }, ForecastError, /--in and --to are both/],
    [
      'rows that cannot be read',
      { in: write('columns.csv', ['1,2,3']) },
      SeriesFormatError,
      /line 1: 3 columns/,
    ],
    [
      'too few rows to know the step',
      { in: write('few.csv', rows(5)) },
      ForecastError,
      /5 values in order of time/,
    ],
    ['a horizon the model was not trained for', { model, horizons: '2h' }, ForecastError, /not trained for/],
    ['a folder without a model', { model: folder }, Error, /ENOENT/],
  ])('refuses %s', async (_, change, kind, why) => {
    const error: unknown = await backtestFile({
      in: series,
      to: inFolder('refused.csv'),
      horizons: '1h',
      ...change,
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).toMatch(why);
  });

  it('refuses a model of another version, saying which, and bytes that are none', async () => {
    const stored = JSON.parse(read('model/model.json'));
    storeModel('next', JSON.stringify({ ...stored, version: 2 }));
    storeModel('torn', read('model/model.json').slice(0, 500));
    const use = (name: string) =>
      backtestFile({ in: series, to: inFolder('v.csv'), horizons: '1h', model: inFolder(name) });
    await expect(use('next')).rejects.toThrow(/model of version 2, and this program reads version 1/);
    await expect(use('torn')).rejects.toThrow(/not JSON/);
  });
});

function storeModel(name: string, text: string): void {
  mkdirSync(inFolder(name), { recursive: true });
  writeFileSync(path.join(inFolder(name), 'model.json'), text);
}
