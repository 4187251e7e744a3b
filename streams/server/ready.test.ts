// What is read from a starting server: its list of ports, also half written, and its greeting.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readGreeting, readPortsFile } from './ready.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(() => {
  for (const undo of cleanUp.splice(0)) undo();
});

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-ready-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function listener(answer: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer(answer);
  cleanUp.push(() => server.close());
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port');
  return address.port;
}

describe('the ports file', () => {
  const whole =
    '{"nats":["nats://127.0.0.1:41"],"websocket":["ws://127.0.0.1:42"],"monitoring":["http://127.0.0.1:43"]}';

  it('is of this process, and every part of it that is not whole counts as not there yet', () => {
    const folder = temporaryFolder();
    expect(readPortsFile(folder, 7)).toBeUndefined();
    expect(readPortsFile(path.join(folder, 'nothing'), 7)).toBeUndefined();
    writeFileSync(path.join(folder, 'nats-server_17.ports'), whole);
    expect(readPortsFile(folder, 7)).toBeUndefined();
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path.join(folder, 'nats-server_7.ports'), whole.slice(0, length));
      expect(readPortsFile(folder, 7)).toBeUndefined();
    }
    writeFileSync(path.join(folder, 'nats-server_7.ports'), whole);
    expect(readPortsFile(folder, 7)).toEqual({ client: 41, websocket: 42, monitoring: 43 });
  });

  it('needs a client and a WebSocket listener', () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'nats-server_7.ports'), '{"nats":["nats://127.0.0.1:41"]}');
    expect(readPortsFile(folder, 7)).toBeUndefined();
  });
});

describe('the greeting', () => {
  it('is read also when it comes in pieces', async () => {
    const port = await listener((socket) => {
      socket.write('INFO {"version":"2.15.1",');
      setTimeout(() => socket.write('"jetstream":true} \r\n'), 30);
    });
    expect(await readGreeting(port, 2_000)).toEqual({ version: '2.15.1', jetstream: true });
  });

  it('is not there when the other side is silent, is something else, or refuses', async () => {
    expect(await readGreeting(await listener(() => undefined), 50)).toBeUndefined();
    const web = await listener((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await readGreeting(web, 500)).toBeUndefined();
    const broken = await listener((socket) => socket.end('INFO {not json}\r\n'));
    expect(await readGreeting(broken, 500)).toBeUndefined();
    expect(await readGreeting(1, 500)).toBeUndefined();
  });
});
