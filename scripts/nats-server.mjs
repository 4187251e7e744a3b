#!/usr/bin/env node
// Finds a NATS server for this project, or gets one, and says what it tries:
//   NATS_URL (an external server: nothing to get), NATS_SERVER=/path, nats-server on PATH, the project's cache, the
//   machine's package manager (unpacked into the cache, no root), the official release. `--path` prints only the path.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { archiveOf, hasApt, privateApt, readMachineSources, readRelease } from './lib/debian-package.mjs';
import { isExecutable, lastLines, onPath, run } from './lib/processes.mjs';
import { runScript, SetupError, say } from './lib/say.mjs';
import { compareVersions, parseVersion, upstreamVersion } from './lib/versions.mjs';

/** Below this, message TTLs, marker TTLs and last-subject-sequence checks are silently ignored: refused. */
export const LEAST_VERSION = '2.11.0';
/** What we develop and measure with is at least this; an older one is used only when no newer one can be had. */
export const PREFERRED_VERSION = '2.12.0';

const CACHE = fileURLToPath(new URL('../.cache/nats/', import.meta.url));
/** Newer suites of Debian's main archive that carry a current server, the most conservative first. */
const NEWER_SUITES = ['trixie-backports', 'forky', 'sid'];
/** Releases whose own archive is known to carry no server that is new enough. */
const OLD_RELEASES = ['buster', 'bullseye', 'bookworm', 'trixie'];
const MEND =
  'download nats-server 2.12 or newer from https://github.com/nats-io/nats-server/releases and set NATS_SERVER=/path/to/nats-server';

/**
 * @typedef {{ kind: 'external', url: string }} ExternalServer
 * @typedef {{ kind: 'program', path: string, version: string, origin: string }} ServerProgram
 */

/**
 * @param {{ tell?: (line: string) => void, cacheFolder?: string, env?: NodeJS.ProcessEnv, download?: boolean }} [options]
 *   download: false looks only at what is already on the machine
 * @returns {Promise<ExternalServer | ServerProgram>}
 * @throws {SetupError} with the line that mends it
 */
export async function findNatsServer(options = {}) {
  const env = options.env ?? process.env;
  const tell = options.tell ?? say;
  if (env.NATS_URL) {
    tell(`NATS server: the external one at NATS_URL (${withoutSecrets(env.NATS_URL)})`);
    return { kind: 'external', url: env.NATS_URL };
  }
  return findServerProgram(options);
}

/**
 * As findNatsServer, but always a program to run: NATS_URL is not looked at.
 * @param {{ tell?: (line: string) => void, cacheFolder?: string, env?: NodeJS.ProcessEnv, download?: boolean }} [options]
 * @returns {Promise<ServerProgram>}
 */
export async function findServerProgram(options = {}) {
  const env = options.env ?? process.env;
  const tell = options.tell ?? say;
  const cacheFolder = options.cacheFolder ?? CACHE;
  if (env.NATS_SERVER) return namedByUser(env.NATS_SERVER, tell);

  const installed = onPath('nats-server');
  /** @type {ServerProgram | undefined} */
  let fallback;
  if (installed) {
    const version = await versionOf(installed);
    const verdict = judge(version);
    tell(`NATS server: ${installed} on PATH is ${version ?? 'of unknown version'}: ${verdict}`);
    if (verdict === 'good') return program(installed, version, 'PATH');
    if (verdict === 'usable') fallback = program(installed, version, 'PATH');
  }

  const cached = await newestCached(cacheFolder);
  if (cached) {
    tell(`NATS server: ${cached.version} from the project's cache`);
    return cached;
  }
  if (options.download === false) {
    if (fallback) return fallback;
    throw new SetupError(
      'no NATS server on PATH and none in the project cache',
      'node scripts/nats-server.mjs',
    );
  }

  const reasons = [];
  try {
    return await fromPackageManager(cacheFolder, tell);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    tell(`NATS server: not from the package manager: ${error.message}`);
    reasons.push(error.message);
  }
  if (fallback) {
    tell(`NATS server: ${fallback.version} on PATH is used, because no newer one can be had`);
    return fallback;
  }
  // No checksum of an official release is pinned here, and an unverified program is not run.
  tell('NATS server: the official release is not fetched by this script, because it pins no checksum for it');
  throw new SetupError(`no NATS server could be found (${reasons.join('; ')})`, MEND);
}

/**
 * @param {string} file
 * @param {(line: string) => void} tell
 */
async function namedByUser(file, tell) {
  const version = isExecutable(file) ? await versionOf(file) : undefined;
  if (version === undefined) {
    throw new SetupError(`NATS_SERVER=${file} is not a nats-server that runs here`, MEND);
  }
  if (judge(version) === 'too old') {
    throw new SetupError(
      `NATS_SERVER=${file} is ${version}; before ${LEAST_VERSION} message TTLs and sequence checks are silently ignored`,
      MEND,
    );
  }
  tell(`NATS server: ${version}, named by NATS_SERVER`);
  return program(file, version, 'NATS_SERVER');
}

/**
 * @param {string | undefined} version
 * @returns {'good' | 'usable' | 'too old' | 'unknown'}
 */
export function judge(version) {
  if (version === undefined) return 'unknown';
  if (compareVersions(version, LEAST_VERSION) < 0) return 'too old';
  return compareVersions(version, PREFERRED_VERSION) < 0 ? 'usable' : 'good';
}

/**
 * Asks the program itself, which also shows that it runs on this machine.
 * @param {string} file
 * @returns {Promise<string | undefined>}
 */
async function versionOf(file) {
  const outcome = await run(file, ['--version'], { timeoutMs: 20_000 });
  // The name is part of the answer: another program's version says nothing.
  const version =
    outcome.status === 0 && /^nats-server:/.test(outcome.stdout) ? parseVersion(outcome.stdout) : undefined;
  if (!version) return undefined;
  return version.numbers.join('.') + (version.preRelease ? `-${version.preRelease}` : '');
}

/**
 * @param {string} cacheFolder
 * @returns {Promise<ServerProgram | undefined>}
 */
async function newestCached(cacheFolder) {
  /** @type {string[]} */
  let names = [];
  try {
    names = readdirSync(cacheFolder).filter((name) => /^\d+\.\d+\.\d+/.test(name));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  for (const name of names.sort((a, b) => compareVersions(b, a))) {
    const file = path.join(cacheFolder, name, 'nats-server');
    if (!isExecutable(file)) continue;
    const version = await versionOf(file);
    if (version !== undefined && judge(version) !== 'too old') return program(file, version, 'cache');
  }
  return undefined;
}

/**
 * @param {string} cacheFolder
 * @param {(line: string) => void} tell
 * @returns {Promise<ServerProgram>}
 */
async function fromPackageManager(cacheFolder, tell) {
  if (!hasApt()) throw new SetupError('this machine has no apt', MEND);
  const release = readRelease();
  if (release.id !== 'debian') throw new SetupError(`this machine runs "${release.id}", not debian`, MEND);
  const archive = archiveOf(await readMachineSources(), release);
  if (!archive) {
    throw new SetupError(
      `the apt configuration names no archive that serves ${release.codename || 'this release'} main`,
      MEND,
    );
  }
  const own = release.codename !== '' && !OLD_RELEASES.includes(release.codename) ? [release.codename] : [];
  const failures = [];
  for (const suite of new Set([...own, ...NEWER_SUITES])) {
    mkdirSync(cacheFolder, { recursive: true });
    // Own folder per process: two set-ups at once do the work twice, but never meet.
    const work = path.join(cacheFolder, `work-${process.pid}-${suite}`);
    try {
      tell(`NATS server: asking ${archive.uris[0]} for suite ${suite} (an index of some megabytes)`);
      const apt = await privateApt({ folder: work, archive, suite });
      await apt.update();
      const offered = await apt.show('nats-server');
      if (!offered) throw new SetupError(`suite ${suite} carries no nats-server`, MEND);
      const upstream = upstreamVersion(offered.version);
      if (judge(upstream) !== 'good') throw new SetupError(`suite ${suite} carries only ${upstream}`, MEND);
      tell(`NATS server: downloading nats-server ${offered.version} from suite ${suite}`);
      const tree = path.join(work, 'tree');
      await apt.unpack('nats-server', offered, tree);
      return await keep(tree, suite, offered, cacheFolder, tell);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      tell(`NATS server: ${error.message}`);
      failures.push(error.message);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  throw new SetupError(failures.join('; '), MEND);
}

/**
 * Moves the unpacked program into its place in the cache, once it has shown that it runs here.
 * @param {string} tree
 * @param {string} suite
 * @param {{ version: string, sha256: string }} offered
 * @param {string} cacheFolder
 * @param {(line: string) => void} tell
 */
async function keep(tree, suite, offered, cacheFolder, tell) {
  const file = ['usr/sbin/nats-server', 'usr/bin/nats-server']
    .map((name) => path.join(tree, name))
    .find(isExecutable);
  if (!file) throw new SetupError(`the package of suite ${suite} holds no nats-server program`, MEND);
  const probe = await run(file, ['--version'], { timeoutMs: 20_000 });
  const version = await versionOf(file);
  if (version === undefined)
    throw new SetupError(`nats-server of suite ${suite} does not run here: ${lastLines(probe)}`, MEND);
  const place = path.join(cacheFolder, version);
  mkdirSync(place, { recursive: true });
  writeFileSync(
    path.join(place, 'origin.json'),
    `${JSON.stringify({ package: 'nats-server', suite, version: offered.version, sha256: offered.sha256 }, undefined, 2)}\n`,
  );
  const target = path.join(place, 'nats-server');
  renameSync(file, target);
  tell(`NATS server: ${version} is in the project's cache (package checksum verified)`);
  return program(target, version, `debian ${suite}`);
}

/**
 * @param {string} file
 * @param {string | undefined} version
 * @param {string} origin
 * @returns {ServerProgram}
 */
function program(file, version, origin) {
  return { kind: 'program', path: path.resolve(file), version: version ?? 'unknown', origin };
}

/** @param {string} url */
function withoutSecrets(url) {
  return url.replace(/\/\/[^@/]*@/g, '//***@');
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  runScript(async () => {
    const found = await findNatsServer();
    if (found.kind === 'external') {
      if (process.argv.includes('--path')) {
        throw new SetupError('NATS_URL names an external server, so there is no program', 'unset NATS_URL');
      }
      return;
    }
    process.stdout.write(
      process.argv.includes('--path')
        ? `${found.path}\n`
        : `${found.version} ${found.path} (${found.origin})\n`,
    );
  });
}
