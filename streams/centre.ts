// A centre and its sites: which streams the centre sources from the sites' own JetStream, what may cross the link, and how far
// behind a site is. The site computes and keeps; the centre gets results, ledger and venue models, in order, each once.
import { jetstreamManager, type StreamSource, type StreamSourceInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { messageOf, StreamsError } from './errors.ts';
import { token } from './subjects.ts';
import { BUCKET, STREAM, type StreamDeclaration, type TopologyOptions, topology } from './topology.ts';

/** What the sites compute: the centre sources it and never writes it. */
const FROM_SITES: readonly string[] = [STREAM.derived, STREAM.grid];
/** What the centre sources, and writes itself besides. */
const SHARED: readonly string[] = [STREAM.ledger, `KV_${BUCKET.venues}`];
/** Stays at the site: bulky, or personal, or computed again at will. */
const AT_THE_SITE: readonly string[] = [
  STREAM.tracks,
  STREAM.events,
  STREAM.faces,
  STREAM.fused,
  STREAM.replay,
];

export interface CentreOptions extends TopologyOptions {
  /** Sites whose rasters the centre has too: about 120 kB/s for a stadium, all the time. Default: none. */
  readonly rasterSites?: readonly string[];
}

/**
 * The streams of a centre. `DERIVED` and `GRID` hold what the sites computed and have no subjects of their own: only sourcing
 * stores there, so that nothing is stored twice and nothing is missed, and what has been stored is published again at the centre,
 * under its own subject, for the walls there. `LEDGER` and the venues take the centre's own entries besides.
 * @param sites JetStream domains of the sites' servers
 * @throws StreamsError `subject-invalid` for a domain that cannot be one, is named twice, or is only in `rasterSites`
 */
export function centreTopology(
  sites: readonly string[],
  options: CentreOptions = {},
): readonly StreamDeclaration[] {
  const { rasterSites = [], ...rest } = options;
  checkSites(sites, rasterSites);
  return topology(rest)
    .filter(({ config }) => !AT_THE_SITE.includes(config.name))
    .filter(({ config }) => config.name !== STREAM.grid || rasterSites.length > 0)
    .map((declaration) => {
      const { config } = declaration;
      const fromSites = FROM_SITES.includes(config.name);
      if (!fromSites && !SHARED.includes(config.name)) return declaration;
      const whose = config.name === STREAM.grid ? rasterSites : sites;
      const sources = whose.map((site) => sourceOf(config.name, site));
      const only = { subjects: [], republish: { src: '>', dest: '>' } };
      return { ...declaration, config: { ...config, sources, ...(fromSites && only) } };
    });
}

function checkSites(sites: readonly string[], rasterSites: readonly string[]): void {
  if (sites.length === 0) {
    throw new StreamsError(
      'subject-invalid',
      'a centre without a site',
      'name the JetStream domain of each site',
    );
  }
  for (const list of [sites, rasterSites]) {
    const repeated = list.find((site, k) => list.indexOf(site) !== k);
    if (repeated === undefined) continue;
    throw new StreamsError(
      'subject-invalid',
      `the site "${repeated}" is named twice`,
      'give each site a domain of its own, and name it once',
    );
  }
  const unknown = rasterSites.find((site) => !sites.includes(site));
  if (unknown !== undefined) {
    throw new StreamsError(
      'subject-invalid',
      `rasters are wanted of "${unknown}", which is no site`,
      `use one of ${sites.join(', ')}`,
    );
  }
}

function sourceOf(stream: string, site: string): StreamSource {
  return { name: stream, external: { api: apiOf(site), deliver: '' } };
}

function apiOf(site: string): string {
  return `$JS.${token(site, 'site')}.API`;
}

/**
 * What may not cross the link between a site and the centre, for the site's configuration: every subject that a stream stores.
 * Both sides have streams that listen to them, and a message that passed would be stored on both; through the centre it would
 * reach the other sites too. Sourcing has subjects of its own.
 */
export function siteLink(): { readonly denyExports: string[]; readonly denyImports: string[] } {
  const subjects = topology().flatMap(({ config }) => config.subjects);
  return { denyExports: subjects, denyImports: [...subjects] };
}

/** How far the centre has got with one stream of one site. */
export interface SiteState {
  readonly site: string;
  /** Whether the site's own JetStream answers now. The centre's figures of a site that does not are old, by how much is unknown. */
  readonly reachable: boolean;
  /** Messages that the site has and the centre does not yet; undefined when the site cannot be asked. */
  readonly lag: number | undefined;
  /** Why it cannot be asked, or what the centre's server says is wrong; undefined when nothing is. */
  readonly problem: string | undefined;
}

/**
 * The state of each site by a stream that the centre sources. Every site is asked itself: what the centre's server says of a
 * source (`active`, `lag`) begins anew with each of its attempts, and of a site behind a cut link says that nothing is missing.
 * @param nc a connection to the centre
 * @throws what the information of the centre's own stream throws
 */
export async function siteStates(
  nc: NatsConnection,
  stream: string = STREAM.derived,
  { timeoutMs = 2_000 }: { readonly timeoutMs?: number } = {},
): Promise<SiteState[]> {
  const { sources } = await (await jetstreamManager(nc)).streams.info(stream);
  return Promise.all(
    (sources ?? []).map(async (source) => {
      const { site, received } = originOf(source);
      try {
        const there = await jetstreamManager(nc, { domain: site, timeout: timeoutMs, checkAPI: false });
        const { state } = await there.streams.info(stream);
        const lag = received === undefined ? source.lag : state.last_seq - received;
        return { site, reachable: true, lag, problem: source.error?.description };
      } catch (error) {
        return { site, reachable: false, lag: undefined, problem: messageOf(error) };
      }
    }),
  );
}

/** The client's type lacks what the server says of a source: the other server's API, and the last sequence received of it. */
function originOf(source: StreamSourceInfo): { site: string; received: number | undefined } {
  const external: unknown = 'external' in source ? source.external : undefined;
  const api =
    typeof external === 'object' && external !== null && 'api' in external ? external.api : undefined;
  const site = typeof api === 'string' ? /^\$JS\.([a-z0-9-]+)\.API$/.exec(api)?.[1] : undefined;
  const received = 'seq' in source && typeof source.seq === 'number' ? source.seq : undefined;
  return { site: site ?? source.name, received };
}
