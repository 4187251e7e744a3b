// Writes nats-server's configuration file. Pure: options in, text out.
// Format and field names: the NATS server's configuration reference.
import path from 'node:path';
import { ServerOptionsError } from './errors.ts';
import { type LeafOptions, leafJetStreamLines, leafLines } from './leaf.ts';
import { quoted, withoutSpaces } from './quote.ts';

/** Largest message the server accepts, in bytes. A stream reader must keep messages in flight well under 64 MB. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
/** Seconds a client may take to log in: a browser's worker on a busy machine is slow to answer. */
export const LOGIN_TIMEOUT_S = 10;
/** Ports are learnt from the server when this is asked for. */
export const ANY_PORT = -1;

/** How much JetStream may keep, in bytes; what is left out is the server's own choice. */
export interface JetStreamLimits {
  readonly maxFileBytes?: number;
  readonly maxMemoryBytes?: number;
}

/** One server's part in a cluster; ports are fixed, because the other servers must know them beforehand. */
export interface ClusterMember {
  readonly name: string;
  /** Port for the other servers. */
  readonly port: number;
  /** Ports of all servers of the cluster on this machine. */
  readonly routePorts: readonly number[];
}

/** What goes into the file. */
export interface ServerConfig {
  readonly name: string;
  readonly dataFolder: string;
  /** TCP ports; ANY_PORT lets the server choose. */
  readonly port: number;
  readonly websocketPort: number;
  /** Undefined: no monitoring listener. */
  readonly monitoringPort: number | undefined;
  /** Browser origins that may connect, for example "http://localhost:8080"; undefined: any, as it listens on loopback. */
  readonly allowedOrigins: readonly string[] | undefined;
  /** True: every message is on the disk before it is acknowledged. */
  readonly syncAlways: boolean;
  readonly jetstreamLimits: JetStreamLimits;
  readonly cluster: ClusterMember | undefined;
  readonly leaf: LeafOptions | undefined;
  /** Further lines in the server's own format, for example accounts. */
  readonly extraConfig: string;
}

/** Where a server keeps its files under its data folder. */
export function serverFiles(dataFolder: string) {
  return {
    config: path.join(dataFolder, 'nats-server.conf'),
    log: path.join(dataFolder, 'nats-server.log'),
    stderr: path.join(dataFolder, 'nats-server.stderr'),
    ports: path.join(dataFolder, 'ports'),
    jetstream: path.join(dataFolder, 'jetstream'),
  } as const;
}

/**
 * @throws ServerOptionsError when an option cannot be written safely
 */
export function renderConfig(config: ServerConfig): string {
  const files = serverFiles(config.dataFolder);
  const { maxFileBytes, maxMemoryBytes } = config.jetstreamLimits;
  const lines = [
    '# Written at every start; changes made here are lost.',
    `server_name: ${quoted('name', withoutSpaces('name', config.name))}`,
    'host: "127.0.0.1"',
    `port: ${config.port}`,
    ...(config.monitoringPort === undefined ? [] : [`http: "127.0.0.1:${config.monitoringPort}"`]),
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    `ports_file_dir: ${quoted('dataFolder', files.ports)}`,
    `log_file: ${quoted('dataFolder', files.log)}`,
    'logfile_size_limit: 16777216',
    'logfile_max_num: 4',
    'jetstream {',
    `  store_dir: ${quoted('dataFolder', files.jetstream)}`,
    ...(config.leaf === undefined ? [] : leafJetStreamLines(config.leaf)),
    ...(config.syncAlways ? ['  sync_interval: always'] : []),
    ...(maxFileBytes === undefined ? [] : [`  max_file_store: ${wholeBytes('maxFileBytes', maxFileBytes)}`]),
    ...(maxMemoryBytes === undefined
      ? []
      : [`  max_memory_store: ${wholeBytes('maxMemoryBytes', maxMemoryBytes)}`]),
    '}',
    'websocket {',
    '  host: "127.0.0.1"',
    `  port: ${config.websocketPort}`,
    '  no_tls: true',
    '  same_origin: false',
    ...(config.allowedOrigins === undefined
      ? []
      : [
          `  allowed_origins: [${config.allowedOrigins.map((origin) => quoted('allowedOrigins', origin)).join(', ')}]`,
        ]),
    '}',
    ...(definesAuthorization(config.extraConfig) ? [] : [`authorization { timeout: ${LOGIN_TIMEOUT_S} }`]),
    ...(config.cluster === undefined ? [] : clusterLines(config.cluster)),
    ...(config.leaf === undefined ? [] : leafLines(config.leaf)),
    config.extraConfig,
  ];
  return `${lines.join('\n')}\n`;
}

function clusterLines(cluster: ClusterMember): string[] {
  return [
    'cluster {',
    `  name: ${quoted('cluster.name', withoutSpaces('cluster.name', cluster.name))}`,
    `  listen: "127.0.0.1:${cluster.port}"`,
    `  routes: [${cluster.routePorts.map((port) => `"nats-route://127.0.0.1:${port}"`).join(', ')}]`,
    '}',
  ];
}

/** Whether extra configuration brings an authorization block of its own; it must then set its own time-out. */
function definesAuthorization(extraConfig: string): boolean {
  return /^\s*authorization\b/m.test(extraConfig);
}

function wholeBytes(option: string, bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new ServerOptionsError(
      `jetstreamLimits.${option} must be a whole number of bytes above 0, not ${bytes}`,
    );
  }
  return bytes;
}
