// The feed: one NATS connection of the worker, the subscriptions of what is selected, decoding, and the hand-over.
import { type NatsConnection, type Subscription, wsconnect } from '@nats-io/nats-core';
import type { Venue } from '#models/venue/types.ts';
import { decodeTracks } from '#streams/schema/tracks.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { gridSubject, token } from '#streams/subjects.ts';
import { displayGrid, displayOutlook, displayWindow } from './decode.ts';
import { readLastGrid, readOutlooks, readZoneHistory } from './history.ts';
import type {
  DisplayGrid,
  FeedCommand,
  FeedCounters,
  FeedEvent,
  FeedProblem,
  LinkState,
  Outlook,
  People,
  Selection,
} from './messages.ts';
import { Outbox } from './outbox.ts';
import { cameraOwnership } from './ownership.ts';
import { PeopleMerger } from './people.ts';
import { watchVenues } from './venues.ts';

/** At most this many frames a second reach the page. */
const FRAME_INTERVAL_MS = 50;
const COUNTERS_INTERVAL_MS = 500;
const HISTORY_RETRY_MS = 5000;
/** Results kept while the page is busy: half a minute of windows of 60 zones, two minutes of their scores and forecasts. */
const LIMITS = { windows: 2048, outlooks: 4096 };

export class FeedSession {
  readonly #emit: (event: FeedEvent, transfer: Transferable[]) => void;
  readonly #outbox = new Outbox<DisplayGrid, People, DensityWindow, Outlook>(LIMITS);
  #nc: NatsConnection | null = null;
  #historyMs = 0;
  #outlooksMs = 0;
  #venues: ReadonlyMap<string, Venue> = new Map();
  #selection: Selection | null = null;
  #sentVenue: Venue | null = null;
  #people = new PeopleMerger(0);
  #subscriptions: Subscription[] = [];
  #epoch = 0;
  #received = 0;
  #malformed = 0;
  #lastMalformed = '';
  #unread = 0;
  #lastUnread = '';
  #sentCounters: FeedCounters = {
    received: 0,
    dropped: 0,
    malformed: 0,
    lastMalformed: '',
    unread: 0,
    lastUnread: '',
  };
  #lastFrameAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(emit: (event: FeedEvent, transfer: Transferable[]) => void) {
    this.#emit = emit;
    setInterval(() => this.#sendCounters(), COUNTERS_INTERVAL_MS);
  }

  async handle(command: FeedCommand): Promise<void> {
    switch (command.kind) {
      case 'connect':
        this.#historyMs = command.historyMs;
        this.#outlooksMs = command.outlooksMs;
        return this.#connect(command.servers);
      case 'select':
        return this.#select(command.selection);
      case 'credit':
        this.#outbox.grant();
        return this.#schedule();
    }
  }

  async #connect(servers: string): Promise<void> {
    this.#link('connecting', servers);
    try {
      this.#nc = await wsconnect({
        servers,
        name: 'tidewatch-wall',
        waitOnFirstConnect: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 500,
        // A cable pulled out shows as a missing answer within ten seconds, not two minutes.
        pingInterval: 5_000,
        maxPingOut: 2,
      });
    } catch (error) {
      this.#link('closed', reason(error));
      this.#problem('connect-failed', reason(error));
      return;
    }
    const nc = this.#nc;
    this.#link('connected', nc.getServer());
    void this.#followStatus(nc);
    void watchVenues(nc, {
      onVenues: (venues) => this.#onVenues(venues),
      onInvalid: (detail) => this.#problem('venue-invalid', detail),
      onUnavailable: (detail) => this.#problem('venues-unavailable', detail),
    });
    if (this.#selection !== null) this.#subscribe();
  }

  async #followStatus(nc: NatsConnection): Promise<void> {
    for await (const status of nc.status()) {
      switch (status.type) {
        case 'disconnect':
        case 'reconnecting':
        case 'staleConnection':
          this.#link('reconnecting', nc.getServer());
          break;
        case 'reconnect':
          this.#link('connected', nc.getServer());
          this.#problem('subscription-refused', '');
          // What was missed meanwhile.
          if (this.#selection !== null) void this.#catchUp(this.#selection);
          break;
        case 'error':
          this.#problem('subscription-refused', reason(status.error));
          break;
      }
    }
    const error = await nc.closed();
    this.#link('closed', error === undefined ? '' : reason(error));
  }

  #onVenues(venues: ReadonlyMap<string, Venue>): void {
    this.#venues = venues;
    this.#emit(
      {
        kind: 'venues',
        venues: [...venues.values()].map(({ org, id, name, levels, zones }) => ({
          org,
          id,
          name,
          zones: zones.length,
          levels: levels.map((level) => ({ ordinal: level.ordinal, name: level.name })),
        })),
      },
      [],
    );
    this.#sendVenue();
  }

  /** The selected venue's model, when it is there and is not the one sent last. */
  #sendVenue(): void {
    if (this.#selection === null) return;
    const venue = this.#venues.get(`${this.#selection.org}.${this.#selection.venue}`);
    if (venue === undefined || venue === this.#sentVenue) return;
    this.#sentVenue = venue;
    this.#people = new PeopleMerger(this.#selection.level, cameraOwnership(venue, this.#selection.level));
    this.#emit({ kind: 'venue', venue }, []);
  }

  #select(selection: Selection): void {
    this.#selection = selection;
    this.#sentVenue = null;
    this.#people = new PeopleMerger(selection.level);
    this.#sendVenue();
    if (this.#nc !== null) this.#subscribe();
  }

  #subscribe(): void {
    const nc = this.#nc!;
    const selection = this.#selection!;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#outbox.clear();
    const { org, venue, level } = selection;
    const at = `${token(org, 'organisation')}.${token(venue, 'venue')}`;
    this.#subscriptions = [
      this.#listen(nc, gridSubject(org, venue, level), (data) =>
        this.#outbox.putGrid(displayGrid(data, level)),
      ),
      this.#listen(nc, `win.density.${at}.*`, (data, subject) =>
        this.#outbox.putWindow(displayWindow(data, { org, venue, key: lastToken(subject) })),
      ),
      this.#listen(nc, `obs.tracks.${at}.*`, (data, subject) =>
        this.#people.put(lastToken(subject), decodeTracks(data)),
      ),
      ...[`anom.*.${at}.>`, `fcst.*.${at}.>`].map((filter) =>
        this.#listen(nc, filter, (data, subject) => this.#onOutlook(subject, data)),
      ),
    ];
    void this.#catchUp(selection);
  }

  /** By callback, not by iterator: an iterator's queue has no bound. */
  #listen(
    nc: NatsConnection,
    filter: string,
    take: (data: Uint8Array, subject: string) => void,
  ): Subscription {
    return nc.subscribe(filter, {
      callback: (error, message) => {
        if (error !== null) {
          this.#problem('subscription-refused', `${filter}: ${error.message}`);
          return;
        }
        this.#received++;
        try {
          take(message.data, message.subject);
        } catch (fault) {
          this.#onMalformed(message.subject, fault);
        }
        this.#schedule();
      },
    });
  }

  #onOutlook(subject: string, data: Uint8Array): void {
    const outlook = displayOutlook(subject, data);
    if (outlook !== undefined) {
      this.#outbox.putOutlook(outlook);
      return;
    }
    this.#unread++;
    this.#lastUnread = subject;
  }

  #onMalformed(subject: string, error: unknown): void {
    this.#malformed++;
    this.#lastMalformed = `${subject}: ${reason(error)}`;
  }

  /** Reads the past of the selection, again and again until it can be read or something else is selected. */
  async #catchUp(selection: Selection): Promise<void> {
    const epoch = ++this.#epoch;
    const current = (): boolean => this.#epoch === epoch;
    while (current()) {
      try {
        await this.#readPast(selection, current);
        if (current()) this.#problem('history-unavailable', '');
        return;
      } catch (error) {
        // Live data still come; the operator is told that the past is missing.
        if (current()) this.#problem('history-unavailable', reason(error));
      }
      await new Promise((resolve) => setTimeout(resolve, HISTORY_RETRY_MS));
    }
  }

  async #readPast(selection: Selection, current: () => boolean): Promise<void> {
    const nc = this.#nc!;
    const { org, venue, level } = selection;
    const raster = gridSubject(org, venue, level);
    const last = await readLastGrid(nc, raster);
    if (last !== null && current()) {
      try {
        this.#outbox.putGridIfNone(displayGrid(last, level));
      } catch (error) {
        this.#onMalformed(raster, error);
      }
      this.#schedule();
    }
    const onMalformed = (subject: string, error: unknown): void => this.#onMalformed(subject, error);
    const outlooks = await readOutlooks(nc, { org, venue }, this.#outlooksMs, current, onMalformed);
    if (!current()) return;
    this.#emit({ kind: 'past-outlooks', selection, outlooks }, []);
    const zones = await readZoneHistory(nc, { org, venue }, this.#historyMs, current, onMalformed);
    if (!current()) return;
    const transfer = zones.flatMap((zone) => [
      zone.end.buffer,
      zone.density.buffer,
      zone.count.buffer,
      zone.revision.buffer,
    ]);
    this.#emit({ kind: 'history', selection, zones }, transfer as ArrayBuffer[]);
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(0, this.#lastFrameAt + FRAME_INTERVAL_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, wait);
  }

  #flush(): void {
    if (this.#selection === null) return;
    if (this.#people.changed && this.#outbox.hasCredit) {
      const { people, superseded } = this.#people.merge();
      this.#outbox.putPeople(people, superseded);
    }
    const content = this.#outbox.take();
    if (content === null) return;
    this.#lastFrameAt = Date.now();
    const transfer: Transferable[] = [];
    if (content.grid !== null) transfer.push(content.grid.values.buffer as ArrayBuffer);
    if (content.people !== null) transfer.push(content.people.positions.buffer as ArrayBuffer);
    this.#emit({ kind: 'frame', frame: { selection: this.#selection, ...content } }, transfer);
  }

  /** Counters travel apart from frames: a feed of nothing but malformed messages must not look silent. */
  #sendCounters(): void {
    const counters: FeedCounters = {
      received: this.#received,
      dropped: this.#outbox.dropped,
      malformed: this.#malformed,
      lastMalformed: this.#lastMalformed,
      unread: this.#unread,
      lastUnread: this.#lastUnread,
    };
    const sent = this.#sentCounters;
    if (
      counters.received === sent.received &&
      counters.dropped === sent.dropped &&
      counters.malformed === sent.malformed &&
      counters.unread === sent.unread
    )
      return;
    this.#sentCounters = counters;
    this.#emit({ kind: 'counters', counters }, []);
  }

  #link(state: LinkState, detail: string): void {
    this.#emit({ kind: 'link', state, detail }, []);
  }

  #problem(problem: FeedProblem, detail: string): void {
    this.#emit({ kind: 'problem', problem, detail }, []);
  }
}

function lastToken(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
