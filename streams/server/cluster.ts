// Several servers of one cluster on this machine, for replicated streams: each has its own data folder and ports.
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerOptionsError, ServerStartError } from './errors.ts';
import { freePorts } from './ports.ts';
import { type RunningServer, type ServerOptions, startServer } from './server.ts';

/** What every server of the cluster shares; each gets a folder `node-1`, `node-2`, ... under `dataFolder`. */
export interface ClusterOptions
  extends Omit<ServerOptions, 'port' | 'websocketPort' | 'monitoringPort' | 'name' | 'cluster'> {
  /** Name of the cluster; its servers are `<name>-1`, ... */
  readonly name?: string;
}

/** A cluster whose servers have agreed on a leader. */
export interface Cluster {
  readonly servers: readonly RunningServer[];
  /** Client URLs of all servers. */
  readonly urls: readonly string[];
  /** Waits until every running server knows the same leader of JetStream's meta group. */
  untilAgreed(timeoutMs?: number): Promise<void>;
  stop(graceMs?: number): Promise<void>;
}

/**
 * @param size how many servers; three and more can replicate a stream three times
 * @throws ServerOptionsError, DataFolderInUseError, ServerStartError
 */
export async function startCluster(size: number, options: ClusterOptions): Promise<Cluster> {
  if (!Number.isInteger(size) || size < 2 || size > 9) {
    throw new ServerOptionsError(`a cluster on one machine has 2 to 9 servers, not ${size}`);
  }
  // Route ports must be known to all servers before the first starts, so they are found by binding and letting go;
  // when another program takes one in between, the whole start is tried again with others.
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(size, options, await freePorts(size));
    } catch (error) {
      if (attempt === 3 || !(error instanceof ServerStartError && error.portTaken)) throw error;
    }
  }
}

async function startOnce(
  size: number,
  options: ClusterOptions,
  routePorts: readonly number[],
): Promise<Cluster> {
  const name = options.name ?? 'tidewatch';
  const outcomes = await Promise.allSettled(
    Array.from({ length: size }, (_, i) =>
      startServer({
        ...options,
        dataFolder: path.join(options.dataFolder, `node-${i + 1}`),
        name: `${name}-${i + 1}`,
        monitoringPort: 0,
        cluster: { name, port: routePorts[i], routePorts },
      }),
    ),
  );
  const servers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async (graceMs?: number) => {
    await Promise.all(servers.map((server) => server.stop(graceMs)));
  };
  const untilAgreed = (timeoutMs = 30_000) => waitForLeader(servers, timeoutMs);
  try {
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    await untilAgreed();
  } catch (error) {
    await stop(1_000);
    throw error;
  }
  return { servers, urls: servers.map((server) => server.url), untilAgreed, stop };
}

async function waitForLeader(servers: readonly RunningServer[], timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let seen: string[] = [];
  while (Date.now() < deadline) {
    const running = servers.filter((server) => server.running);
    seen = await Promise.all(running.map(leaderSeenBy));
    if (seen.length > servers.length / 2 && seen[0] !== '' && seen.every((leader) => leader === seen[0]))
      return;
    await delay(100);
  }
  throw new ServerStartError(
    `The cluster did not agree on a leader within ${timeoutMs / 1000} s; its servers saw: ${seen.map((leader) => leader || 'none').join(', ')}`,
    '',
  );
}

/** The name of the leader that a server follows, once it counts every server as a peer; empty when it does not yet. */
async function leaderSeenBy(server: RunningServer): Promise<string> {
  let body: unknown;
  try {
    const answer = await fetch(`${server.monitoringUrl}/jsz`, { signal: AbortSignal.timeout(2_000) });
    body = await answer.json();
  } catch (error) {
    // A server that is being killed or is very busy has no opinion; the deadline above decides.
    if (error instanceof Error) return '';
    throw error;
  }
  if (typeof body !== 'object' || body === null || !('meta_cluster' in body)) return '';
  const meta = body.meta_cluster;
  if (typeof meta !== 'object' || meta === null || !('leader' in meta)) return '';
  return typeof meta.leader === 'string' ? meta.leader : '';
}
