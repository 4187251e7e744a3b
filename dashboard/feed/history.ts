// What a wall that has just been opened must not wait for: the last raster, the past minutes of every zone, and the newest
// scores and forecasts.
import {
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  type OrderedConsumerOptions,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { DensityWindow } from '#streams/schema/window.ts';
import { STREAM } from '#streams/topology.ts';
import { displayOutlook, displayWindow, outlookSubjects } from './decode.ts';
import type { Outlook, ZoneHistory } from './messages.ts';

const BATCH = 1000;
/** Never read more than this many results, however long the history: an hour of 60 zones would hold the browser. */
const MOST = 120_000;

/** Results of one zone while they are read: only the shortest window length, the newest time line. */
class Gatherer {
  windowMs = Number.POSITIVE_INFINITY;
  results: DensityWindow[] = [];

  add(window: DensityWindow): void {
    const length = window.end - window.start;
    if (length > this.windowMs) return;
    if (length < this.windowMs) {
      this.windowMs = length;
      this.results = [];
    }
    this.results.push(window);
  }
}

/**
 * Density results of a venue that arrived within the last `historyMs`, by zone, in order of arrival.
 * `onMalformed` is called for each that does not parse. @throws whatever JetStream answers
 */
export async function readZoneHistory(
  nc: NatsConnection,
  { org, venue }: { readonly org: string; readonly venue: string },
  historyMs: number,
  isCurrent: () => boolean,
  onMalformed: (subject: string, error: unknown) => void,
): Promise<ZoneHistory[]> {
  const zones = new Map<string, Gatherer>();
  await readStored(nc, [`win.density.${org}.${venue}.*`], since(historyMs), isCurrent, (message) => {
    const key = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    try {
      const window = displayWindow(message.data, { org, venue, key });
      const zone = zones.get(key) ?? new Gatherer();
      zones.set(key, zone);
      zone.add(window);
    } catch (error) {
      onMalformed(message.subject, error);
    }
  });
  return [...zones].map(([key, { windowMs, results }]) => asColumns(key, windowMs, results));
}

/**
 * The last score and forecast of every series of a venue, however old, and all that arrived within the last `recentMs`: an
 * alarm is one score, and the ones after it are low; and what was stored last need not be of the newest moment. In order of
 * arrival within each of the two.
 * `onMalformed` is called for each that does not parse. @throws whatever JetStream answers
 */
export async function readOutlooks(
  nc: NatsConnection,
  { org, venue }: { readonly org: string; readonly venue: string },
  recentMs: number,
  isCurrent: () => boolean,
  onMalformed: (subject: string, error: unknown) => void,
): Promise<Outlook[]> {
  const outlooks: Outlook[] = [];
  const take = ({ subject, data }: JsMsg): void => {
    try {
      const outlook = displayOutlook(subject, data);
      if (outlook !== undefined) outlooks.push(outlook);
    } catch (error) {
      onMalformed(subject, error);
    }
  };
  const subjects = outlookSubjects(org, venue);
  const last = { deliver_policy: DeliverPolicy.LastPerSubject };
  await readStored(nc, subjects, last, isCurrent, take);
  await readStored(nc, subjects, since(recentMs), isCurrent, take);
  return outlooks;
}

function since(ms: number): Partial<OrderedConsumerOptions> {
  return {
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(Date.now() - ms).toISOString(),
  };
}

/** Reads what the stream of results holds now, MOST messages at most, and leaves no consumer behind. */
async function readStored(
  nc: NatsConnection,
  filters: string[],
  from: Partial<OrderedConsumerOptions>,
  isCurrent: () => boolean,
  take: (message: JsMsg) => void,
): Promise<void> {
  const consumer = await jetstream(nc).consumers.get(STREAM.derived, {
    filter_subjects: filters,
    inactive_threshold: 10_000_000_000,
    ...from,
  });
  try {
    let left = (await consumer.info()).num_pending;
    for (let read = 0; left > 0 && read < MOST && isCurrent(); ) {
      const before = read;
      const batch = await consumer.fetch({ max_messages: Math.min(BATCH, left), expires: 2000 });
      for await (const message of batch) {
        read++;
        left = message.info.pending;
        take(message);
      }
      if (read === before) break;
    }
  } finally {
    await consumer.delete();
  }
}

function asColumns(key: string, windowMs: number, results: readonly DensityWindow[]): ZoneHistory {
  const n = results.length;
  const columns = {
    end: new Float64Array(n),
    density: new Float32Array(n),
    count: new Float32Array(n),
    revision: new Uint32Array(n),
  };
  let last = results[0]!;
  results.forEach((window, i) => {
    columns.end[i] = window.end;
    columns.density[i] = window.density?.mean ?? Number.NaN;
    columns.count[i] = window.count?.mean ?? Number.NaN;
    columns.revision[i] = window.revision;
    if (window.end > last.end || (window.end === last.end && window.revision >= last.revision)) last = window;
  });
  return { key, windowMs, ...columns, last };
}

/** The last message on `subject` of the raster stream, or null when there is none. @throws whatever JetStream answers */
export async function readLastGrid(nc: NatsConnection, subject: string): Promise<Uint8Array | null> {
  const manager: JetStreamManager = await jetstreamManager(nc, { checkAPI: false });
  const message = await manager.streams.getMessage(STREAM.grid, { last_by_subj: subject });
  return message?.data ?? null;
}
