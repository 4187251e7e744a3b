// The way from the machine's apt configuration to a program in the cache, with the real apt and an archive made here:
// what apt does not verify is not used, and the machine's own apt is left as it was.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasApt, privateApt, readMachineSources, readRelease } from './lib/debian-package.mjs';
import { findServerProgram } from './nats-server.mjs';

const onDebian = hasApt() && readRelease().id === 'debian';
let folder = '';
let said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-apt-'));
  said = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Puts a package with a pretended nats-server into suite `forky` of an archive in `folder`. */
function makeArchive(
  version: string,
  tamper: { index?: (text: string) => string; deb?: boolean } = {},
): void {
  const tree = path.join(folder, `tree-${version}`);
  mkdirSync(path.join(tree, 'DEBIAN'), { recursive: true });
  mkdirSync(path.join(tree, 'usr/sbin'), { recursive: true });
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const control = `Package: nats-server\nVersion: ${version}\nArchitecture: ${architecture}\nMaintainer: nobody <nobody@example.org>\nDescription: pretended\n`;
  writeFileSync(path.join(tree, 'DEBIAN/control'), control);
  const upstream = version.replace(/-.*/, '');
  writeFileSync(path.join(tree, 'usr/sbin/nats-server'), `#!/bin/sh\necho "nats-server: v${upstream}"\n`, {
    mode: 0o755,
  });
  const archive = path.join(folder, 'archive');
  const pool = path.join(archive, 'pool');
  mkdirSync(pool, { recursive: true });
  const deb = path.join(pool, `nats-server_${version}_${architecture}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, deb], { stdio: 'ignore' });
  const data = readFileSync(deb);
  let index = `${control}Filename: pool/${path.basename(deb)}\nSize: ${data.length}\nSHA256: ${sha256(data)}\n\n`;
  if (tamper.index) index = tamper.index(index);
  if (tamper.deb) {
    data[data.length - 1] ^= 1;
    writeFileSync(deb, data);
  }
  const suite = path.join(archive, 'dists/forky');
  const name = `main/binary-${architecture}/Packages`;
  mkdirSync(path.dirname(path.join(suite, name)), { recursive: true });
  writeFileSync(path.join(suite, name), index);
  writeFileSync(
    path.join(suite, 'Release'),
    `Suite: testing\nCodename: forky\nComponents: main\nArchitectures: ${architecture}\nDate: Sat, 01 Jan 2022 00:00:00 UTC\n` +
      `SHA256:\n ${sha256(index)} ${index.length} ${name}\n`,
  );
}

/** Makes apt believe that the machine's sources are these. */
function machineSources(options: string): void {
  const parts = path.join(folder, 'sources.list.d');
  mkdirSync(parts, { recursive: true });
  const text = `Types: deb\nURIs: file:${folder}/archive\nSuites: ${readRelease().codename}\nComponents: main\n${options}`;
  writeFileSync(path.join(parts, 'debian.sources'), text);
  const config = path.join(folder, 'machine-apt.conf');
  writeFileSync(config, `Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "${parts}";\n`);
  vi.stubEnv('APT_CONFIG', config);
}

function search() {
  // Nothing on PATH but the system's tools.
  vi.stubEnv('PATH', '/usr/bin:/bin');
  return findServerProgram({
    env: {},
    cacheFolder: path.join(folder, 'cache/nats'),
    tell: (line: string) => void said.push(line),
  });
}

function machineAptState(): string {
  const places = ['/var/lib/apt/lists', '/etc/apt', '/etc/apt/sources.list.d', '/var/cache/apt/archives'];
  return places
    .map((place) => (existsSync(place) ? `${place} ${statSync(place).mtimeMs} ${readdirSync(place)}` : place))
    .join('\n');
}

describe.skipIf(!onDebian)('a server from the package manager', () => {
  it('is unpacked from a newer suite of the machine’s archive into the cache, and found there the next time', async () => {
    makeArchive('2.14.3-1');
    machineSources('Trusted: yes\n');
    const before = machineAptState();
    const found = await search();
    expect(found).toMatchObject({
      version: '2.14.3',
      path: path.join(folder, 'cache/nats/2.14.3/nats-server'),
    });
    expect(machineAptState()).toBe(before);
    expect(readdirSync(path.join(folder, 'cache/nats'))).toEqual(['2.14.3']);

    rmSync(path.join(folder, 'archive'), { recursive: true });
    expect(await search()).toMatchObject({ version: '2.14.3', origin: 'cache' });
  });

  it('is refused when nobody trusted has signed the archive', async () => {
    makeArchive('2.14.3-1');
    machineSources('');
    await expect(search()).rejects.toMatchObject({ name: 'SetupError' });
    expect(said.join('\n')).toMatch(/not signed|NO_PUBKEY|Release/);
    expect(existsSync(path.join(folder, 'cache/nats/2.14.3'))).toBe(false);
  });

  it('is refused when the package is not the one of the index', async () => {
    makeArchive('2.14.3-1', { deb: true });
    machineSources('Trusted: yes\n');
    await expect(search()).rejects.toMatchObject({ name: 'SetupError' });
    expect(said.join('\n')).toMatch(/Hash Sum mismatch|SHA-256/);
    expect(existsSync(path.join(folder, 'cache/nats/2.14.3'))).toBe(false);
  });

  it('is compared with the index once more before it is unpacked', async () => {
    makeArchive('2.14.3-1');
    machineSources('Trusted: yes\n');
    const [archive] = await readMachineSources();
    const apt = await privateApt({ folder: path.join(folder, 'private'), archive, suite: 'forky' });
    await apt.update();
    const offered = await apt.show('nats-server');
    expect(offered?.version).toBe('2.14.3-1');
    const other = { version: '2.14.3-1', sha256: '0'.repeat(64) };
    await expect(apt.unpack('nats-server', other, path.join(folder, 'tree'))).rejects.toThrow(
      /SHA-256.*not used/,
    );
    expect(await apt.show('no-such-package')).toBeUndefined();
  });

  it('is refused when it is older than 2.12, with what was found', async () => {
    makeArchive('2.11.9-1');
    machineSources('Trusted: yes\n');
    await expect(search()).rejects.toThrow(/forky carries only 2\.11\.9/);
  });
});
