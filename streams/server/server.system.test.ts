// The life of a server of our own, against the real program: start, ports, data across restarts, every way to end.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { startTestServer } from '#testing/nats.ts';
import { marked, millisecondsUntil, started, startParent, temporaryFolder } from './fixtures/lives.ts';
import type { ServerExit } from './index.ts';
import { isAlive } from './processes.ts';

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
