// Every format, by text written here: units, rates, errors with their lines. recordings.test.ts reads the real files.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readHomography } from './homography.ts';
import { readTrajectories } from './read.ts';
import type { ReadOptions, Trajectories } from './types.ts';
import { TrajectoryError } from './types.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-trajectories-'));
let files = 0;
function written(content: string | Uint8Array, ending = '.txt'): string {
  const file = path.join(folder, `file-${++files}${ending}`);
  writeFileSync(file, content);
  return file;
}
const readText = (content: string | Uint8Array, options?: ReadOptions): Promise<Trajectories> =>
  readTrajectories(written(content), options);

async function failure(promise: Promise<unknown>): Promise<TrajectoryError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TrajectoryError) return error;
    throw error;
  }
  throw new Error('it should have failed');
}

describe('text of PeTrack, JuPedSim, PedPy, JPSreport', () => {
  it('takes rate and unit from the header and sorts by frame', async () => {
    const t = await readText(
      '# framerate: 25 fps\n# id frame x/cm y/cm z/cm\n2\t0\t100\t-50\t170\n1 1 30 40 1\n1 0 10 20 1\n',
    );
    expect([...t.frames]).toEqual([0, 0, 1]);
    expect([...t.ids]).toEqual([1, 2, 1]);
    expect([...t.x]).toEqual([0.1, 1, 0.3]);
    expect([...t.y]).toEqual([0.2, -0.5, 0.4]);
    expect(t.framesPerSecond).toBe(25);
  });

  it('finds columns by name and knows the ways of writing the unit', async () => {
    for (const head of [
      '#framerate: 16.00\n#X,Y: coordinates (in metres)\n#FR\tID\tX\tY',
      '# framerate: 16\n#FR ID x[in m] y[in m]',
    ]) {
      const t = await readText(`${head}\n5\t77\t1.5\t2.5\n`);
      expect([t.frames[0], t.ids[0], t.x[0], t.y[0], t.framesPerSecond]).toEqual([5, 77, 1.5, 2.5, 16]);
    }
  });

  it('asks for what no header says', async () => {
    const rows = '1 111 110.249 784.219 169.867\n1 112 108.67 775.657 169.867\n';
    expect((await failure(readText(rows))).message).toMatch(/frame rate.*--fps/);
    expect((await failure(readText(rows, { framesPerSecond: 16 }))).message).toMatch(/unit.*--unit/);
    const t = await readText(rows, { framesPerSecond: 16, unit: 'cm' });
    expect(t.x[0]).toBeCloseTo(1.10249, 10);
    expect(t.notes).toContain('16 frames/s (as given)');
  });

  it('does not choose between two units in one header', async () => {
    const both = '# framerate: 25\n# x/m y/m, was in centimetres\n1 0 1 1\n';
    expect((await failure(readText(both))).message).toMatch(/m and cm/);
  });
});

describe('bad input', () => {
  const head = '# framerate: 25\n# id frame x/m y/m\n';
  it.each([
    ['1 0 1.0 abc', /position/],
    ['1 0 1.0', /3 columns/],
    ['1 0.5 1 1', /frame/],
    ['-7 0 1 1', /id/],
    ['1 0 1e9 1', /100000 m/],
    ['1 0 0x10 1', /position/],
    ['1 0 NaN 1', /position/],
    ['1 0 Infinity 1', /position/],
  ])('names file and line for "%s"', async (row, reason) => {
    const file = written(`${head}5 0 1 1\n${row}\n`);
    const error = await failure(readTrajectories(file));
    expect(error.code).toBe('source-malformed');
    expect(error.line).toBe(4);
    expect(error.message).toContain(`${file}, line 4`);
    expect(error.message).toMatch(reason);
    expect(error.remedy).toContain('--skip-bad');
    const t = await readTrajectories(file, { skipBad: true });
    expect(t.count).toBe(1);
    expect(t.skipped.count).toBe(1);
    expect(t.skipped.first[0]).toMatchObject({ line: 4, text: row });
  });

  it('refuses a person twice in a frame, naming both lines, or keeps the first', async () => {
    const rows = `${head}1 0 1 1\n2 0 2 2\n1 0 9 9\n`;
    const error = await failure(readText(rows));
    expect(error.line).toBe(5);
    expect(error.message).toContain('by line 3');
    const t = await readText(rows, { skipBad: true });
    expect([...t.x]).toEqual([1, 2]);
    expect(t.skipped.count).toBe(1);
  });

  it('fails when nothing is left, also with skipBad', async () => {
    expect((await failure(readText(`${head}1 0 x y\n`, { skipBad: true, format: 'text' }))).message).toMatch(
      /all of its 1 rows/,
    );
    expect((await failure(readText(head, { format: 'text' }))).message).toMatch(/no rows/);
    expect((await failure(readText(''))).message).toMatch(/no rows/);
  });

  it('lists the formats when it knows none, and says when a file is missing, cut off or binary', async () => {
    expect((await failure(readText('hello world\n'))).message).toMatch(/"hello world".*obsmat/s);
    expect((await failure(readTrajectories(path.join(folder, 'absent')))).message).toMatch(/check the path/);
    const whole = gzipSync(`${head}${'1 0 1 1\n'.repeat(1000)}`);
    const cut = await failure(readText(whole.subarray(0, whole.length - 10)));
    expect(cut.message).toMatch(/cannot be read on/);
    expect((await failure(readText(Uint8Array.of(0xff, 0xfe, 0x00, 0x81)))).message).toMatch(/UTF-8/);
  });

  it('refuses a rate that is none', async () => {
    expect((await failure(readText(`${head}1 0 1 1\n`, { framesPerSecond: 0 }))).message).toMatch(/--fps/);
  });

  it('reads past a byte-order mark, carriage returns, empty lines and a last line without end', async () => {
    const t = await readText('\ufeffid,frame,x_m,y_m\r\n1,0,1,2\r\n\r\n1,1,2,3', { framesPerSecond: 10 });
    expect([...t.y]).toEqual([2, 3]);
  });
});

describe('CSV and MOT', () => {
  it('brings pixels to the floor by the foot of the box', async () => {
    // 0.01 m per pixel, y upwards: the foot of a box at left 100, top 50, width 20, height 40 is pixel (110, 90).
    const homography = [0.01, 0, 0, 0, -0.01, 5, 0, 0, 1] as const;
    const row = '1,7,100,50,20,40,0.9,-1,-1,-1\n';
    expect((await failure(readText(row))).message).toMatch(/--homography/);
    expect((await failure(readText(row, { homography }))).message).toMatch(/--fps/);
    const t = await readText(row, { homography, framesPerSecond: 25 });
    expect(t.x[0]).toBeCloseTo(1.1, 12);
    expect(t.y[0]).toBeCloseTo(4.1, 12);
    expect(t.confidence[0]).toBeCloseTo(0.9, 6);
    const csv = await readText('frame,id,left,top,width,height\n1,7,100,50,20,40\n', {
      homography,
      framesPerSecond: 7,
    });
    expect([csv.x[0], csv.y[0]]).toEqual([t.x[0], t.y[0]]);
  });

  it('gives detections without identity an id each and no speed, but not one row among identified ones', async () => {
    const homography = [1, 0, 0, 0, 1, 0, 0, 0, 1] as const;
    const t = await readText(
      '1,-1,1,1,1,1,0.5,-1,-1,-1\n1,-1,5,5,1,1,0.5,-1,-1,-1\n2,-1,1,1,1,1,2.5,-1,-1,-1\n',
      {
        homography,
        framesPerSecond: 7,
      },
    );
    expect(t.identified).toBe(false);
    expect(new Set(t.ids).size).toBe(3);
    expect(t.vx.every(Number.isNaN)).toBe(true);
    expect(t.confidence[2]).toBeNaN(); // 2.5 is on another scale
    const mixed = readText('1,4,1,1,1,1,1,-1,-1,-1\n1,-1,5,5,1,1,0.5,-1,-1,-1\n', {
      homography,
      framesPerSecond: 7,
    });
    expect((await failure(mixed)).line).toBe(2);
  });

  it('leaves out what nine-column ground truth marks as not counted or not a pedestrian', async () => {
    const rows = '1,1,0,0,2,2,1,1,1.0\n1,2,0,0,2,2,0,1,1.0\n1,3,0,0,2,2,1,3,1.0\n';
    const t = await readText(rows, { homography: [1, 0, 0, 0, 1, 0, 0, 0, 1], framesPerSecond: 30 });
    expect([...t.ids]).toEqual([1]);
    expect(t.ignored).toBe(2);
  });

  it('asks for unit and rate of plain x,y', async () => {
    const rows = 'id,frame,x,y\n1,0,1.3984,-5.7433\n';
    expect((await failure(readText(rows))).message).toMatch(/--fps/);
    expect((await failure(readText(rows, { framesPerSecond: 2.5 }))).message).toMatch(/--unit/);
    expect((await readText(rows, { framesPerSecond: 2.5, unit: 'm' })).x[0]).toBe(1.3984);
  });
});

describe('homography files', () => {
  it('reads text and JSON, and refuses what is no matrix', async () => {
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 10];
    expect(await readHomography(written(' 1 2 3\n 4 5 6\n 7 8 1e1\n'))).toEqual(numbers);
    expect(await readHomography(written('{"homog":[[1,2,3],[4,5,6],[7,8,10]]}'))).toEqual(numbers);
    expect((await failure(readHomography(written('1 2 3')))).message).toMatch(/nine numbers/);
    expect((await failure(readHomography(written('[1,2,"3"')))).message).toMatch(/nine numbers/);
    expect((await failure(readHomography(written('1 2 3 2 4 6 7 8 9')))).message).toMatch(/singular/);
  });
});
