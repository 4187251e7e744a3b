// `tidewatch centre ...`: makes a server the centre of several sites, says how each of them is, and writes what a site's
// server needs to be linked to it.
import { jetstreamManager } from '@nats-io/jetstream';
import { type Command, InvalidArgumentError } from 'commander';
import { apply } from '#streams/apply.ts';
import { centreTopology, type SiteState, siteLink, siteStates } from '#streams/centre.ts';
import { connect } from '#streams/connect.ts';
import { leafConfig } from '#streams/server/index.ts';
import { isToken } from '#streams/subjects.ts';
import { STREAM } from '#streams/topology.ts';
import { natsOption, wholeNumber } from '../context.ts';

export function register(program: Command): void {
  const centre = program.command('centre').description('a centre that has the results of several sites');

  centre
    .command('apply')
    .description("declare the centre's streams, which source results, ledger and venues from each site")
    .requiredOption('--sites <domains>', 'JetStream domains of the sites, with commas between', parseSites)
    .option('--rasters <domains>', 'sites whose heat-maps are wanted all the time', parseSites)
    .option('--replicas <n>', 'servers that keep each stream', wholeNumber(1, 5), 1)
    .addOption(natsOption())
    .action(async (options: { sites: string[]; rasters?: string[]; replicas: number; nats: string }) => {
      const declared = centreTopology(options.sites, {
        replicas: options.replicas,
        ...(options.rasters && { rasterSites: options.rasters }),
      });
      await using nc = disposable(await connect({ servers: options.nats, name: 'tidewatch centre apply' }));
      const steps = await apply(await jetstreamManager(nc.connection), declared, (line) => console.log(line));
      const changed = steps.filter(({ action }) => action !== 'keep').length;
      console.log(`${declared.length} streams for ${options.sites.length} sites, ${changed} changed`);
    });

  centre
    .command('status')
    .description('ask each site itself how far the centre is behind it; fails when one cannot be asked')
    .addOption(natsOption())
    .action(async ({ nats }: { nats: string }) => {
      await using nc = disposable(await connect({ servers: nats, name: 'tidewatch centre status' }));
      for (const stream of [STREAM.derived, STREAM.ledger]) {
        const states = await siteStates(nc.connection, stream);
        if (states.length === 0) {
          console.log(`${stream}: no site; "tidewatch centre apply" declares them`);
          process.exitCode = 1;
        }
        for (const state of states) {
          console.log(`${stream} of ${describe(state)}`);
          if (!state.reachable) process.exitCode = 1;
        }
      }
    });

  centre
    .command('site-config')
    .description(
      "print what a site's nats-server needs in its configuration; print it again after an upgrade",
    )
    .requiredOption('--domain <name>', "name of the site's JetStream, unlike every other's", parseSite)
    .requiredOption('--urls <urls>', "the centre's listeners for sites, with commas between", (text) =>
      text.split(','),
    )
    .option('--credentials <file>', 'credentials of the site')
    .action(({ domain, urls, credentials }: { domain: string; urls: string[]; credentials?: string }) => {
      const uplink = { urls, ...siteLink(), ...(credentials && { credentialsFile: credentials }) };
      process.stdout.write(leafConfig({ domain, uplink }));
    });
}

function describe({ site, reachable, lag, problem }: SiteState): string {
  if (!reachable) return `${site}: cannot be asked (${problem}); what the centre shows of it is old`;
  const behind = lag === 0 ? 'the centre has all' : `the centre is ${lag} messages behind`;
  return `${site}: ${behind}${problem === undefined ? '' : `; the server says: ${problem}`}`;
}

function parseSites(text: string): string[] {
  return text.split(',').map(parseSite);
}

function parseSite(text: string): string {
  if (isToken(text)) return text;
  throw new InvalidArgumentError('a domain is lower-case letters, digits and hyphens');
}

function disposable<T extends { close(): Promise<void> }>(connection: T) {
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}
