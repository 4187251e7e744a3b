// Where the project lies, and fingerprints of its files.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Everything that can be made again lies here; never committed. */
export const CACHE = path.join(ROOT, '.cache');

/**
 * @param {unknown} error
 * @returns {boolean} whether it says that a file is not there
 */
export function isMissing(error) {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/**
 * @param {string} file
 * @returns {string | undefined} undefined when there is no such file
 */
export function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * A SHA-256 over the names and contents of files; folders are walked, what is missing counts as missing.
 * @param {readonly string[]} entries paths relative to the root
 * @param {(relative: string) => boolean} [wanted] which files count
 */
export function fingerprint(entries, wanted = () => true) {
  const hash = createHash('sha256');
  for (const file of entries.flatMap(filesUnder).sort()) {
    if (!wanted(file)) continue;
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(ROOT, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * @param {string} entry
 * @returns {string[]}
 */
function filesUnder(entry) {
  try {
    return readdirSync(path.join(ROOT, entry), { withFileTypes: true }).flatMap((child) => {
      const relative = path.posix.join(entry, child.name);
      if (child.isDirectory()) return child.name === 'node_modules' ? [] : filesUnder(relative);
      return child.isFile() ? [relative] : [];
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
    return readIfThere(path.join(ROOT, entry)) === undefined ? [] : [entry];
  }
}
