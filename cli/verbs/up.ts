// `tidewatch up`: everything on one machine. Gets a NATS server, sets up its streams, stores the demonstration venues,
// opens the portal, and keeps the processors and the simulated cameras running.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Command, Option } from 'commander';
import { type Portal, startPortal } from '#dashboard/server/portal.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { findServer, type RunningServer, startServer } from '#streams/server/index.ts';
import { topology } from '#streams/topology.ts';
import { parseSpeed, wholeNumber } from '../context.ts';
import { demoOrganisations, storeDemoVenues } from '../demo-venues.ts';
import { readModelFiles } from '../forecast/models.ts';
import { PROCESSOR_NAMES, type ProcessorName } from '../processors.ts';
import { SupervisedPart, untilSignal } from '../supervise.ts';

/** What a new user sees on the wall: numbers, what is unusual among them, and what they will be. */
const DEFAULT_PROCESSORS: readonly ProcessorName[] = ['density', 'programme', 'anomaly', 'forecast'];
/** A message or two an evening: a thread per venue would be memory for nothing. The others' work must not hold up their leases. */
const LIGHT: ReadonlySet<ProcessorName> = new Set(['programme']);

const PAGES = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');

interface UpOptions {
  readonly data: string;
  readonly port: number;
  readonly natsPort: number;
  readonly websocketPort: number;
  readonly websocketUrl?: string;
  readonly simulator: boolean;
  readonly speed: number;
  readonly seed: number;
  readonly processors: readonly ProcessorName[];
  readonly forecastModel?: readonly string[];
}

export function register(program: Command): void {
  const port = wholeNumber(0, 65535);
  program
    .command('up')
    .description('start everything on this machine: server, processors, simulated cameras, wall')
    .option('--data <folder>', 'where the server keeps its data', 'data')
    .addOption(new Option('--port <n>', 'port of the wall; 0 for any').argParser(port).default(8080))
    .addOption(
      new Option('--nats-port <n>', 'port of our NATS server; 0 for any').argParser(port).default(4222),
    )
    .addOption(
      new Option('--websocket-port <n>', 'its port for browsers; 0 for any').argParser(port).default(4280),
    )
    .option('--websocket-url <url>', 'the WebSocket address of an external server (with NATS_URL set)')
    .option('--no-simulator', 'do not simulate an evening at the demonstration stadium')
    .addOption(
      new Option('--speed <factor>', 'speed of the simulated evening').argParser(parseSpeed).default(1),
    )
    .addOption(
      new Option('--seed <n>', 'seed of the simulated evening')
        .argParser(wholeNumber(0, 0xffffffff))
        .default(1),
    )
    .addOption(
      new Option('--processors <names...>', 'which processors to run; the wall shows the default ones')
        .choices(PROCESSOR_NAMES)
        .default(DEFAULT_PROCESSORS),
    )
    .option(
      '--forecast-model <path...>',
      'trained models for the forecast processor, as folders that `train` has written',
    )
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const models = await forecastModels(options);
  const stopped = untilSignal();
  const parts: SupervisedPart[] = [];
  let server: RunningServer | undefined;
  let connection: NatsConnection | undefined;
  let portal: Portal | undefined;
  let failed: Error | undefined;
  try {
    let lose: (reason: Error) => void = () => undefined;
    const lost = new Promise<never>((_, reject) => {
      lose = reject;
    });
    // Heard of below; until then a loss must not be an unhandled rejection.
    lost.catch(() => undefined);
    const address = await reachServer(options, (reason) => lose(new Error(reason)));
    server = address.server;
    connection = await connect({ servers: address.url, name: 'tidewatch up' });
    await apply(await jetstreamManager(connection), topology(), (line) => say(`streams: ${line}`));
    await storeDemoVenues(connection, (line) => say(`venues: ${line}`));
    portal = await startPortal({
      port: options.port,
      staticFolder: PAGES,
      websocketUrl: address.websocketUrl,
      organisations: [...demoOrganisations()],
    });

    const environment = { NATS_URL: address.url };
    for (const name of options.processors) {
      parts.push(
        new SupervisedPart(
          name,
          [
            'process',
            name,
            ...(LIGHT.has(name) ? ['--in-process'] : []),
            ...(name === 'forecast' ? models : []),
          ],
          environment,
          say,
        ),
      );
    }
    if (options.simulator) {
      const simulate = [
        'ingest',
        'simulator',
        '--speed',
        String(options.speed),
        '--seed',
        String(options.seed),
      ];
      parts.push(new SupervisedPart('simulator', simulate, environment, say));
    }
    for (const part of parts) part.start();
    say(`the wall is at ${portal.url}`);
    say('Ctrl-C stops everything');
    const signal = await Promise.race([stopped, lost]);
    say(`${signal}: stopping`);
  } catch (error) {
    failed = error instanceof Error ? error : new Error(String(error));
  }
  // Sources first, so that the processors can finish what is there.
  for (const part of parts.reverse()) await part.stop();
  await portal?.close();
  await connection?.close();
  await server?.stop();
  if (failed !== undefined) throw failed;
  say('stopped');
}

/** The arguments that hand the models on; read here once, so that a wrong path ends the start and not a part later. */
async function forecastModels({ forecastModel = [], processors }: UpOptions): Promise<readonly string[]> {
  if (forecastModel.length === 0) return [];
  if (!processors.includes('forecast'))
    throw new Error('--forecast-model is given and the forecast processor is not: add it to --processors');
  await readModelFiles('forecast', forecastModel);
  return ['--model', ...forecastModel.map((given) => path.resolve(given))];
}

interface Address {
  readonly url: string;
  readonly websocketUrl: string;
  readonly server: RunningServer | undefined;
}

async function reachServer(options: UpOptions, onLost: (reason: string) => void): Promise<Address> {
  const found = await findServer({ tell: say });
  if (found.kind === 'external') {
    if (options.websocketUrl === undefined) {
      throw new Error(
        'NATS_URL is set: give --websocket-url, the address at which browsers reach that server',
      );
    }
    say(`using the NATS server at ${found.url}`);
    return { url: found.url, websocketUrl: options.websocketUrl, server: undefined };
  }
  const dataFolder = path.resolve(options.data, 'nats');
  mkdirSync(dataFolder, { recursive: true });
  const server = await startServer({
    serverPath: found.path,
    dataFolder,
    port: options.natsPort,
    websocketPort: options.websocketPort,
    name: 'tidewatch',
    onUnexpectedExit: (exit) => onLost(`the NATS server ended: ${exit.reason}`),
  });
  say(`NATS ${server.version} at ${server.url}, data in ${dataFolder}`);
  return { url: server.url, websocketUrl: server.websocketUrl, server };
}

function say(line: string): void {
  console.log(line);
}
