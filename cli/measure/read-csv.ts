// Trajectories from a CSV with columns id, frame, x, y (metres), plain or gzip.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { createTrajectories, MeasureError, type Trajectories } from '#models/crowd/index.ts';

const wanted = ['id', 'frame', 'x', 'y'] as const;

/**
 * Read `id,frame,x,y` (any column order, further columns ignored).
 * @throws MeasureError naming the line and column that cannot be read
 */
export async function readTrajectoryCsv(file: string, frameRate: number): Promise<Trajectories> {
  const bytes = await readFile(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  return parseTrajectoryCsv(text, file, frameRate);
}

/** The same from text; `name` is used in errors. */
export function parseTrajectoryCsv(text: string, name: string, frameRate: number): Trajectories {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = lines[0].split(',').map((h) => h.trim().toLowerCase());
  const at = wanted.map((column) => {
    const k = header.indexOf(column);
    if (k < 0)
      throw new MeasureError(`${name}: no column "${column}" in the first line; expected id,frame,x,y`);
    return k;
  });
  const columns: number[][] = wanted.map(() => []);
  for (let l = 1; l < lines.length; l++) {
    if (lines[l].trim() === '') continue;
    const cells = lines[l].split(',');
    for (let c = 0; c < at.length; c++) {
      const cell = cells[at[c]]?.trim() ?? '';
      const value = cell === '' ? Number.NaN : Number(cell);
      if (!Number.isFinite(value))
        throw new MeasureError(`${name}:${l + 1}: ${wanted[c]} is "${cell}", not a number`);
      columns[c].push(value);
    }
  }
  const [id, frame, x, y] = columns;
  return createTrajectories({ id, frame, x, y, frameRate });
}
