// `tidewatch ingest trajectories`: replays a recording of tracked people into JetStream, as the camera that saw them.
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatVenueDocument, parseVenue, type Venue, writeVenue } from '#models/venue/index.ts';
import { connect } from '#streams/connect.ts';
import { StreamsError } from '#streams/errors.ts';
import { Publisher } from '#streams/publish.ts';
import {
  durationMs,
  FORMAT_NAMES,
  type FormatName,
  instants,
  type LengthUnit,
  outgoingFrames,
  periodMs,
  type ReplayReport,
  readHomography,
  readTrajectories,
  replay,
  type Trajectories,
  UNIT_NAMES,
  venueForRecording,
} from '#streams/sources/trajectories/index.ts';
import { CLOCK_SOURCE, isToken } from '#streams/subjects.ts';
import { BUCKET, STREAM } from '#streams/topology.ts';
import { type StoredVenue, VenueStore } from '#streams/venues.ts';
import { natsOption, parseSpeed, parseVenueAddress, type VenueAddress, wholeNumber } from '../context.ts';
import { endWithParent, untilSignal } from '../supervise.ts';

interface IngestOptions {
  readonly nats: string;
  readonly venue: VenueAddress;
  readonly source?: string;
  readonly speed: number;
  readonly format?: FormatName;
  readonly start: Start;
  readonly fps?: number;
  readonly unit?: LengthUnit;
  readonly homography?: string;
  readonly zones: string;
  readonly level: number;
  readonly tick?: number;
  readonly absentFrames: 'empty' | 'missing';
  readonly clock: boolean;
  readonly skipBad: boolean;
}

/** Event time of the first frame, epoch ms; or by the present instant. */
type Start = number | 'now' | 'past';

export function register(program: Command): void {
  ingestCommand(program)
    .command('trajectories')
    .description('replay a recording of tracked people on its own clock')
    .argument('<file>', 'recording, plain or gzip; its format is told by its content')
    .addOption(natsOption())
    .addOption(
      new Option(
        '--venue <organisation/venue>',
        'where it is played; made for the recording when not stored yet',
      )
        .argParser(parseVenueAddress)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--source <name>', "camera it stands for (default: by the file's name)").argParser(
        parseToken,
      ),
    )
    .addOption(new Option('--speed <factor>', 'factor of real time, or max').argParser(parseSpeed).default(1))
    .addOption(new Option('--format <name>', 'format of the file').choices(FORMAT_NAMES))
    .addOption(
      new Option(
        '--start <time>',
        'event time of the first frame: now, past (so that it ends now), ISO 8601, epoch ms',
      )
        .argParser(parseStart)
        .default('now'),
    )
    .addOption(new Option('--fps <n>', 'rate of the frame numbers, 1/s').argParser(positive))
    .addOption(new Option('--unit <unit>', 'unit of the positions').choices(UNIT_NAMES))
    .option('--homography <file>', '3x3 matrix from pixels to metres, text or JSON')
    .option('--zones <description>', 'zones of a venue made for the recording', 'grid 3x3')
    .addOption(
      new Option('--level <n>', 'level of a venue made for the recording')
        .argParser(wholeNumber(-100, 200))
        .default(0),
    )
    .addOption(
      new Option(
        '--tick <ms>',
        'tick of a venue made for the recording (default: holds one frame)',
      ).argParser(wholeNumber(1, 60_000)),
    )
    .addOption(
      new Option(
        '--absent-frames <how>',
        'frames without rows, while some track goes on: sent as empty, or missing',
      )
        .choices(['empty', 'missing'])
        .default('empty'),
    )
    .option('--clock', "also send the venue's clock after each frame, so that the last windows close", false)
    .option('--skip-bad', 'leave bad rows out and count them', false)
    .action(ingestTrajectories);
}

/** The `ingest` verb; each kind of source is a subcommand of it. */
export function ingestCommand(program: Command): Command {
  return (
    program.commands.find((command) => command.name() === 'ingest') ??
    program.command('ingest').description('bring observations in from a source')
  );
}

async function ingestTrajectories(file: string, options: IngestOptions): Promise<void> {
  endWithParent();
  const stop = new AbortController();
  void untilSignal().then(() => stop.abort());

  const recording = await readTrajectories(file, {
    skipBad: options.skipBad,
    ...(options.format && { format: options.format }),
    ...(options.fps && { framesPerSecond: options.fps }),
    ...(options.unit && { unit: options.unit }),
    ...(options.homography && { homography: await readHomography(options.homography) }),
  });
  describe(recording, options);
  const nc = await connect({ servers: options.nats, name: 'tidewatch ingest trajectories' });
  try {
    await requireStreams(nc);
    const venue = await storedOrMade(nc, recording, options);
    const camera = venue.cameras.find(({ id }) => id === sourceName(recording, options));
    if (camera === undefined) {
      throw new StreamsError(
        'source-malformed',
        `venue ${venue.org}/${venue.id} has no camera "${sourceName(recording, options)}"`,
        `give --source one of ${venue.cameras.map(({ id }) => id).join(', ')}, or --venue another that is made for the recording`,
      );
    }
    const at = { org: venue.org, venue: venue.id, source: camera.id };
    const startMs = startTime(options.start, recording, venue.tickMs);
    say(`first frame is ${new Date(startMs).toISOString()}, played ${speedText(options.speed)}`);
    if (options.start === 'now' && options.speed > 1) {
      say('event time runs ahead of the present; with --start past it ends at the present instead');
    }
    const publisher = new Publisher(nc);
    const frames = outgoingFrames(recording, at, {
      startMs,
      level: camera.level,
      absent: options.absentFrames,
      clock: options.clock,
    });
    const total = durationMs(recording);
    const report = await replay(frames, publisher, {
      speed: options.speed,
      signal: stop.signal,
      onProgress: (p) => say(`${percent(p, startMs, total)}  ${figures(p)}`),
    });
    const { duplicates, retried } = publisher.counts;
    await publisher.close();
    say(
      `${report.stopped ? 'stopped' : 'done'}: ${figures(report)}; ${duplicates} already stored, ${retried} repeated, latest by ${report.worstLagMs.toFixed(0)} ms`,
    );
  } finally {
    await nc.close();
  }
}

function describe(recording: Trajectories, options: IngestOptions): void {
  const { count, skipped, ignored } = recording;
  for (const note of recording.notes) say(note);
  let frames = 0;
  let spanned = 0;
  for (const { from, to, spanning } of instants(recording)) {
    frames++;
    if (from === to && spanning > 0) spanned++;
  }
  const people = recording.identified ? `${new Set(recording.ids).size} people` : 'detections';
  say(
    `${people}, ${count} positions, ${frames} frames every ${periodMs(recording).toFixed(1)} ms, ${(durationMs(recording) / 1000).toFixed(1)} s`,
  );
  if (ignored > 0) say(`${ignored} rows left out as the format marks them`);
  if (spanned > 0) {
    const what =
      options.absentFrames === 'empty'
        ? 'sent as empty (--absent-frames missing leaves them out)'
        : 'left out';
    say(`${spanned} frames have no row although some track goes on across them: ${what}`);
  }
  for (const { line, reason } of skipped.first) console.warn(`line ${line} left out: ${reason}`);
  if (skipped.count > 0) console.warn(`${skipped.count} bad rows left out`);
}

async function requireStreams(nc: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(nc);
  for (const name of [STREAM.tracks, `KV_${BUCKET.venues}`]) {
    try {
      await manager.streams.info(name);
    } catch (error) {
      throw new StreamsError(
        'stream-missing',
        `the server has no stream ${name}`,
        'start "tidewatch up" once against it: it sets up the streams',
        error,
      );
    }
  }
}

/** The venue as stored; or one made for the recording, stored. */
async function storedOrMade(
  nc: NatsConnection,
  recording: Trajectories,
  options: IngestOptions,
): Promise<Venue> {
  const { org, venue } = options.venue;
  const store = await VenueStore.open(nc);
  const stored = await store.get({ org, venue });
  if (stored !== undefined) return asStored(stored);
  const made = venueForRecording(recording, {
    org,
    venue,
    source: sourceName(recording, options),
    zones: options.zones,
    level: options.level,
    ...(options.tick && { tickMs: options.tick }),
  });
  const document = formatVenueDocument(writeVenue(made));
  if (!(await store.create({ org, venue }, document))) {
    // Somebody stored it meanwhile: theirs is the venue.
    const theirs = await store.get({ org, venue });
    if (theirs !== undefined) return asStored(theirs);
  }
  say(`venue ${org}/${venue} made: ${made.zones.length} zones, tick ${made.tickMs} ms`);
  // As everybody else will read it, checks included.
  return parseVenue(document);
}

function asStored({ org, venue, document }: StoredVenue): Venue {
  const stored = parseVenue(document);
  say(`venue ${org}/${venue} as stored, version ${stored.version}`);
  return stored;
}

function sourceName(recording: Trajectories, options: IngestOptions): string {
  if (options.source !== undefined) return options.source;
  const name = recording.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
  return name === '' || name === CLOCK_SOURCE ? 'recording' : name;
}

/** Epoch ms of the first frame; the present is aligned down to where a second and a tick begin together. */
function startTime(start: Start, recording: Trajectories, tickMs: number): number {
  if (typeof start === 'number') return start;
  let align = tickMs;
  while (align % 1000 !== 0) align += tickMs;
  const from = start === 'now' ? Date.now() : Date.now() - durationMs(recording);
  return Math.floor(from / align) * align;
}

function parseStart(text: string): Start {
  if (text === 'now' || text === 'past') return text;
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new InvalidArgumentError(
    'write now, past, an ISO 8601 time such as 2026-06-01T18:00:00Z, or epoch ms',
  );
}

function parseToken(text: string): string {
  if (isToken(text) && text !== CLOCK_SOURCE) return text;
  throw new InvalidArgumentError(
    `write 1 to 64 of a-z, 0-9 and hyphen; "${CLOCK_SOURCE}" is the venue's own`,
  );
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('write a positive number');
}

function speedText(speed: number): string {
  return Number.isFinite(speed) ? `at ${speed} times its speed` : 'as fast as the server stores it';
}

function percent(report: ReplayReport, startMs: number, totalMs: number): string {
  const done = totalMs === 0 ? 1 : ((report.lastEpochMs ?? startMs) - startMs) / totalMs;
  return `${Math.min(100, 100 * done)
    .toFixed(0)
    .padStart(3)} %`;
}

function figures(report: ReplayReport): string {
  const seconds = report.elapsedMs / 1000;
  const rate = (n: number): string => (seconds > 0 ? (n / seconds).toFixed(0) : '0');
  return `${report.frames} messages, ${report.positions} positions in ${seconds.toFixed(1)} s (${rate(report.frames)} and ${rate(report.positions)} per second)`;
}

function say(line: string): void {
  console.log(line);
}
