// In which order a NATS server is looked for, with pretended programs: nothing is fetched here.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findNatsServer, findServerProgram } from './nats-server.mjs';

let folder = '';
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-find-'));
  said = [];
  // Only the pretended programs are to be found, and what runs them.
  vi.stubEnv('PATH', `${path.join(folder, 'bin')}:/usr/bin:/bin`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that says it is a nats-server of that version. */
function pretend(place: string, version: string): string {
  const file = path.join(folder, place, 'nats-server');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "nats-server: v${version}"\n`, { mode: 0o755 });
  return file;
}

function options(env: Record<string, string> = {}) {
  const cacheFolder = path.join(folder, 'cache');
  return { env, cacheFolder, download: false, tell: (line: string) => void said.push(line) };
}

describe('the search for a NATS server', () => {
  it('takes NATS_URL first, and never prints its password', async () => {
    pretend('bin', '2.15.1');
    const url = 'nats://someone:secret@nats.example:4222';
    expect(await findNatsServer(options({ NATS_URL: url }))).toEqual({ kind: 'external', url });
    expect(said.join()).not.toContain('secret');
  });

  it('takes NATS_SERVER before PATH, and refuses one that is too old or does not run', async () => {
    pretend('bin', '2.15.1');
    const named = pretend('named', '2.12.4');
    expect(await findNatsServer(options({ NATS_SERVER: named }))).toMatchObject({
      path: named,
      version: '2.12.4',
    });
    await expect(findNatsServer(options({ NATS_SERVER: pretend('old', '2.10.5') }))).rejects.toThrow(
      /2\.10\.5.*2\.11/,
    );
    const other = path.join(folder, 'other');
    writeFileSync(other, '#!/bin/sh\necho "other-program 9.1.0"\n', { mode: 0o755 });
    await expect(findNatsServer(options({ NATS_SERVER: other }))).rejects.toMatchObject({
      name: 'SetupError',
    });
    await expect(findNatsServer(options({ NATS_SERVER: '/nowhere' }))).rejects.toMatchObject({
      name: 'SetupError',
    });
  });

  it('takes PATH before the cache when it is 2.12 or newer', async () => {
    const installed = pretend('bin', '2.12.0');
    pretend('cache/2.15.1', '2.15.1');
    expect(await findServerProgram(options())).toMatchObject({ path: installed, origin: 'PATH' });
  });

  it('takes the cache before a 2.11 on PATH, and its newest version', async () => {
    pretend('bin', '2.11.4');
    pretend('cache/2.9.1', '2.9.1');
    pretend('cache/2.12.1', '2.12.1');
    const newest = pretend('cache/2.15.1', '2.15.1');
    expect(await findServerProgram(options())).toMatchObject({ path: newest, origin: 'cache' });
  });

  it('takes a 2.11 on PATH when nothing newer can be had', async () => {
    const installed = pretend('bin', '2.11.4');
    expect(await findServerProgram(options())).toMatchObject({ path: installed, version: '2.11.4' });
  });

  it('refuses a server before 2.11 on PATH, says so, and names the line that mends it', async () => {
    pretend('bin', '2.10.25');
    await expect(findServerProgram(options())).rejects.toMatchObject({
      name: 'SetupError',
      mend: 'node scripts/nats-server.mjs',
    });
    expect(said.join()).toContain('2.10.25: too old');
  });

  it('does not trust a cached program that does not run', async () => {
    const broken = pretend('cache/2.15.1', '2.15.1');
    writeFileSync(broken, '#!/bin/sh\nexit 1\n');
    await expect(findServerProgram(options())).rejects.toMatchObject({ name: 'SetupError' });
  });
});
