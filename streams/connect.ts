// One way to connect to NATS: named, reconnecting for ever, and refusing a server that is too old to be right.
import { connect as dial, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { messageOf, StreamsError } from './errors.ts';

/** Older servers ignore message TTLs and expected subject sequences without a word. */
export const OLDEST_SERVER = '2.11.0';

export interface ConnectOptions {
  /** One or more `nats://host:port`. */
  readonly servers: string | readonly string[];
  /** Shown in the server's connection list: say which process this is. */
  readonly name: string;
  /** Keep trying when no server answers at first (a process started before its server). Default: fail at once. */
  readonly waitOnFirstConnect?: boolean;
  /** Anything else the transport takes: credentials, TLS, inbox prefix. */
  readonly more?: Omit<NodeConnectionOptions, 'servers' | 'name' | 'reconnect' | 'maxReconnectAttempts'>;
}

/**
 * @throws StreamsError `server-unreachable`, or `server-too-old` below OLDEST_SERVER
 */
export async function connect(options: ConnectOptions): Promise<NatsConnection> {
  const servers = typeof options.servers === 'string' ? [options.servers] : [...options.servers];
  let nc: NatsConnection;
  try {
    nc = await dial({
      ...options.more,
      servers,
      name: options.name,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      waitOnFirstConnect: options.waitOnFirstConnect ?? false,
      // A stack trace per request costs more than the request.
      noAsyncTraces: true,
    });
  } catch (error) {
    throw new StreamsError(
      'server-unreachable',
      `no NATS server at ${servers.join(', ')}: ${messageOf(error)}`,
      'start one with "tidewatch up", or point NATS_URL at one that runs',
      error,
    );
  }
  const version = nc.info?.version ?? 'unknown';
  if (!versionAtLeast(version, OLDEST_SERVER)) {
    await nc.close();
    throw new StreamsError(
      'server-too-old',
      `the NATS server at ${servers.join(', ')} is version ${version}, and ${OLDEST_SERVER} is the oldest that works`,
      'upgrade it, or unset NATS_URL to use the one the project brings',
    );
  }
  return nc;
}

/** Compares `major.minor.patch`; a pre-release counts as its release. An unreadable version is not enough. */
export function versionAtLeast(version: string, least: string): boolean {
  const have = numbersOf(version);
  const want = numbersOf(least);
  if (have === undefined || want === undefined) return false;
  for (let i = 0; i < 3; i++) {
    if (have[i] !== want[i]) return have[i]! > want[i]!;
  }
  return true;
}

function numbersOf(version: string): number[] | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match === null ? undefined : match.slice(1, 4).map(Number);
}
