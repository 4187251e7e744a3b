// A NATS server of our own as a child process: JetStream on files, a client and a WebSocket listener, loopback only.
// It ends with its parent however the parent ends (see guardian.mjs).
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ANY_PORT, type ClusterMember, type JetStreamLimits, renderConfig, serverFiles } from './config.ts';
import { ServerOptionsError, ServerStartError, ServerStateError } from './errors.ts';
import { type GuardedRun, type RunEnd, runGuarded } from './guarded.ts';
import type { LeafOptions } from './leaf.ts';
import { type FolderLock, lockFolder } from './lock.ts';
import { isCode } from './processes.ts';
import { readGreeting, readPortsFile, type ServerPorts } from './ready.ts';

/** What server to start, and where. */
export interface ServerOptions {
  /** The nats-server program; see findServer. */
  readonly serverPath: string;
  /** Folder for its configuration, log and JetStream files; made when missing. */
  readonly dataFolder: string;
  /** TCP port for clients; absent or 0: a free one. */
  readonly port?: number;
  /** TCP port for browsers; absent or 0: a free one. */
  readonly websocketPort?: number;
  /** TCP port for monitoring over HTTP; 0: a free one; absent: no monitoring. */
  readonly monitoringPort?: number;
  /** Name of the server; must be unique in a cluster. */
  readonly name?: string;
  /** True: each message is on the disk before it is acknowledged (safe against power loss, many times slower). */
  readonly syncAlways?: boolean;
  readonly jetstreamLimits?: JetStreamLimits;
  /** Browser origins that may connect; absent: any (the listener is on loopback only). */
  readonly allowedOrigins?: readonly string[];
  /** Further lines in the server's own format, such as accounts or an operator. */
  readonly extraConfig?: string;
  readonly cluster?: ClusterMember;
  /** Its part between a site and the centre. */
  readonly leaf?: LeafOptions;
  /** Milliseconds until a start counts as failed; the recovery of many large streams takes its time. */
  readonly startTimeoutMs?: number;
  /** Called once per run that ends without our order. */
  readonly onUnexpectedExit?: (exit: ServerExit) => void;
  /** True: the data folder is removed by stop(), and also when this process crashes. For temporary data only. */
  readonly temporary?: boolean;
}

/** How a run of the server ended. */
export interface ServerExit {
  /** True when stop(), restart() or kill9() asked for it. */
  readonly expected: boolean;
  readonly code: number | null;
  readonly signal: string | null;
  /** In words, with the end of the log when it was not expected. */
  readonly reason: string;
}

/** A server that is ready for clients. */
export interface RunningServer extends AsyncDisposable {
  /** For clients in Node, for example "nats://127.0.0.1:4222". */
  readonly url: string;
  /** For browsers, for example "ws://127.0.0.1:8080". */
  readonly websocketUrl: string;
  /** For HTTP, when monitoring was asked for. */
  readonly monitoringUrl: string | undefined;
  /** For the servers of sites, when it takes them: "nats-leaf://127.0.0.1:7422". */
  readonly leafUrl: string | undefined;
  /** Process id of the present run; the last one's when it is not running. */
  readonly pid: number;
  readonly version: string;
  readonly name: string;
  readonly dataFolder: string;
  readonly logFile: string;
  readonly running: boolean;
  /** Resolves when the present run ends, whatever the reason. */
  readonly exited: Promise<ServerExit>;
  /** SIGTERM, then SIGKILL when it is still there after `graceMs` (default 10 s). Does nothing when it is not running. */
  stop(graceMs?: number): Promise<ServerExit>;
  /** SIGKILL, as a crash would: for tests of what a crash does. The data folder is free afterwards. */
  kill9(): Promise<ServerExit>;
  /** Stops it if need be and starts it again with the same data, ports and options. */
  restart(): Promise<void>;
}

const DEFAULT_START_TIMEOUT_MS = 30_000;
const DEFAULT_STOP_GRACE_MS = 10_000;

/**
 * Starts a server and waits until it takes clients with JetStream on.
 * @throws ServerOptionsError, DataFolderInUseError, ServerStartError
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  for (const key of ['port', 'websocketPort', 'monitoringPort'] as const) checkPort(key, options[key]);
  const dataFolder = path.resolve(options.dataFolder);
  const name = options.name ?? 'tidewatch';
  const files = serverFiles(dataFolder);
  mkdirSync(files.ports, { recursive: true });
  const lock = await lockFolder(dataFolder);
  let life: Life;
  try {
    life = await begin(options, name, dataFolder, lock, undefined);
  } catch (error) {
    lock.release();
    throw error;
  }

  async function end(order: (run: GuardedRun) => void): Promise<ServerExit> {
    if (life.isRunning()) {
      life.expectEnd();
      order(life.run);
    }
    return life.exited;
  }

  async function stop(graceMs = DEFAULT_STOP_GRACE_MS): Promise<ServerExit> {
    const exit = await end((run) => run.stop(graceMs));
    if (options.temporary) rmSync(dataFolder, { recursive: true, force: true });
    return exit;
  }

  return {
    get url() {
      return `nats://127.0.0.1:${life.ports.client}`;
    },
    get websocketUrl() {
      return `ws://127.0.0.1:${life.ports.websocket}`;
    },
    get monitoringUrl() {
      return life.ports.monitoring === undefined ? undefined : `http://127.0.0.1:${life.ports.monitoring}`;
    },
    get pid() {
      return life.run.pid;
    },
    get version() {
      return life.version;
    },
    get running() {
      return life.isRunning();
    },
    get exited() {
      return life.exited;
    },
    name,
    dataFolder,
    leafUrl: options.leaf?.port === undefined ? undefined : `nats-leaf://127.0.0.1:${options.leaf.port}`,
    logFile: files.log,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
    kill9: () => end((run) => run.kill()),
    async restart() {
      const ports = life.ports;
      let held = lock;
      if (life.isRunning()) {
        life.keepLock();
        await end((run) => run.stop(DEFAULT_STOP_GRACE_MS));
        lock.heldByOwner();
      } else {
        held = await lockFolder(dataFolder);
      }
      try {
        life = await begin(options, name, dataFolder, held, ports);
      } catch (error) {
        held.release();
        throw error;
      }
    },
  };
}

/** One run from its start to its end. */
interface Life {
  readonly run: GuardedRun;
  readonly ports: ServerPorts;
  readonly version: string;
  readonly exited: Promise<ServerExit>;
  isRunning(): boolean;
  /** From now on its end is by order. */
  expectEnd(): void;
  /** The lock is not given back when this run ends. */
  keepLock(): void;
}

async function begin(
  options: ServerOptions,
  name: string,
  dataFolder: string,
  lock: FolderLock,
  samePorts: ServerPorts | undefined,
): Promise<Life> {
  const files = serverFiles(dataFolder);
  rmSync(files.ports, { recursive: true, force: true });
  mkdirSync(files.ports, { recursive: true });
  writeFileSync(files.stderr, '');
  const monitoring = samePorts?.monitoring ?? options.monitoringPort;
  const config = renderConfig({
    name,
    dataFolder,
    port: samePorts?.client ?? (options.port || ANY_PORT),
    websocketPort: samePorts?.websocket ?? (options.websocketPort || ANY_PORT),
    monitoringPort: monitoring === undefined ? undefined : monitoring || ANY_PORT,
    allowedOrigins: options.allowedOrigins,
    syncAlways: options.syncAlways ?? false,
    jetstreamLimits: options.jetstreamLimits ?? {},
    cluster: options.cluster,
    leaf: options.leaf,
    extraConfig: options.extraConfig ?? '',
  });
  writeFileSync(files.config, config);
  const logStart = sizeOf(files.log);
  const run = await runGuarded({
    program: options.serverPath,
    args: ['-c', files.config],
    stderrFile: files.stderr,
    ...(options.temporary && { removeWhenOrphaned: dataFolder }),
  });
  lock.heldBy(run.guardianPid, run.pid);

  let running = true;
  let expected = false;
  let lockKept = false;
  const exited = run.ended.then((end): ServerExit => {
    running = false;
    if (!lockKept) lock.release();
    const exit = {
      expected,
      code: end.code,
      signal: end.signal,
      reason: reasonOf(end, expected, dataFolder, logStart),
    };
    return exit;
  });

  const greeting = await waitUntilReady(
    run,
    files.ports,
    options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS,
  ).catch(async (error: unknown) => {
    expected = true;
    lockKept = true;
    run.kill();
    await run.ended;
    throw new ServerStartError(
      `The NATS server ${name} did not start: ${error instanceof Error ? error.message : String(error)}`,
      logTail(dataFolder, logStart),
      error,
    );
  });
  void exited.then((exit) => {
    if (!exit.expected) options.onUnexpectedExit?.(exit);
  });
  return {
    run,
    exited,
    ...greeting,
    isRunning: () => running,
    expectEnd() {
      expected = true;
    },
    keepLock() {
      lockKept = true;
    },
  };
}

async function waitUntilReady(
  run: GuardedRun,
  portsFolder: string,
  timeoutMs: number,
): Promise<{ ports: ServerPorts; version: string }> {
  const deadline = Date.now() + timeoutMs;
  let ended: RunEnd | undefined;
  void run.ended.then((end) => {
    ended = end;
  });
  while (Date.now() < deadline) {
    if (ended) throw new ServerStateError(`it ended at once (${describeEnd(ended)})`);
    const ports = readPortsFile(portsFolder, run.pid);
    if (ports) {
      const greeting = await readGreeting(ports.client, Math.max(1, Math.min(2_000, deadline - Date.now())));
      if (greeting?.jetstream) return { ports, version: greeting.version };
    }
    await delay(20);
  }
  throw new ServerStateError(`it was not ready within ${timeoutMs / 1000} s`);
}

function reasonOf(end: RunEnd, expected: boolean, dataFolder: string, logStart: number): string {
  if (expected) return `stopped (${describeEnd(end)})`;
  const tail = logTail(dataFolder, logStart);
  return `ended unexpectedly (${describeEnd(end)})${tail === '' ? '' : `; the end of its log:\n${tail}`}`;
}

function describeEnd(end: RunEnd): string {
  return end.failure ?? (end.signal === null ? `status ${end.code}` : `signal ${end.signal}`);
}

/** The last lines that the present run has written. */
function logTail(dataFolder: string, logStart: number, lines = 12): string {
  const files = serverFiles(dataFolder);
  const log = readIfThere(files.log);
  // A log that is shorter than before has been rotated: all of it is this run's.
  const own = log.length >= logStart ? log.subarray(logStart) : log;
  const text = `${own.toString('utf8')}\n${readIfThere(files.stderr).toString('utf8')}`;
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lines)
    .join('\n');
}

function sizeOf(file: string): number {
  return readIfThere(file).length;
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
}

function checkPort(key: string, port: number | undefined): void {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new ServerOptionsError(
      `${key} must be a TCP port from 1 to 65535, or 0 for a free one, not ${port}`,
    );
  }
}
