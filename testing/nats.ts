// A real NATS server for one test file: temporary data, ports of its own, gone afterwards even when the test crashes.
// A test never skips for want of a server: it fails with the line that mends it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Cluster,
  type ClusterOptions,
  findProgram,
  type RunningServer,
  type ServerOptions,
  startCluster,
  startServer,
} from '#streams/server/index.ts';

/** Options of startServer that a test may set. */
export type TestServerOptions = Partial<Omit<ServerOptions, 'dataFolder' | 'temporary'>>;

/** A running cluster whose stop() also removes its data. */
export interface TestCluster extends Cluster, AsyncDisposable {}

/**
 * Starts a server with an empty temporary data folder; its stop() removes that too. Call stop() in afterAll, or
 * write `await using server = await startTestServer()`.
 * @throws ServerNotFoundError when no nats-server can be had
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<RunningServer> {
  const serverPath = options.serverPath ?? (await findProgram()).path;
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tidewatch-test-'));
  try {
    return await startServer({ name: 'tidewatch-test', ...options, serverPath, dataFolder, temporary: true });
  } catch (error) {
    rmSync(dataFolder, { recursive: true, force: true });
    throw error;
  }
}

/** Runs `use` with a server of its own and stops it afterwards. */
export async function withServer<T>(
  use: (server: RunningServer) => Promise<T>,
  options: TestServerOptions = {},
): Promise<T> {
  const server = await startTestServer(options);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** Starts a cluster on this machine with empty temporary data folders. Call stop() in afterAll. */
export async function startTestCluster(
  size = 3,
  options: Partial<Omit<ClusterOptions, 'dataFolder' | 'temporary'>> = {},
): Promise<TestCluster> {
  const serverPath = options.serverPath ?? (await findProgram()).path;
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tidewatch-test-cluster-'));
  const remove = () => rmSync(dataFolder, { recursive: true, force: true });
  let cluster: Cluster;
  try {
    cluster = await startCluster(size, { ...options, serverPath, dataFolder, temporary: true });
  } catch (error) {
    remove();
    throw error;
  }
  const stop = async (graceMs?: number) => {
    await cluster.stop(graceMs);
    remove();
  };
  return { ...cluster, stop, [Symbol.asyncDispose]: () => stop() };
}
