// The lines of a text file, plain or gzip (told by its first bytes), one at a time in bounded memory.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TrajectoryError } from './types.ts';

/** A longer line is not a row of a trajectory file. */
const MAX_LINE = 100_000;

/**
 * Yields lines without their ends (LF or CRLF) and without a byte-order mark.
 * @throws TrajectoryError when the file cannot be opened, is not text, or its compressed data is damaged or cut off
 */
export async function* readLines(file: string): AsyncGenerator<string> {
  const source = await openText(file);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 0;
  try {
    for await (const chunk of source) {
      const parts = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = parts.pop()!;
      for (const part of parts) {
        line++;
        yield part.endsWith('\r') ? part.slice(0, -1) : part;
      }
      if (rest.length > MAX_LINE) {
        throw new TrajectoryError(
          { file, line: line + 1 },
          `a line of more than ${MAX_LINE} characters is no row of positions`,
          'give a text file with one person per line',
        );
      }
    }
    rest += decoder.decode();
  } catch (error) {
    if (error instanceof TrajectoryError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new TrajectoryError(
      { file, line: line + 1 },
      `cannot be read on: ${why}`,
      'give a complete UTF-8 text file, plain or gzip',
      error,
    );
  }
  if (rest !== '') yield rest;
}

async function openText(file: string): Promise<Readable> {
  const start = new Uint8Array(2);
  try {
    const handle = await open(file);
    try {
      await handle.read(start, 0, 2, 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TrajectoryError({ file }, `cannot be opened: ${why}`, 'check the path', error);
  }
  const raw = createReadStream(file);
  if (start[0] !== 0x1f || start[1] !== 0x8b) return raw;
  const gunzip = createGunzip();
  // An error of either stream destroys the other and surfaces to the reader of `gunzip`.
  pipeline(raw, gunzip, (error) => {
    if (error) gunzip.destroy(error);
  });
  return gunzip;
}
