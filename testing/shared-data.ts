// Real recordings used by reference tests. They are not part of the repository: a test that needs one
// is skipped, with the reason printed, where they are absent.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The folder of recordings: `TIDEWATCH_DATA`, or `../shared/data` beside the checkout. */
export const dataFolder = process.env.TIDEWATCH_DATA ?? path.resolve(repository, '../shared/data');

/**
 * Absolute path of a recording, or undefined (with one printed line) when it is absent.
 * Use with `describe.skipIf(!file)` or `it.skipIf(!file)`.
 */
export function recording(...segments: string[]): string | undefined {
  const file = path.join(dataFolder, ...segments);
  if (existsSync(file)) return file;
  console.warn(`skipped: recording ${segments.join('/')} is absent (set TIDEWATCH_DATA to the data folder)`);
  return undefined;
}
