// The life of a server of our own, against the real program: start, ports, data across restarts, every way to end.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestServer } from '#testing/nats.ts';
import {
  DataFolderInUseError,
  findProgram,
  type RunningServer,
  type ServerExit,
  ServerOptionsError,
  ServerStartError,
  startServer,
} from './index.ts';
import { isAlive, markOf, type ProcessMark } from './processes.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-server-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function started(options: Partial<Parameters<typeof startServer>[0]> = {}): Promise<RunningServer> {
  const { path: serverPath } = await findProgram();
  const server = await startServer({ serverPath, dataFolder: temporaryFolder(), ...options });
  cleanUp.push(() => server.stop());
  return server;
}

function marked(pid: number): ProcessMark {
  const mark = markOf(pid);
  if (!mark) throw new Error(`process ${pid} is not there`);
  return mark;
}

function accepts(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function millisecondsUntil(
  condition: () => boolean | Promise<boolean>,
  atMost: number,
): Promise<number> {
  const start = performance.now();
  while (!(await condition())) {
    const passed = performance.now() - start;
    if (passed > atMost) throw new Error(`not so within ${atMost} ms`);
    await delay(20);
  }
  return performance.now() - start;
}

/** Starts the fixture program and reads where its server is. */
async function startParent(
  dataFolder: string,
  mode = '',
): Promise<{ parent: ChildProcess; pid: number; url: string; lines: string[] }> {
  const { path: serverPath } = await findProgram();
  const fixture = fileURLToPath(new URL('./fixtures/parent.ts', import.meta.url));
  const parent = spawn(process.execPath, ['--import', 'tsx', fixture, serverPath, dataFolder, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own, so that a whole terminal's Ctrl-C can be sent to it.
    detached: true,
  });
  cleanUp.push(() => {
    parent.kill('SIGKILL');
  });
  const lines: string[] = [];
  const first = await new Promise<string>((resolve, reject) => {
    createInterface({ input: parent.stdout! }).on('line', (line) => {
      lines.push(line);
      resolve(line);
    });
    parent.on('exit', (code) => reject(new Error(`the parent ended with status ${code}`)));
  });
  const { pid, url } = JSON.parse(first);
  return { parent, pid: Number(pid), url: String(url), lines };
}

describe('a running server', () => {
  it('takes clients and browsers on loopback, with JetStream on files and 8 MB messages', async () => {
    const server = await started({ monitoringPort: 0 });
    const nc = await connect({ servers: server.url });
    expect(nc.info?.max_payload).toBe(8 * 1024 * 1024);
    expect(nc.info?.jetstream).toBe(true);
    const jsm = await jetstreamManager(nc);
    await jsm.streams.add({ name: 'LIFE', subjects: ['life.>'] });
    await jetstream(nc).publish('life.a', new Uint8Array(1000));
    await nc.close();
    expect(existsSync(path.join(server.dataFolder, 'jetstream/jetstream/$G/streams/LIFE'))).toBe(true);
    expect(await accepts(server.websocketUrl)).toBe(true);
    const health = await fetch(`${server.monitoringUrl}/healthz`);
    expect(await health.json()).toMatchObject({ status: 'ok' });
    expect(server.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('completes a browser hand-shake over the WebSocket listener', async () => {
    const server = await started({ allowedOrigins: ['http://localhost:1234'] });
    const upgrade = async (origin: string) => {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(server.websocketUrl).port) });
        socket.on('error', reject);
        socket.once('data', (data) => {
          socket.destroy();
          resolve(data.toString());
        });
        socket.write(
          `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: ${origin}\r\n` +
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
        );
      });
      return answer.split('\r\n')[0];
    };
    expect(await upgrade('http://localhost:1234')).toContain('101');
    expect(await upgrade('http://elsewhere.example')).not.toContain('101');
  });

  it('listens on loopback only', async () => {
    const server = await started({ monitoringPort: 0 });
    const listening = listenersOf(server.pid);
    expect(listening.length).toBe(3);
    // 0100007F is 127.0.0.1 in the byte order of proc(5) net/tcp.
    for (const address of listening) expect(address).toBe('0100007F');
  });

  it('keeps its data, ports and address across restart, and across a crash', async () => {
    const server = await started();
    const { url, websocketUrl, pid } = server;
    const nc = await connect({ servers: url });
    const jsm = await jetstreamManager(nc);
    await jsm.streams.add({ name: 'KEPT', subjects: ['kept.>'] });
    const js = jetstream(nc);
    for (let i = 0; i < 50; i++) await js.publish('kept.a', String(i));
    await nc.close();

    await server.restart();
    expect(server.url).toBe(url);
    expect(server.websocketUrl).toBe(websocketUrl);
    expect(server.pid).not.toBe(pid);
    expect(await countIn(url, 'KEPT')).toBe(50);

    const killed = await server.kill9();
    expect(killed).toMatchObject({ expected: true, signal: 'SIGKILL' });
    expect(server.running).toBe(false);
    await server.restart();
    expect(await countIn(url, 'KEPT')).toBe(50);
  });

  it('keeps its data in a folder whose name has spaces, quotes and Chinese', async () => {
    const dataFolder = path.join(temporaryFolder(), 'a "b" \\c $HOME # 数据');
    const server = await started({ dataFolder, name: 'name"with"\\and名' });
    const nc = await connect({ servers: server.url });
    expect(nc.info?.server_name).toBe('name"with"\\and名');
    await nc.close();
    expect(existsSync(path.join(dataFolder, 'jetstream'))).toBe(true);
    expect(existsSync(server.logFile)).toBe(true);
  });

  it('writes before it acknowledges, and keeps within limits, when asked to', async () => {
    const jetstreamLimits = { maxFileBytes: 50_000_000, maxMemoryBytes: 10_000_000 };
    const server = await started({ monitoringPort: 0, syncAlways: true, jetstreamLimits });
    const settings = await (await fetch(`${server.monitoringUrl}/varz`)).json();
    expect(settings).toMatchObject({
      auth_timeout: 10,
      jetstream: { config: { sync_always: true, max_storage: 50_000_000, max_memory: 10_000_000 } },
    });
  });

  it('is ready with further configuration that lets no stranger in', async () => {
    const extraConfig = 'authorization { timeout: 5, users: [{ user: "known", password: "word" }] }';
    const server = await started({ extraConfig });
    await expect(connect({ servers: server.url, reconnect: false })).rejects.toThrow(/authorization/i);
    const nc = await connect({ servers: server.url, user: 'known', pass: 'word' });
    await nc.close();
    await server.restart();
    expect(server.running).toBe(true);
  });

  it('runs many at once, each on ports of its own', async () => {
    const servers = await Promise.all([started(), started(), started(), started()]);
    const urls = new Set(
      servers.flatMap((server) => [server.url, server.websocketUrl.replace('ws:', 'nats:')]),
    );
    expect(urls.size).toBe(8);
  });
});

describe('the end of a server', () => {
  it('stops in order, gives the port back, and a second stop does nothing', async () => {
    const server = await started();
    const mark = marked(server.pid);
    const exit = await server.stop();
    expect(exit).toMatchObject({ expected: true, code: 0 });
    expect(isAlive(mark)).toBe(false);
    expect(await accepts(server.url)).toBe(false);
    expect(await server.stop()).toEqual(exit);
  });

  it('reports an end that nobody ordered, with the reason', async () => {
    const reported: ServerExit[] = [];
    const server = await started({ onUnexpectedExit: (exit) => reported.push(exit) });
    process.kill(server.pid, 'SIGKILL');
    const exit = await server.exited;
    expect(exit.expected).toBe(false);
    expect(exit.reason).toContain('SIGKILL');
    expect(exit.reason).toContain('Server is ready');
    await delay(0);
    expect(reported).toEqual([exit]);
  });

  it('is gone within 2 s when its parent is killed -9', async () => {
    const { parent, pid, url } = await startParent(temporaryFolder());
    const mark = marked(pid);
    expect(await accepts(url)).toBe(true);
    parent.kill('SIGKILL');
    await millisecondsUntil(async () => !isAlive(mark) && !(await accepts(url)), 2_000);
  });

  it('is gone within 2 s when its parent is killed -9 and the server itself hangs', async () => {
    const { parent, pid, url } = await startParent(temporaryFolder());
    const mark = marked(pid);
    process.kill(pid, 'SIGSTOP');
    parent.kill('SIGKILL');
    await millisecondsUntil(async () => !isAlive(mark) && !(await accepts(url)), 2_000);
  });

  it('is stopped in order by a program that handles Ctrl-C, because Ctrl-C does not reach the server', async () => {
    const { parent, pid, lines } = await startParent(temporaryFolder(), 'handles-signals');
    const mark = marked(pid);
    process.kill(-parent.pid!, 'SIGINT');
    await millisecondsUntil(() => lines.length === 2, 5_000);
    expect(JSON.parse(lines[1])).toMatchObject({ stopped: { expected: true, code: 0 } });
    expect(isAlive(mark)).toBe(false);
  });

  it('is gone within 2 s after Ctrl-C on a program that does not handle it', async () => {
    const { parent, pid, url } = await startParent(temporaryFolder());
    const mark = marked(pid);
    process.kill(-parent.pid!, 'SIGINT');
    await millisecondsUntil(async () => !isAlive(mark) && !(await accepts(url)), 2_000);
  });

  it('ends when its guardian is killed', async () => {
    const server = await started();
    const mark = marked(server.pid);
    const guardian = parentOf(server.pid);
    process.kill(guardian, 'SIGKILL');
    const exit = await server.exited;
    expect(exit.expected).toBe(false);
    expect(exit.reason).toContain('guardian');
    await millisecondsUntil(() => !isAlive(mark), 2_000);
  });

  it('removes temporary data after stop and after a crash of the parent', async () => {
    const server = await startTestServer();
    expect(existsSync(server.dataFolder)).toBe(true);
    await server.stop();
    expect(existsSync(server.dataFolder)).toBe(false);

    const folder = temporaryFolder();
    const { parent } = await startParent(folder, 'temporary');
    expect(existsSync(folder)).toBe(true);
    parent.kill('SIGKILL');
    await millisecondsUntil(() => !existsSync(folder), 3_000);
  });
});

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

async function countIn(url: string, stream: string): Promise<number> {
  const nc = await connect({ servers: url });
  try {
    return (await (await jetstreamManager(nc)).streams.info(stream)).state.messages;
  } finally {
    await nc.close();
  }
}

/** Local addresses (hexadecimal, as the kernel writes them) of a process's listening TCP sockets. */
function listenersOf(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const link = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return link.startsWith('socket:[') ? [link.slice(8, -1)] : [];
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9]))
      .map((fields) => fields[1].split(':')[0]),
  );
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
