#!/usr/bin/env node
// Installs the project's packages when they are missing or not those of the lock file; otherwise does nothing.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runForeground } from './lib/processes.mjs';
import { ROOT, readIfThere } from './lib/project.mjs';
import { runScript, SetupError, say } from './lib/say.mjs';
import { compareVersions } from './lib/versions.mjs';

const LEAST_NODE = '20.19.0';
const MODULES = path.join(ROOT, 'node_modules');
const STAMP = path.join(MODULES, '.tidewatch-installed');

/**
 * @param {(line: string) => void} [tell]
 * @throws {SetupError} with the line that mends it
 */
export async function installPackages(tell = say) {
  if (compareVersions(process.version, LEAST_NODE) < 0) {
    throw new SetupError(
      `this is Node ${process.version}, and the project needs ${LEAST_NODE} or newer`,
      'install Node 20.19 or newer from https://nodejs.org/en/download',
    );
  }
  const lock = readIfThere(path.join(ROOT, 'package-lock.json'));
  if (lock === undefined)
    throw new SetupError('package-lock.json is missing', 'git checkout package-lock.json');
  // Packages with compiled parts depend on the machine and on Node's major version as well.
  const key = `${process.platform} ${process.arch} node ${process.versions.modules}\n${lock}`;
  const wanted = createHash('sha256').update(key).digest('hex');
  if (readIfThere(STAMP) === wanted) return;

  const difference = installedDifference(
    JSON.parse(lock),
    readIfThere(path.join(MODULES, '.package-lock.json')),
  );
  if (difference !== undefined) {
    tell(`packages: ${difference}; installing those of package-lock.json with npm ci (may take a minute)`);
    const start = performance.now();
    // Build tools are needed to start, whatever NODE_ENV says.
    const npm = process.env.npm_execpath?.endsWith('.js')
      ? [process.execPath, process.env.npm_execpath]
      : ['npm'];
    const [command, ...args] = [...npm, 'ci', '--include=dev', '--no-audit', '--no-fund'];
    const status = await runForeground(command, args, { cwd: ROOT });
    if (status !== 0) {
      throw new SetupError(
        `npm ci ended with status ${status}`,
        'check the network and disk space, then run: npm ci --include=dev',
      );
    }
    tell(`packages: installed in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  writeFileSync(STAMP, wanted);
}

/**
 * @param {unknown} lock the parsed package-lock.json
 * @param {string | undefined} installedText what npm noted about the installed packages
 * @returns {string | undefined} in words how the installed packages differ from the lock file; undefined when they do not
 */
export function installedDifference(lock, installedText) {
  if (installedText === undefined) return 'none installed';
  const wanted = packagesOf(lock);
  const installed = packagesOf(JSON.parse(installedText));
  for (const [place, entry] of Object.entries(wanted)) {
    if (place === '') continue;
    const there = installed[place];
    // Optional packages are for other machines when they are not there.
    if (there === undefined && !entry.optional && !entry.devOptional) return `${place} is missing`;
    if (there !== undefined && there.version !== entry.version) {
      return `${place} is ${there.version}, not ${entry.version}`;
    }
  }
  return undefined;
}

/**
 * @param {unknown} lock
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>}
 */
function packagesOf(lock) {
  if (
    typeof lock !== 'object' ||
    lock === null ||
    !('packages' in lock) ||
    typeof lock.packages !== 'object'
  ) {
    throw new SetupError('package-lock.json is not of a version this script knows', 'npm ci --include=dev');
  }
  return /** @type {Record<string, { version?: string }>} */ (lock.packages ?? {});
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  runScript(async () => {
    await installPackages();
    say('packages: as in package-lock.json');
  });
}
