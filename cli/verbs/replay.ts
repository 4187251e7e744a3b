// `tidewatch replay`: history of a venue through the same processors, at any speed, into a session's own subjects; with other
// rules, what they would have changed.
import { readFile } from 'node:fs/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  newSessionName,
  parseRules,
  REPLAYABLE,
  ReplayError,
  type ReplayReport,
  type ReplayRequest,
  type RuleChanges,
  runReplays,
} from '#processors/replay/index.ts';
import { connect } from '#streams/connect.ts';
import { messageOf } from '#streams/errors.ts';
import { isToken } from '#streams/subjects.ts';
import { VenueStore } from '#streams/venues.ts';
import { natsOption, parseSpeed, parseVenueAddress, type VenueAddress, wholeNumber } from '../context.ts';
import { describeReplay } from '../replay/describe.ts';
import { parseMoment } from '../replay/moment.ts';
import { endWithParent, untilSignal } from '../supervise.ts';

const REQUEST_MS = 30_000;

interface ReplayOptions {
  readonly nats: string;
  readonly venue: readonly VenueAddress[];
  readonly from: number;
  readonly to: number;
  readonly speed: number;
  readonly with?: string;
  readonly session?: string;
  readonly replace: boolean;
  readonly publish: boolean;
  readonly processor?: readonly string[];
  readonly workers?: number;
  readonly json: boolean;
}

export function register(program: Command): void {
  program
    .command('replay')
    .description('compute a past span again, beside live; or see what other rules would have changed')
    .addOption(natsOption())
    .addOption(
      new Option('--venue <org/venue...>', 'the venue, or several, which share the machine')
        .argParser((text: string, before: readonly VenueAddress[] | undefined) => [
          ...(before ?? []),
          parseVenueAddress(text),
        ])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--from <time>', 'ISO time, epoch ms, or -10m before now')
        .argParser(parseMoment)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--to <time>', 'the same forms').argParser(parseMoment).default(Date.now(), 'now'))
    .addOption(
      new Option('--speed <factor>', 'of real time, from 0.25 on, or max')
        .argParser(parseReplaySpeed)
        .default(1),
    )
    .option(
      '--with <rules.json>',
      'other thresholds, zones or time bounds: prints what they would have changed',
    )
    .addOption(
      new Option('--session <name>', 'results go to replay.<name>.> (default: a new name)').argParser(
        parseSession,
      ),
    )
    .option('--replace', 'clear what an earlier session of this name left', false)
    .option('--no-publish', 'compute and compare only')
    .addOption(
      new Option(
        '--processor <names...>',
        'which processors (default: density, or those whose results the rules judge)',
      ).choices(Object.keys(REPLAYABLE)),
    )
    .addOption(
      new Option(
        '--workers <n>',
        'threads at maximum speed (default: as many as pay); 1 keeps results in order',
      ).argParser(wholeNumber(1, 256)),
    )
    .option('--json', 'the report as one line of JSON', false)
    .action(async (options: ReplayOptions) => {
      endWithParent();
      const changes = options.with === undefined ? undefined : await readRules(options.with);
      const nc = await connect({ servers: options.nats, name: 'tidewatch replay' });
      try {
        const reports = await replayVenues(nc, options, changes);
        for (const [i, report] of reports.entries()) {
          if (options.json) console.log(JSON.stringify(report));
          else
            for (const line of [...(i > 0 ? [''] : []), ...describeReplay(report, options)])
              console.log(line);
        }
        if (reports.some(({ state }) => state === 'stopped')) process.exitCode = 130;
      } finally {
        await nc.close();
      }
    });
}

async function replayVenues(
  nc: NatsConnection,
  options: ReplayOptions,
  changes: RuleChanges | undefined,
): Promise<ReplayReport[]> {
  const documents = await documentsOf(nc, options.venue);
  const abort = new AbortController();
  void untilSignal().then(() => abort.abort());
  const session = options.session ?? newSessionName();
  if (options.publish) console.error(`replay: results go to replay.${session}.>`);
  const requests = documents.map(
    ({ name, document }): ReplayRequest => ({
      document,
      processors: options.processor ?? usualProcessors(changes),
      fromMs: options.from,
      toMs: options.to,
      speed: options.speed,
      session,
      replace: options.replace,
      publish: options.publish,
      threads: { servers: options.nats, ...(options.workers === undefined ? {} : { most: options.workers }) },
      signal: abort.signal,
      ...(changes ? { changes } : {}),
      onProgress: (eventMs, results) => {
        if (!Number.isFinite(eventMs)) return;
        console.error(`replay: ${name} at ${new Date(eventMs).toISOString()}, ${results} results`);
      },
    }),
  );
  // A machine that is kept busy answers late.
  return runReplays(nc, await jetstreamManager(nc, { timeout: REQUEST_MS }), requests);
}

/** Density, unless the rules judge nothing of it: what they judge is replayed anyway. */
function usualProcessors(changes: RuleChanges | undefined): readonly string[] {
  const others = changes?.rules !== undefined && changes.levels === undefined && changes.metric === undefined;
  return others ? [] : ['density'];
}

/** Every venue's document, each once. */
async function documentsOf(
  nc: NatsConnection,
  venues: readonly VenueAddress[],
): Promise<readonly { readonly name: string; readonly document: string }[]> {
  const store = await VenueStore.open(nc);
  const documents = new Map<string, string>();
  for (const address of venues) {
    const name = `${address.org}/${address.venue}`;
    const stored = await store.get(address);
    if (stored === undefined) {
      throw new ReplayError(
        'venue-unknown',
        `there is no venue ${name}`,
        'check the address; "tidewatch up" stores the demonstration venues',
      );
    }
    documents.set(name, stored.document);
  }
  return [...documents].map(([name, document]) => ({ name, document }));
}

async function readRules(file: string): Promise<RuleChanges> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ReplayError(
      'rules-invalid',
      `cannot read ${file}: ${messageOf(cause)}`,
      'name a file of rules as docs/replay.md shows',
      cause,
    );
  }
  return parseRules(text);
}

function parseReplaySpeed(text: string): number {
  const speed = parseSpeed(text);
  if (speed >= 0.25) return speed;
  throw new InvalidArgumentError('write a factor of at least 0.25, or max');
}

function parseSession(text: string): string {
  if (isToken(text)) return text;
  throw new InvalidArgumentError('write 1 to 64 lower-case letters, digits and hyphens');
}
