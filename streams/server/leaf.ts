// A server's part between a site and the centre. A site's server is a leaf node of the centre's: it has a JetStream of its own
// (a domain), dials the centre, and works on while it cannot. Terms: the NATS server's configuration reference, "leafnodes".
import { ServerOptionsError } from './errors.ts';
import { quoted } from './quote.ts';

/** The connection from a site to the centre. */
export interface Uplink {
  /** The listeners for sites of all servers of the centre, each `nats-leaf://[user:password@]host:port`, or `tls://` over a network. */
  readonly urls: readonly string[];
  /** Subjects that may not leave the site, and that may not come to it: see siteLink() of streams/centre.ts. */
  readonly denyExports: readonly string[];
  readonly denyImports: readonly string[];
  /** File with the site's credentials, where the centre runs in operator mode. */
  readonly credentialsFile?: string;
}

export interface LeafOptions {
  /** Name of this server's own JetStream, unlike every other of the province: 1 to 64 of a-z, 0-9 and hyphen. */
  readonly domain: string;
  /** At the centre: TCP port for the servers of sites, fixed, because they must know it beforehand; absent: takes none. */
  readonly port?: number;
  /** At a site: where the centre is. */
  readonly uplink?: Uplink;
}

/**
 * Seconds between signs of life and how many may fail to come. A link that is dead without a word (a firewall forgot it) is
 * given up after this long and dialled again; the server's own default is above four minutes.
 */
const PING_INTERVAL_S = 15;
const PING_MAX = 2;
const RECONNECT_S = 1;

/** Lines within the `jetstream` block. */
export function leafJetStreamLines({ domain }: LeafOptions): string[] {
  if (!/^[a-z0-9-]{1,64}$/.test(domain)) {
    throw new ServerOptionsError(
      `leaf.domain must be 1 to 64 lower-case letters, digits and hyphens, not ${JSON.stringify(domain)}`,
    );
  }
  return [`  domain: ${quoted('leaf.domain', domain)}`];
}

/** Lines of their own. */
export function leafLines({ port, uplink }: LeafOptions): string[] {
  const lines = [`ping_interval: "${PING_INTERVAL_S}s"`, `ping_max: ${PING_MAX}`];
  if (port === undefined && uplink === undefined) return lines;
  if (uplink?.urls.length === 0) {
    throw new ServerOptionsError('leaf.uplink.urls is empty: name the listener of each server of the centre');
  }
  const list = (what: string, subjects: readonly string[]) =>
    `[${subjects.map((subject) => quoted(what, subject)).join(', ')}]`;
  return [
    ...lines,
    'leafnodes {',
    ...(port === undefined
      ? []
      : [
          `  listen: "127.0.0.1:${checkedPort(port)}"`,
          // A site dials what it is configured with: addresses told by the centre may be right only on the centre's side.
          '  no_advertise: true',
        ]),
    ...(uplink === undefined
      ? []
      : [
          `  reconnect: ${RECONNECT_S}`,
          '  remotes: [',
          '    {',
          `      urls: ${list('leaf.uplink.urls', uplink.urls)}`,
          ...(uplink.credentialsFile === undefined
            ? []
            : [`      credentials: ${quoted('leaf.uplink.credentialsFile', uplink.credentialsFile)}`]),
          `      deny_exports: ${list('leaf.uplink.denyExports', uplink.denyExports)}`,
          `      deny_imports: ${list('leaf.uplink.denyImports', uplink.denyImports)}`,
          '    }',
          '  ]',
        ]),
    '}',
  ];
}

/** The lines for a nats-server that is not started by this project, to be put into its configuration. */
export function leafConfig(options: LeafOptions): string {
  return [
    "# Within the jetstream block, since a domain is JetStream's:",
    ...leafJetStreamLines(options).map((line) => `#${line}`),
    ...leafLines(options),
    '',
  ].join('\n');
}

function checkedPort(port: number): number {
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new ServerOptionsError(`leaf.port must be a TCP port from 1 to 65535, not ${port}`);
}
