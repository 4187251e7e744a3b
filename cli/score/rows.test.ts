// Scoring a file row by row: formats, errors by line, and the proof that nothing is scored from later rows.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { scoreFile } from '#cli/verbs/score.ts';
import { parseTimestamp, parseValue, SeriesFormatError, scoredHeader, scoreLines } from './rows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'score-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function score(lines: string[]): Promise<string[]> {
  const scored: string[] = [];
  for await (const line of scoreLines(lines)) scored.push(line);
  return scored;
}
const at = (row: number) => new Date(Date.UTC(2024, 0, 1) + row * 300_000).toISOString();
const series = (values: number[]) => [
  'timestamp,value',
  ...values.map((value, row) => `${at(row)},${value}`),
];

describe('reading', () => {
  it('takes the three ways to write a time, without an offset as UTC', () => {
    const instant = Date.UTC(2014, 3, 1, 13, 5, 9);
    expect(parseTimestamp('2014-04-01 13:05:09')).toBe(instant);
    expect(parseTimestamp('2014-04-01T13:05:09Z')).toBe(instant);
    expect(parseTimestamp('2014-04-01T15:05:09+02:00')).toBe(instant);
    expect(parseTimestamp('2014-04-01 13:05:09.250')).toBe(instant + 250);
    expect(parseTimestamp(String(instant))).toBe(instant);
    expect(parseTimestamp('2014-04-01')).toBe(Date.UTC(2014, 3, 1));
  });

  it('takes nothing else for a time or a number', () => {
    for (const text of ['', '12', 'noon', '2014-13-01 00:00:00', '01/02/2014', '2014-04-01 25:00:00']) {
      expect(parseTimestamp(text)).toBeUndefined();
    }
    expect(parseValue('')).toBeNaN();
    expect(parseValue('-1.5e3')).toBe(-1500);
    for (const text of ['x', '1;2', 'Infinity', '1 2']) expect(parseValue(text)).toBeUndefined();
  });

  it('names the line of a bad row, after scoring the rows before it', async () => {
    const seen: string[] = [];
    const run = async () => {
      for await (const line of scoreLines(['timestamp,value', `${at(0)},1`, `${at(1)},2`, `${at(2)},two`]))
        seen.push(line);
    };
    await expect(run()).rejects.toThrow(/^line 4: "two" is not a number/);
    expect(seen).toHaveLength(3);
    await expect(score(['timestamp,value', 'yesterday,1'])).rejects.toThrow(
      /^line 2: "yesterday" is not a time/,
    );
    await expect(score([`${at(0)},1,2`])).rejects.toThrow(/^line 1: 3 columns/);
    await expect(score(['timestamp,count'])).rejects.toThrow(SeriesFormatError);
  });

  it('keeps time and value as written, and scores missing values', async () => {
    const scored = await score(['timestamp,value', '2014-04-01 00:00:00,1.50', '2014-04-01 00:05:00,']);
    expect(scored[0]).toBe(scoredHeader);
    expect(scored[1]).toMatch(/^2014-04-01 00:00:00,1\.50,0\.000000,learning$/);
    expect(scored[2]).toMatch(/^2014-04-01 00:05:00,,0\.\d{6},missing: /);
  });
});

describe('strictly online', () => {
  it('scores of the first rows do not change when later rows are removed or altered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 30, maxLength: 120 }),
        fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { maxLength: 40 }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        async (values, others, share) => {
          const kept = Math.floor(values.length * share);
          const whole = await score(series(values));
          expect(await score(series(values.slice(0, kept)))).toEqual(whole.slice(0, kept + 1));
          const altered = await score(series([...values.slice(0, kept), ...others]));
          expect(altered.slice(0, kept + 1)).toEqual(whole.slice(0, kept + 1));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives a row out before the next one is read', async () => {
    let read = 0;
    function* lines() {
      for (const line of series([1, 2, 3, 4])) {
        read += 1;
        yield line;
      }
    }
    let given = 0;
    for await (const _ of scoreLines(lines())) {
      given += 1;
      expect(read).toBeLessThanOrEqual(given);
    }
    expect(given).toBe(5);
  });

  it('scores a file into a file', async () => {
    const from = path.join(folder, 'in.csv');
    const to = path.join(folder, 'out.csv');
    const values = Array.from({ length: 400 }, (_, row) =>
      row === 350 ? 500 : Math.sin(row / 5) + (row % 7) / 7,
    );
    writeFileSync(from, `${series(values).join('\r\n')}\r\n`);
    const { rows, alarms } = await scoreFile(from, to);
    expect(rows).toBe(400);
    expect(alarms).toBeGreaterThanOrEqual(1);
    const lines = readFileSync(to, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(401);
    const [, , scored, reason] = lines[351].split(',');
    expect(Number(scored)).toBeGreaterThan(0.5);
    expect(reason).toMatch(/500/);
  });

  it('says so when the input is absent, and leaves an older result alone', async () => {
    const to = path.join(folder, 'kept.csv');
    writeFileSync(to, 'older');
    await expect(scoreFile(path.join(folder, 'absent.csv'), to)).rejects.toThrow(/ENOENT/);
    expect(readFileSync(to, 'utf8')).toBe('older');
  });
});
