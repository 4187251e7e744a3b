// Trajectories from a CSV with columns id, frame, x, y (metres), plain or gzip.
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { createTrajectories, MeasureError, type Trajectories } from '#models/crowd/index.ts';

const wanted = ['id', 'frame', 'x', 'y'] as const;

/** Whether a file, plain or gzip, begins with a line that names the columns id, frame, x and y. */
export async function isPlainCsv(file: string): Promise<boolean> {
  const header = columnsOf(await firstLine(file));
  return wanted.every((column) => header.includes(column));
}

function columnsOf(line: string): string[] {
  return line
    .replace(/^\uFEFF/, '')
    .split(',')
    .map((h) => h.trim().toLowerCase());
}

/** The first line, of which no more than 64 KiB are read. */
async function firstLine(file: string): Promise<string> {
  const handle = await open(file);
  const magic = Buffer.alloc(2);
  await handle.read(magic, 0, 2, 0);
  await handle.close();
  const raw = createReadStream(file);
  const bytes = magic[0] === 0x1f && magic[1] === 0x8b ? raw.pipe(createGunzip()) : raw;
  let text = '';
  try {
    for await (const chunk of bytes) {
      text += String(chunk);
      if (text.includes('\n') || text.length > 65_536) break;
    }
  } finally {
    raw.destroy();
  }
  return text.split(/\r?\n/, 1)[0];
}

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
  const lines = text.split(/\r?\n/);
  const header = columnsOf(lines[0]);
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
