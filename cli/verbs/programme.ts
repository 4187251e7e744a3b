// `tidewatch programme`: when which phase of an event holds at a venue. Stored as a business record among the observations,
// so that live and replay know the same.
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type KnownEvent, withRecord } from '#processors/programme/index.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { Publisher } from '#streams/publish.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import type { BusinessEvent } from '#streams/schema/events.ts';
import { businessEvent } from '#streams/schema/events.ts';
import { businessKind, eventType } from '#streams/schema/registry.ts';
import { observationSubject } from '#streams/subjects.ts';
import { STREAM } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { natsOption, parseVenueAddress, type VenueAddress } from '../context.ts';
import { footballPhases, parseInstant, parseLength, parsePhases } from '../programme/phases.ts';

interface Common {
  readonly nats: string;
  readonly venue: VenueAddress;
}

interface SetOptions extends Common {
  readonly kickOff?: number;
  readonly doors: number;
  readonly half: number;
  readonly halfTime: number;
  readonly egress: number;
  readonly phases?: BusinessEvent['phases'];
  readonly title?: string;
}

export function register(program: Command): void {
  const programme = program
    .command('programme')
    .description('the phases of the events at a venue: what is usual depends on them');
  const common = (command: Command): Command =>
    command
      .addOption(natsOption())
      .addOption(
        new Option('--venue <org/venue>', 'which venue').argParser(parseVenueAddress).makeOptionMandatory(),
      );
  const length = (flags: string, what: string, minutes: number): Option =>
    new Option(flags, what).argParser(argument(parseLength)).default(minutes * 60_000, `${minutes}m`);
  common(programme.command('set'))
    .description('set or change an event: by its kick-off, or by phases of its own')
    .argument('<event>', 'name of the event, the same one to change it')
    .addOption(
      new Option('--kick-off <time>', 'ISO 8601 with zone, 2026-05-02T19:30:00+08:00').argParser(
        argument(parseInstant),
      ),
    )
    .addOption(length('--doors <length>', 'doors open so long before', 90))
    .addOption(length('--half <length>', 'length of a half with its added time', 48))
    .addOption(length('--half-time <length>', 'length of half-time', 15))
    .addOption(length('--egress <length>', 'until the site is empty', 45))
    .addOption(
      new Option(
        '--phases <list>',
        'instead of a kick-off: phase=beginning,... and end=time; phases are ingress, play, half-time, egress',
      )
        .argParser(argument(parsePhases))
        .conflicts(['kickOff']),
    )
    .option('--title <text>', 'title for people (default: the name)')
    .action(set);
  common(programme.command('cancel'))
    .description('withdraw an event')
    .argument('<event>', 'its name')
    .action(cancel);
  common(programme.command('show')).description('the events that are known').action(show);
}

/** Makes a parser that throws for bad text one for commander. */
function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

async function set(event: string, options: SetOptions): Promise<void> {
  const { kickOff, title = event } = options;
  const phases =
    options.phases ?? (kickOff === undefined ? undefined : footballPhases({ ...options, kickOff }));
  if (phases === undefined) throw new Error('when is it? give --kick-off <time>, or --phases <list>');
  await tell(options, { record: event, type: 'event', status: 'open', title, phases });
  for (const line of lines({ event, title, phases })) console.log(line);
}

async function cancel(event: string, options: Common): Promise<void> {
  await onServer(options, async (nc) => {
    const known = await knownEvents(nc, options.venue);
    if (!known.some((one) => one.event === event)) {
      const names = known.map((one) => one.event).join(', ');
      throw new Error(`there is no event "${event}"; known: ${names === '' ? 'none' : names}`);
    }
  });
  await tell(options, { record: event, type: 'event', status: 'cancelled', title: event });
  console.log(`${event} is cancelled`);
}

async function show(options: Common): Promise<void> {
  await onServer(options, async (nc) => {
    const known = await knownEvents(nc, options.venue);
    if (known.length === 0) console.log('no events are known');
    for (const event of known) for (const line of lines(event)) console.log(line);
  });
}

function lines({ event, title, phases }: KnownEvent): string[] {
  const time = (ms: number): string => new Date(ms).toISOString();
  return [
    title === event ? event : `${event} (${title})`,
    ...phases.map(({ phase, fromMs, toMs }) => `  ${time(fromMs)} ${time(toMs)} ${phase}`),
  ];
}

async function onServer(options: Common, work: (nc: NatsConnection) => Promise<void>): Promise<void> {
  const nc = await connect({ servers: options.nats, name: 'tidewatch programme' });
  try {
    const { org, venue } = options.venue;
    if ((await (await VenueStore.open(nc)).get(options.venue)) === undefined) {
      throw new Error(`there is no venue ${org}/${venue} on this server`);
    }
    await work(nc);
  } finally {
    await nc.close();
  }
}

/** What all records of the venue say together, in the order in which they were stored. */
async function knownEvents(nc: NatsConnection, { org, venue }: VenueAddress): Promise<readonly KnownEvent[]> {
  const reader = await BatchConsumer.open(nc, await jetstreamManager(nc), {
    stream: STREAM.events,
    filters: [`obs.business.${org}.${venue}.*`],
    start: 'first',
  });
  let known: readonly KnownEvent[] = [];
  try {
    for (let read = 0; read < reader.pendingAtOpen; ) {
      const batch = await reader.next();
      if (batch === undefined) throw new Error('the server ended the reading of the records: try again');
      read += batch.messages.length;
      for (const { data } of batch.messages) known = withRecord(known, businessKind.codec.decode(data));
    }
  } finally {
    await reader.close();
  }
  return known;
}

async function tell(options: Common, record: Omit<BusinessEvent, 'epochMs'>): Promise<void> {
  const { org, venue } = options.venue;
  const epochMs = Date.now();
  const checked = businessEvent.safeParse({ epochMs, ...record });
  if (!checked.success) {
    throw new Error(`that is no programme: ${checked.error.issues.map(({ message }) => message).join('; ')}`);
  }
  await onServer(options, async (nc) => {
    const publisher = new Publisher(nc);
    const subject = observationSubject('business', { org, venue, source: 'programme' });
    const messageId = `${subject}|${record.record}|${epochMs}`;
    await publisher.publish({
      subject,
      payload: businessKind.codec.encode(checked.data),
      messageId,
      headers: cloudEventHeaders({
        id: messageId,
        source: `/${org}/${venue}/programme`,
        type: eventType(businessKind),
        epochMs,
        dataSchema: businessKind.name,
      }),
    });
    await publisher.close();
  });
}
