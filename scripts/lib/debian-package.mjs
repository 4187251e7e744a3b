// Gets one Debian package from a suite of the machine's own archive into a private folder, without root and without
// touching the machine's apt: its own state, cache and source list, the machine's mirror, keyring, proxy and log-ins.
// apt checks the archive's signature; the package's SHA-256 is compared again with the signed index before unpacking.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mainArchive, parseDeb822Sources, parseOneLineSources, sourcesTextFor } from './apt-sources.mjs';
import { aptErrors, lastLines, onPath, run } from './processes.mjs';
import { SetupError } from './say.mjs';

/**
 * @typedef {import('./apt-sources.mjs').AptSource} AptSource
 * @typedef {object} Release
 * @property {string} id for example "debian"
 * @property {string} codename for example "bookworm"; empty on a rolling release
 */

/** @returns {Release} */
export function readRelease(file = '/etc/os-release') {
  /** @type {Record<string, string>} */
  const fields = {};
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SetupError(
      `${file} cannot be read, so this is not a Debian machine`,
      'set NATS_SERVER=/path/to/nats-server',
      error,
    );
  }
  for (const line of text.split('\n')) {
    const match = /^([A-Z_]+)=(.*)$/.exec(line);
    if (match) fields[match[1]] = match[2].replace(/^["']|["']$/g, '');
  }
  return { id: fields.ID ?? '', codename: fields.VERSION_CODENAME ?? '' };
}

/**
 * Reads the machine's source lists where apt's own configuration says they are.
 * @returns {Promise<AptSource[]>}
 */
export async function readMachineSources() {
  const { etc, list, parts } = await aptFolders();
  const listFile = path.resolve(etc, list);
  const partsFolder = path.resolve(etc, parts);
  const sources = parseOneLineSources(readIfThere(listFile));
  for (const name of readdirIfThere(partsFolder).sort()) {
    const text = () => readIfThere(path.join(partsFolder, name));
    if (name.endsWith('.list')) sources.push(...parseOneLineSources(text()));
    if (name.endsWith('.sources')) sources.push(...parseDeb822Sources(text()));
  }
  return sources;
}

/**
 * @param {AptSource[]} sources
 * @param {Release} release
 */
export function archiveOf(sources, release) {
  return mainArchive(sources, [release.codename, 'stable', 'testing', 'unstable', 'sid'].filter(Boolean));
}

/**
 * A private apt whose state lives under `folder` and that sees exactly one suite.
 * @param {{ folder: string, archive: AptSource, suite: string }} wanted
 */
export async function privateApt({ folder, archive, suite }) {
  if (/["\n]/.test(folder)) {
    throw new SetupError(
      `apt's configuration cannot carry the quotation mark in ${folder}`,
      'move the project to a folder without quotation marks in its name',
    );
  }
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'log', 'parts', 'packages']) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  // No package counts as installed: the candidate is what the suite offers.
  writeFileSync(path.join(folder, 'state/status'), '');
  const sourcesFile = path.join(folder, 'wanted.sources');
  writeFileSync(sourcesFile, sourcesTextFor(archive, suite));
  // How the machine reaches archives (proxies, time-outs, date checks) is kept; its hooks and its lists are not.
  const machine = await run('apt-config', ['dump'], { timeoutMs: 30_000 });
  const reach = machine.stdout
    .split('\n')
    .filter((line) => /^Acquire::/.test(line) && !/^Acquire::(Languages|IndexTargets)/.test(line));
  const configuration = [
    ...reach,
    `Dir::State "${folder}/state";`,
    `Dir::State::status "${folder}/state/status";`,
    `Dir::Cache "${folder}/cache";`,
    `Dir::Log "${folder}/log";`,
    `Dir::Etc::sourcelist "${sourcesFile}";`,
    `Dir::Etc::sourceparts "${folder}/parts";`,
    `Dir::Etc::parts "${folder}/parts";`,
    'Dir::Etc::main "/dev/null";',
    'Dir::Etc::preferences "/dev/null";',
    'Dir::Etc::preferencesparts "/dev/null";',
    // The private folder may lie where apt's unprivileged user cannot go.
    'APT::Sandbox::User "root";',
    'APT::Get::List-Cleanup "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    ...[
      'DEP-11',
      'DEP-11-icons-small',
      'DEP-11-icons',
      'DEP-11-icons-large',
      'DEP-11-icons-hidpi',
      'DEP-11-icons-large-hidpi',
      'CNF',
    ].map((target) => `Acquire::IndexTargets::deb::${target}::DefaultEnabled "false";`),
  ];
  const configFile = path.join(folder, 'apt.conf');
  writeFileSync(configFile, `${configuration.join('\n')}\n`);
  const env = { ...process.env, APT_CONFIG: configFile, LC_ALL: 'C' };

  return {
    /** Fetches and verifies the suite's index. */
    async update() {
      const outcome = await run('apt-get', ['-q', '-o', 'APT::Update::Error-Mode=any', 'update'], {
        env,
        timeoutMs: 240_000,
      });
      // Older apt knows no Error-Mode and ends with status 0 although a source failed.
      if (outcome.status !== 0 || /^(Err|E|W: Failed)[: ]/m.test(outcome.stdout + outcome.stderr)) {
        throw new SetupError(
          `apt could not read suite ${suite} of ${archive.uris[0]}: ${aptErrors(outcome)}`,
          'check the network and that debian-archive-keyring is current, then run the command again',
        );
      }
    },

    /**
     * @param {string} name
     * @returns {Promise<{ version: string, sha256: string } | undefined>} undefined when the suite has no such package
     */
    async show(name) {
      // `--no-all-versions` gives the candidate.
      const outcome = await run('apt-cache', ['show', '--no-all-versions', name], { env, timeoutMs: 60_000 });
      if (outcome.status !== 0) return undefined;
      const version = /^Version: (\S+)$/m.exec(outcome.stdout)?.[1];
      const sha256 = /^SHA256: ([0-9a-f]{64})$/m.exec(outcome.stdout)?.[1];
      return version && sha256 ? { version, sha256 } : undefined;
    },

    /**
     * Downloads, verifies and unpacks a package.
     * @param {string} name
     * @param {{ version: string, sha256: string }} wanted
     * @param {string} into folder to unpack into
     */
    async unpack(name, wanted, into) {
      const packages = path.join(folder, 'packages');
      const outcome = await run('apt-get', ['-q', 'download', `${name}=${wanted.version}`], {
        env,
        cwd: packages,
        timeoutMs: 300_000,
      });
      const deb = readdirSync(packages).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
      if (outcome.status !== 0 || !deb) {
        throw new SetupError(
          `apt could not download ${name} ${wanted.version}: ${aptErrors(outcome)}`,
          'check the network, then run the command again',
        );
      }
      const file = path.join(packages, deb);
      const actual = createHash('sha256').update(readFileSync(file)).digest('hex');
      if (actual !== wanted.sha256) {
        throw new SetupError(
          `${deb} has SHA-256 ${actual}, but the signed index says ${wanted.sha256}; it is not used`,
          'remove .cache and run the command again; if it stays, tell the keeper of the mirror',
        );
      }
      const unpacked = await run('dpkg-deb', ['-x', file, into], { timeoutMs: 120_000 });
      if (unpacked.status !== 0) {
        throw new SetupError(
          `dpkg-deb could not unpack ${deb}: ${lastLines(unpacked)}`,
          'free some disk space, then run the command again',
        );
      }
    },
  };
}

/** Whether this machine has the tools of Debian's package manager. */
export function hasApt() {
  return ['apt-get', 'apt-cache', 'apt-config', 'dpkg-deb'].every((tool) => onPath(tool) !== undefined);
}

async function aptFolders() {
  const outcome = await run(
    'apt-config',
    ['shell', 'ETC', 'Dir::Etc/d', 'LIST', 'Dir::Etc::sourcelist', 'PARTS', 'Dir::Etc::sourceparts'],
    {
      timeoutMs: 30_000,
    },
  );
  const value = (/** @type {string} */ key, /** @type {string} */ usual) =>
    new RegExp(`^${key}='([^']*)'$`, 'm').exec(outcome.stdout)?.[1] || usual;
  return {
    etc: value('ETC', '/etc/apt/'),
    list: value('LIST', 'sources.list'),
    parts: value('PARTS', 'sources.list.d'),
  };
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // A list that is missing or private to root simply offers no source.
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'EACCES', 'EISDIR'].includes(String(error.code))
    )
      return '';
    throw error;
  }
}

/** @param {string} folder */
function readdirIfThere(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'EACCES', 'ENOTDIR'].includes(String(error.code))
    )
      return [];
    throw error;
  }
}
