// Learns from a starting server which ports it chose and that it takes clients with JetStream on.
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { isCode } from './processes.ts';

/** TCP ports a server listens on. */
export interface ServerPorts {
  readonly client: number;
  readonly websocket: number;
  readonly monitoring: number | undefined;
}

/**
 * Reads the file in which nats-server lists its listeners; it names it `<program>_<pid>.ports`.
 * @returns undefined while the file is not there or not whole
 */
export function readPortsFile(folder: string, pid: number): ServerPorts | undefined {
  let name: string | undefined;
  let text: string;
  try {
    name = readdirSync(folder).find((file) => file.endsWith(`_${pid}.ports`));
    if (name === undefined) return undefined;
    text = readFileSync(path.join(folder, name), 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The server is writing it at this moment.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const client = portIn(value, 'nats');
  const websocket = portIn(value, 'websocket');
  if (client === undefined || websocket === undefined) return undefined;
  return { client, websocket, monitoring: portIn(value, 'monitoring') };
}

/**
 * Asks the server for its greeting, which needs no log-in.
 * @returns undefined when it does not greet within `timeoutMs`
 */
export function readGreeting(
  port: number,
  timeoutMs: number,
): Promise<{ version: string; jetstream: boolean } | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect({ host: '127.0.0.1', port });
    const finish = (greeting: { version: string; jetstream: boolean } | undefined) => {
      socket.destroy();
      resolve(greeting);
    };
    socket.setTimeout(timeoutMs, () => finish(undefined));
    // Refused: the listener is not open yet, or no more. The caller asks again until its own time is over.
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (!text.includes('\r\n')) return;
      const match = /^INFO (\{.*\})\s*\r\n/.exec(text);
      finish(match?.[1] === undefined ? undefined : parseInfo(match[1]));
    });
  });
}

function parseInfo(json: string): { version: string; jetstream: boolean } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null || !('version' in value)) return undefined;
  return { version: String(value.version), jetstream: 'jetstream' in value && value.jetstream === true };
}

function portIn(value: unknown, listener: string): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entry: unknown = Object.entries(value).find(([key]) => key === listener)?.[1];
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return undefined;
  const port = Number(new URL(entry[0]).port);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}
