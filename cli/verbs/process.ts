// `tidewatch process <name>`: runs a processor for the venues of a server, each venue a partition of its own with its
// own checkpoint. Venues that are stored later are taken up when they appear.
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Argument, type Command, Option } from 'commander';
import { parseVenue } from '#models/venue/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { flowProcessor } from '#processors/flow/index.ts';
import { pressureProcessor } from '#processors/pressure/index.ts';
import { type ProcessorRecipe, type Running, runProcessor } from '#processors/runtime/index.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { type StoredVenue, VenueStore } from '#streams/venues.ts';
import { natsOption, parseVenueAddress, type VenueAddress } from '../context.ts';
import { endWithParent, untilSignal } from '../supervise.ts';

interface ProcessOptions {
  readonly nats: string;
  readonly venue: readonly VenueAddress[];
  readonly inProcess?: boolean;
}

/** Processors by name: each makes the processor of one venue. */
const PROCESSORS = { density: densityProcessor, flow: flowProcessor, pressure: pressureProcessor } as const;
type ProcessorName = keyof typeof PROCESSORS;

export function register(program: Command): void {
  program
    .command('process')
    .description('run a processor until SIGTERM: it then finishes its batch and writes its checkpoint')
    .addArgument(new Argument('<name>', 'which processor').choices(Object.keys(PROCESSORS)))
    .addOption(natsOption())
    .addOption(
      new Option('--venue <org/venue...>', 'only these venues (default: all that are stored)')
        .argParser((text: string, before: readonly VenueAddress[]) => [...before, parseVenueAddress(text)])
        .default([]),
    )
    .option(
      '--in-process',
      'decode and compute in the thread that reads and publishes, not in a worker thread beside it',
    )
    .action(async (name: ProcessorName, options: ProcessOptions) => {
      endWithParent();
      const nc = await connect({ servers: options.nats, name: `tidewatch process ${name}` });
      try {
        await runVenues(name, nc, options);
      } finally {
        await nc.close();
      }
    });
}

async function runVenues(name: ProcessorName, nc: NatsConnection, options: ProcessOptions): Promise<void> {
  const stopped = untilSignal();
  const jsm = await jetstreamManager(nc);
  const metrics = new MetricsRegistry();
  const running = new Map<string, { readonly revision: number; readonly runner: Running }>();
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Waited for below; until then a failure must not be an unhandled rejection.
  failed.catch(() => undefined);

  const take = async (stored: StoredVenue): Promise<void> => {
    const { org, venue } = stored;
    const wanted =
      options.venue.length === 0 || options.venue.some((v) => v.org === org && v.venue === venue);
    if (!wanted) return;
    const address = `${org}/${venue}`;
    const before = running.get(address);
    if (before?.revision === stored.revision) return;
    if (before !== undefined) {
      console.log(`${name}: ${address} has changed; its processor starts again with the new model`);
      await before.runner.drain();
    }
    const runner = await start(name, nc, jsm, metrics, stored, options.inProcess ?? false);
    runner.done.catch(fail);
    running.set(address, { revision: stored.revision, runner });
    console.log(`${name}: works on ${address}`);
  };

  const store = await VenueStore.open(nc);
  const watch = await store.watch(take);
  watch.done.catch(fail);
  try {
    await Promise.race([stopped, failed]);
  } finally {
    watch.stop();
    await Promise.allSettled([...running.values()].map(({ runner }) => runner.drain()));
  }
}

function start(
  name: ProcessorName,
  nc: NatsConnection,
  jsm: JetStreamManager,
  metrics: MetricsRegistry,
  { document, org, venue }: StoredVenue,
  inProcess: boolean,
): Promise<Running> {
  const model = parseVenue(document);
  // The worker thread makes the same processor of the same venue.
  const worker: ProcessorRecipe = {
    module: new URL(`../../processors/${name}/index.ts`, import.meta.url).href,
    export: PROCESSORS[name].name,
    argument: model,
  };
  return runProcessor(PROCESSORS[name](model), {
    nc,
    jsm,
    metrics,
    partition: `${org}--${venue}`,
    ...(inProcess ? {} : { worker }),
    log: (line) => console.log(`${name}: ${line}`),
  });
}
