// `tidewatch ingest simulator`: an evening at the demonstration stadium, seen by its cameras.
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { parseVenue } from '#models/venue/index.ts';
import { connect } from '#streams/connect.ts';
import { Publisher } from '#streams/publish.ts';
import {
  type Incident,
  publishObservations,
  SCHEDULES,
  simulateObservations,
  TruthLog,
  tellingProgramme,
} from '#streams/sources/simulator/index.ts';
import { VenueStore } from '#streams/venues.ts';
import { natsOption, parseSpeed, parseVenueAddress, type VenueAddress, wholeNumber } from '../context.ts';
import { endWithParent, untilSignal } from '../supervise.ts';
import { ingestCommand } from './ingest.ts';

interface SimulatorOptions {
  readonly nats: string;
  readonly venue: VenueAddress;
  readonly speed: number;
  readonly seed: number;
  readonly schedule: keyof typeof SCHEDULES;
  readonly attendance?: number;
  readonly present?: number;
  readonly duration?: number;
  readonly incidents?: string;
  readonly truth?: string;
}

const DEMO_VENUE: VenueAddress = { org: 'stadium-centre', venue: 'harbour-stadium' };

const when = { atS: z.number().nonnegative(), forS: z.number().positive() };
const incidentList: z.ZodType<readonly Incident[]> = z.array(
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('surge'), gate: z.string(), ...when, perSecond: z.number().positive() }),
    z.object({
      kind: z.literal('locked-exit'),
      exit: z.string(),
      ...when,
      noticedAfterS: z.number().nonnegative(),
    }),
    z.object({
      kind: z.literal('counterflow'),
      gate: z.string(),
      ...when,
      persons: z.number().int().positive(),
    }),
    z.object({ kind: z.literal('fall'), zone: z.string(), ...when }),
    z.object({ kind: z.literal('dead-camera'), camera: z.string(), ...when }),
  ]),
);

export function register(program: Command): void {
  const persons = wholeNumber(0, 100_000);
  ingestCommand(program)
    .command('simulator')
    .description('simulate an evening at the demonstration stadium: ingress, match, half-time, egress')
    .addOption(natsOption())
    .addOption(
      new Option('--venue <org/venue>', 'a venue with the plan of the demonstration stadium')
        .argParser(parseVenueAddress)
        .default(DEMO_VENUE, `${DEMO_VENUE.org}/${DEMO_VENUE.venue}`),
    )
    .addOption(new Option('--speed <factor>', 'factor of real time, or max').argParser(parseSpeed).default(1))
    .addOption(
      new Option('--seed <n>', 'the same seed gives the same evening')
        .argParser(wholeNumber(0, 2 ** 32 - 1))
        .default(1),
    )
    .addOption(
      new Option('--schedule <name>', 'the evening as it is, or compressed')
        .choices(Object.keys(SCHEDULES))
        .default('demo'),
    )
    .addOption(new Option('--attendance <n>', 'people of an evening (default: 10,000)').argParser(persons))
    .addOption(
      new Option('--present <n>', 'people already there at the start (default: 5,500)').argParser(persons),
    )
    .addOption(
      new Option('--duration <seconds>', 'end after so much of the evening').argParser(
        wholeNumber(1, 10_000_000),
      ),
    )
    .option('--incidents <file>', 'JSON list of scripted incidents')
    .option('--truth <file>', 'append the true state of every tick, as JSON lines')
    .action(ingestSimulator);
}

async function ingestSimulator(options: SimulatorOptions): Promise<void> {
  endWithParent();
  const stop = new AbortController();
  void untilSignal().then(() => stop.abort());
  const nc = await connect({ servers: options.nats, name: 'tidewatch ingest simulator' });
  const truth = new TruthLog(1200, options.truth);
  try {
    const stored = await (await VenueStore.open(nc)).get(options.venue);
    if (stored === undefined) {
      const { org, venue } = options.venue;
      throw new Error(`there is no venue ${org}/${venue}: "tidewatch up" stores the demonstration venues`);
    }
    const publisher = new Publisher(nc);
    const { attendance, present, duration } = options;
    const run = simulateObservations({
      venue: parseVenue(stored.document),
      seed: options.seed,
      speed: options.speed,
      schedule: SCHEDULES[options.schedule],
      // As real views do: where they overlap, each camera reports what it sees.
      reportedBy: 'every',
      truth,
      signal: stop.signal,
      ...(attendance !== undefined && { attendance }),
      ...(present !== undefined && { present }),
      ...(duration !== undefined && { durationS: duration }),
      ...(options.incidents !== undefined && { incidents: readIncidents(options.incidents) }),
    });
    console.log(
      `an evening at ${stored.org}/${stored.venue}, seed ${options.seed}, ${options.schedule} schedule`,
    );
    const publish = tellingProgramme(run.simulation, (message) => publisher.publish(message));
    const sent = await publishObservations(run, publish);
    await publisher.close();
    console.log(`${sent.messages} messages with ${sent.persons} positions`);
  } finally {
    truth.close();
    await nc.close();
  }
}

function readIncidents(file: string): readonly Incident[] {
  const parsed = incidentList.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is no list of incidents: ${z.prettifyError(parsed.error)}`);
}
