// `tidewatch process <name>`: runs a processor for the venues of a server, each venue a partition of its own with its
// own checkpoint. Venues that are stored later are taken up when they appear. Several of these, on one machine or many, share
// the venues: each venue is one worker's at a time, handed over when that worker stops and taken over when it dies.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Argument, type Command, Option } from 'commander';
import { parseVenue } from '#models/venue/index.ts';
import type { ModelFile } from '#processors/forecast/index.ts';
import {
  type ProcessorRecipe,
  type Running,
  SharedWork,
  workerThreadPays,
} from '#processors/runtime/index.ts';
import { connect } from '#streams/connect.ts';
import { isStreamsError } from '#streams/errors.ts';
import { Leases } from '#streams/leases.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { type StoredVenue, VenueStore } from '#streams/venues.ts';
import { natsOption, parseVenueAddress, type VenueAddress, wholeNumber } from '../context.ts';
import { readModelFiles, runTrainedForecast, trainedForecastRecipe } from '../forecast/models.ts';
import { type MetricsEndpoint, startMetricsEndpoint } from '../metrics-endpoint.ts';
import { PROCESSOR_NAMES, PROCESSORS, type ProcessorName } from '../processors.ts';
import { endWithParent, untilSignal } from '../supervise.ts';

interface ProcessOptions {
  readonly nats: string;
  readonly venue: readonly VenueAddress[];
  readonly workerThread?: boolean;
  readonly inProcess?: boolean;
  readonly metricsPort?: number;
  readonly model?: readonly string[];
}

const SERVER_WAIT_MS = 60_000;
const SERVER_PAUSE_MS = 250;

export function register(program: Command): void {
  program
    .command('process')
    .description('run a processor until SIGTERM, sharing the venues with other workers that run the same one')
    .addArgument(new Argument('<name>', 'which processor').choices(PROCESSOR_NAMES))
    .addOption(natsOption())
    .addOption(
      new Option('--venue <org/venue...>', 'only these venues (default: all that are stored)')
        .argParser((text: string, before: readonly VenueAddress[]) => [...before, parseVenueAddress(text)])
        .default([]),
    )
    .addOption(
      new Option(
        '--worker-thread',
        'decode and compute in a thread of its own (default where there are more than two cores)',
      ).conflicts('inProcess'),
    )
    .option(
      '--in-process',
      'decode and compute in the thread that reads and publishes (default on one or two cores)',
    )
    .addOption(
      new Option('--metrics-port <n>', 'serve /metrics and /healthz on this port; 0 for any').argParser(
        wholeNumber(0, 65535),
      ),
    )
    .option(
      '--model <path...>',
      'forecast only: trained models, as folders that `train` has written or their model.json; each names its series',
    )
    .action(async (name: ProcessorName, options: ProcessOptions) => {
      endWithParent();
      const files = await readModelFiles(name, options.model ?? []);
      const nc = await reach(options.nats, name);
      try {
        await runVenues(name, nc, options, files);
      } finally {
        await nc.close();
      }
    });
}

/** Connects; a processor that was started before its server, or again while it restarts, waits for it. */
async function reach(servers: string, name: ProcessorName): Promise<NatsConnection> {
  const until = Date.now() + SERVER_WAIT_MS;
  for (let said = false; ; ) {
    try {
      return await connect({ servers, name: `tidewatch process ${name}` });
    } catch (error) {
      if (!isStreamsError(error, 'server-unreachable') || Date.now() > until) throw error;
      if (!said) console.log(`${name}: waits for the server at ${servers}`);
      said = true;
      await delay(SERVER_PAUSE_MS);
    }
  }
}

async function runVenues(
  name: ProcessorName,
  nc: NatsConnection,
  options: ProcessOptions,
  files: readonly ModelFile[],
): Promise<void> {
  const stopped = untilSignal();
  const inProcess = options.inProcess ?? !(options.workerThread ?? workerThreadPays());
  const jsm = await jetstreamManager(nc);
  const metrics = new MetricsRegistry();
  const leases = await Leases.open(nc, jsm, name, workerName());
  const work = new SharedWork({ leases, log: (line) => console.log(`${name}: ${line}`) });
  const runners = new Map<string, Running>();
  // What holds for every venue is said once.
  const told = new Set<string>();
  const notice = (line: string): void => {
    if (told.has(line)) return;
    told.add(line);
    console.log(`${name}: ${line}`);
  };
  const offer = (stored: StoredVenue): void => {
    const { org, venue, revision } = stored;
    if (options.venue.length > 0 && !options.venue.some((v) => v.org === org && v.venue === venue)) return;
    work.offer(`${org}--${venue}`, {
      version: revision,
      start: async () => {
        const runner = await start(name, nc, jsm, metrics, stored, inProcess, files, notice);
        const venueName = `${org}/${venue}`;
        runners.set(venueName, runner);
        // Handed over to another worker, it is no longer ours to report; failed, it is.
        runner.done.then(
          () => runners.delete(venueName),
          () => undefined,
        );
        return runner;
      },
    });
  };
  let endpoint: MetricsEndpoint | undefined;
  try {
    if (options.metricsPort !== undefined) {
      endpoint = await startMetricsEndpoint(options.metricsPort, metrics, () => {
        const connected = !nc.isClosed();
        return {
          ok: connected && healthy(runners),
          connected,
          runners: [...runners.values()].map((r) => r.health),
        };
      });
      console.log(`${name}: metrics at ${endpoint.url}/metrics`);
    }
    const watch = await (await VenueStore.open(nc)).watch(offer);
    try {
      await Promise.race([stopped, work.done, watch.done]);
    } finally {
      watch.stop();
    }
  } finally {
    endpoint?.close();
    await work.stop();
  }
}

/** Whether none of the venues at work has failed. */
function healthy(runners: ReadonlyMap<string, Running>): boolean {
  return [...runners.values()].every(({ health }) => health.state !== 'failed');
}

/** Unique among workers of all machines, also of earlier ones. */
function workerName(): string {
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 30);
  return `${host}-${process.pid}-${randomBytes(4).toString('hex')}`;
}

function start(
  name: ProcessorName,
  nc: NatsConnection,
  jsm: JetStreamManager,
  metrics: MetricsRegistry,
  { document, org, venue }: StoredVenue,
  inProcess: boolean,
  files: readonly ModelFile[],
  notice: (line: string) => void,
): Promise<Running> {
  const model = parseVenue(document);
  const log = (line: string): void => console.log(`${name}: ${line}`);
  const common = { nc, jsm, metrics, partition: `${org}--${venue}`, log };
  if (name === 'forecast') {
    const recipe = inProcess ? {} : { worker: trainedForecastRecipe(model, files) };
    return runTrainedForecast(model, files, { ...common, ...recipe }, notice);
  }
  // The worker thread makes the same processor of the same venue.
  const worker: ProcessorRecipe = {
    module: new URL(`../../processors/${PROCESSORS[name].folder}/index.ts`, import.meta.url).href,
    export: PROCESSORS[name].exported,
    argument: model,
  };
  return PROCESSORS[name].run(model, { ...common, ...(inProcess ? {} : { worker }) });
}
