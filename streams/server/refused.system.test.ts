// What a server of our own refuses: folders in use, ports that are taken, options that make no sense; each says why.
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { marked, started, startParent, temporaryFolder } from './fixtures/lives.ts';
import { DataFolderInUseError, ServerOptionsError, ServerStartError } from './index.ts';

describe('what is refused', () => {
  it('refuses a data folder that a live server uses, in this and in another program', async () => {
    const server = await started();
    await expect(started({ dataFolder: server.dataFolder })).rejects.toThrow(DataFolderInUseError);

    const folder = temporaryFolder();
    const { pid } = await startParent(folder);
    await expect(started({ dataFolder: folder })).rejects.toMatchObject({
      name: 'DataFolderInUseError',
      holderPid: pid,
    });
  });

  it('takes over the folder of a program that has crashed, also right after the crash', async () => {
    const folder = temporaryFolder();
    const { parent, pid } = await startParent(folder);
    parent.kill('SIGKILL');
    const server = await started({ dataFolder: folder });
    expect(server.pid).not.toBe(pid);
    expect(server.running).toBe(true);
  });

  it('takes over a lock whose process id now belongs to another program, and one it cannot read', async () => {
    const folder = temporaryFolder();
    const lock = path.join(folder, 'server.lock');
    const stranger = { ...marked(process.pid), start: 1 };
    writeFileSync(lock, JSON.stringify({ owner: stranger, server: stranger, guardian: stranger }));
    const server = await started({ dataFolder: folder });
    await server.stop();
    writeFileSync(lock, 'not JSON');
    const again = await started({ dataFolder: folder });
    await again.stop();
    expect(readdirSync(folder).filter((name) => name.includes('lock'))).toEqual([]);
  });

  it('lets exactly one of several that start at once have the folder', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'server.lock'), 'left behind by a crash');
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => started({ dataFolder: folder })));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled').length).toBe(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(DataFolderInUseError);
    }
  });

  it('says which port is taken, and leaves the folder free', async () => {
    const first = await started();
    const folder = temporaryFolder();
    const port = Number(new URL(first.url).port);
    const failure: unknown = await started({ dataFolder: folder, port, startTimeoutMs: 10_000 }).catch(
      (error) => error,
    );
    expect(failure).toBeInstanceOf(ServerStartError);
    expect(failure).toMatchObject({ portTaken: true });
    expect((await started({ dataFolder: folder })).running).toBe(true);
  });

  it('shows what the server says about bad configuration', async () => {
    await expect(started({ extraConfig: 'no_such_field: 1' })).rejects.toThrow(/no_such_field/);
  });

  it('says when the program cannot be run', async () => {
    await expect(started({ serverPath: '/nonexistent/nats-server' })).rejects.toThrow(/ENOENT/);
  });

  it('gives up after its time with the end of the log', async () => {
    const folder = temporaryFolder();
    const mute = path.join(folder, 'mute-server');
    writeFileSync(mute, '#!/bin/sh\necho "thinking hard" >&2\nexec sleep 60\n', { mode: 0o755 });
    await expect(started({ serverPath: mute, startTimeoutMs: 500 })).rejects.toThrow(
      /within 0.5 s[\s\S]*thinking hard/,
    );
  });

  it('names an option that makes no sense', async () => {
    await expect(started({ port: 70_000 })).rejects.toThrow(ServerOptionsError);
    await expect(started({ name: 'two words' })).rejects.toThrow(ServerOptionsError);
    await expect(started({ dataFolder: path.join(temporaryFolder(), 'a\nb') })).rejects.toThrow(
      ServerOptionsError,
    );
    await expect(started({ jetstreamLimits: { maxFileBytes: -1 } })).rejects.toThrow(/maxFileBytes/);
  });
});
