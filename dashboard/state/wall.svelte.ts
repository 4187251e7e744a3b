// The state of one wall: what the page shows, kept apart from how it looks. Rows are replaced whole twice a second;
// rasters, persons and histories never enter reactive state.
import type { Venue } from '#models/venue/types.ts';
import { type ChartColumns, chartColumns, fan } from '../charts/fan.ts';
import type { WallConfig } from '../config.ts';
import { type FeedClient, startFeed } from '../feed/client.ts';
import type {
  FeedCounters,
  FeedEvent,
  FeedFrame,
  FeedProblem,
  LinkState,
  Outlook,
  Selection,
  VenueEntry,
  ZoneHistory,
} from '../feed/messages.ts';
import { dictionaries, type Language } from '../i18n/index.ts';
import type { WallMap } from '../map/wall-map.ts';
import { type ClockReading, EventClock } from './event-clock.ts';
import { ALARM_SHOWN_MS, type JointOutlook, type LevelOutlook, type ZoneOutlook } from './outlook.ts';
import { OutlookStore } from './outlook-store.ts';
import { defaultSelection, nearestLevel, queryWith, selectionFromQuery } from './selection.ts';
import { HISTORY_MS } from './spans.ts';
import { type UnusualEntry, type UnusualLine, unusualEntries } from './unusual.ts';
import { type VenueLine, venueLines } from './venue-lines.ts';
import { byDensity, type ZoneRow } from './zone-row.ts';
import { ZoneStore } from './zone-store.ts';

/** Charts side by side; fewer and wider when they reach into the future. */
const CHARTS = { past: 6, ahead: 4 };
const TICK_MS = 500;
/** The list is sorted anew this often: rows that swap every second cannot be read. */
const SORT_EVERY_MS = 3000;
/** The charts follow the ranking more slowly still. */
const CHARTS_EVERY_MS = 10_000;
const LANGUAGE_KEY = 'tidewatch.language';

export interface RasterInfo {
  readonly epochMs: number;
  readonly completeness: number;
}

export class Wall {
  language = $state<Language>('en');
  link = $state<LinkState>('connecting');
  linkDetail = $state('');
  venues = $state.raw<readonly VenueEntry[]>([]);
  selection = $state.raw<Selection | null>(null);
  venue = $state.raw<Venue | null>(null);
  rows = $state.raw<readonly ZoneRow[]>([]);
  outlooks = $state.raw<ReadonlyMap<string, ZoneOutlook>>(new Map());
  joint = $state.raw<JointOutlook>({ scoreState: 'none', alarm: null });
  /** How the floor of each level is judged. */
  levels = $state.raw<readonly LevelOutlook[]>([]);
  unusual = $state.raw<readonly UnusualEntry[]>([]);
  /** There is a forecast of some zone: the charts reach ahead. */
  forecasting = $state(false);
  chartZones = $state.raw<readonly string[]>([]);
  chosenZone = $state<string | null>(null);
  counters = $state.raw<FeedCounters>({
    received: 0,
    dropped: 0,
    malformed: 0,
    lastMalformed: '',
    unread: 0,
    lastUnread: '',
  });
  /** Frames were dropped within the last ten seconds. */
  dropping = $state(false);
  strangers = $state(0);
  problems = $state.raw<ReadonlyMap<FeedProblem | 'graphics', string>>(new Map());
  clock = $state.raw<ClockReading>({ mode: 'live', nowMs: Date.now(), silentMs: Number.POSITIVE_INFINITY });
  wallMs = $state(Date.now());
  raster = $state.raw<RasterInfo | null>(null);
  peopleDrawn = $state<number | null>(null);

  readonly words = $derived(dictionaries[this.language]);
  readonly config: WallConfig;
  #feed: FeedClient | null = null;
  #store: ZoneStore | null = null;
  #outlookStore: OutlookStore | null = null;
  #map: WallMap | null = null;
  #lines: readonly VenueLine[] = [];
  readonly #eventClock = new EventClock();
  #order: readonly string[] = [];
  #sortedAt = 0;
  #droppedAt = Number.NEGATIVE_INFINITY;
  #chartsAt = 0;
  #peopleEpochMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(config: WallConfig, language: Language) {
    this.config = config;
    this.language = language;
  }

  start(): void {
    this.#feed = startFeed((event) => this.#onEvent(event));
    this.#feed.send({
      kind: 'connect',
      servers: this.config.websocketUrl,
      historyMs: HISTORY_MS,
      outlooksMs: ALARM_SHOWN_MS,
    });
    this.#feed.send({ kind: 'credit' });
    const wanted = selectionFromQuery(location.search);
    if (wanted !== null) this.select(wanted);
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#feed?.close();
  }

  attachMap(map: WallMap | null): void {
    this.#map = map;
    if (map !== null && this.venue !== null && this.selection !== null)
      map.setVenue(this.venue, this.selection.level);
  }

  speak(language: Language): void {
    this.language = language;
    localStorage.setItem(LANGUAGE_KEY, language);
    this.tick();
  }

  static rememberedLanguage(): Language | null {
    const language = localStorage.getItem(LANGUAGE_KEY);
    return language === 'zh' || language === 'en' ? language : null;
  }

  select(selection: Selection): void {
    const before = this.selection;
    this.selection = selection;
    history.replaceState(null, '', queryWith(location.search, selection));
    if (before?.org !== selection.org || before.venue !== selection.venue) {
      this.venue = null;
      this.#store = null;
      this.#outlookStore = null;
      this.outlooks = new Map();
      this.joint = { scoreState: 'none', alarm: null };
      this.levels = [];
      this.unusual = [];
      this.forecasting = false;
      this.rows = [];
      this.chartZones = [];
      this.chosenZone = null;
      this.#eventClock.reset();
    } else if (this.venue !== null) {
      this.#map?.setVenue(this.venue, selection.level);
    }
    this.raster = null;
    this.peopleDrawn = null;
    this.#peopleEpochMs = Number.NEGATIVE_INFINITY;
    this.#map?.setGrid(null);
    this.#map?.setPeople(null);
    this.#feed?.send({ kind: 'select', selection });
  }

  choose(zoneId: string | null): void {
    this.chosenZone = zoneId === this.chosenZone ? null : zoneId;
    const zone = this.venue?.zones.find((candidate) => candidate.id === this.chosenZone);
    if (zone !== undefined && this.selection !== null && zone.level !== this.selection.level) {
      this.select({ ...this.selection, level: zone.level });
    }
    this.#map?.select(this.chosenZone);
    this.#rankCharts();
  }

  /** Shows what an entry of the list of unusual things is about: its zone, or at least its level. */
  goTo({ zoneId, level }: UnusualEntry): void {
    if (zoneId !== null) {
      if (zoneId !== this.chosenZone) this.choose(zoneId);
    } else if (this.selection !== null && level !== this.selection.level) {
      this.select({ ...this.selection, level });
    }
  }

  /** History of a zone for its chart, within the shown ten minutes, and its forecast. */
  columns(zoneId: string): ChartColumns {
    const { nowMs } = this.clock;
    const [times, densities] = this.#store
      ?.series(zoneId)
      ?.columns(nowMs - HISTORY_MS, nowMs + 60_000, 5000) ?? [[], []];
    const area = this.venue?.zones.find(({ id }) => id === zoneId)?.areaM2;
    const forecast = this.outlooks.get(zoneId)?.forecast ?? null;
    return chartColumns(times, densities, area === undefined ? [] : fan(forecast, area));
  }

  report(problem: FeedProblem | 'graphics', detail: string): void {
    if ((this.problems.get(problem) ?? '') === detail) return;
    const problems = new Map(this.problems);
    if (detail === '') problems.delete(problem);
    else problems.set(problem, detail);
    this.problems = problems;
  }

  tick(): void {
    this.wallMs = Date.now();
    this.clock = this.#eventClock.read(this.wallMs);
    this.dropping = this.wallMs - this.#droppedAt < 10_000;
    const store = this.#store;
    const outlooks = this.#outlookStore;
    if (store === null || outlooks === null) return;
    this.outlooks = outlooks.zones(this.clock.nowMs);
    this.joint = outlooks.jointAt(this.clock.nowMs);
    this.levels = outlooks.levels(this.clock.nowMs);
    const alarms = outlooks.lineAlarms(this.clock.nowMs);
    const lines = this.#lines.flatMap((line): UnusualLine[] => {
      const alarm = alarms.get(line.key);
      return alarm === undefined ? [] : [{ ...line, alarm }];
    });
    this.unusual = unusualEntries(outlooks.venue, this.outlooks, lines, this.levels);
    const forecasting = [...this.outlooks.values()].some(({ forecast }) => forecast !== null);
    if (forecasting !== this.forecasting) {
      this.forecasting = forecasting;
      this.#chartsAt = 0;
    }
    const rows = store.rows(this.clock.nowMs);
    if (this.wallMs - this.#sortedAt >= SORT_EVERY_MS) {
      this.#sortedAt = this.wallMs;
      this.#order = [...rows].sort(byDensity).map((row) => row.zone.id);
    }
    const place = new Map(this.#order.map((id, i) => [id, i]));
    this.rows = rows.sort((a, b) => (place.get(a.zone.id) ?? 0) - (place.get(b.zone.id) ?? 0));
    if (this.wallMs - this.#chartsAt >= CHARTS_EVERY_MS || this.chartZones.length === 0) this.#rankCharts();
    this.strangers = store.strangers + outlooks.strangers;
    this.#map?.tick(
      this.rows,
      { zones: this.outlooks, lines, levels: this.levels },
      { words: this.words, language: this.language },
      this.clock.nowMs,
    );
    if (this.clock.nowMs - this.#peopleEpochMs > 5000) this.peopleDrawn = null;
  }

  #rankCharts(): void {
    this.#chartsAt = this.wallMs;
    const ranked = [...this.rows].sort(byDensity).map((row) => row.zone.id);
    const chosen = this.chosenZone;
    this.chartZones = (chosen === null ? ranked : [chosen, ...ranked.filter((id) => id !== chosen)]).slice(
      0,
      this.forecasting ? CHARTS.ahead : CHARTS.past,
    );
  }

  #onEvent(event: FeedEvent): void {
    switch (event.kind) {
      case 'link':
        this.link = event.state;
        this.linkDetail = event.detail;
        break;
      case 'venues':
        this.#onVenues(event.venues);
        break;
      case 'venue':
        this.#onVenue(event.venue);
        break;
      case 'history':
        this.#onHistory(event.selection, event.zones);
        break;
      case 'past-outlooks':
        this.#onPastOutlooks(event.selection, event.outlooks);
        break;
      case 'frame':
        this.#onFrame(event.frame);
        break;
      case 'counters':
        if (event.counters.dropped > this.counters.dropped) this.#droppedAt = Date.now();
        this.counters = event.counters;
        break;
      case 'problem':
        this.report(event.problem, event.detail);
        break;
    }
  }

  #onHistory(selection: Selection, zones: readonly ZoneHistory[]): void {
    if (!this.#isCurrent(selection)) return;
    for (const zone of zones) this.#store?.applyHistory(zone);
    this.#sortedAt = 0;
    this.#chartsAt = 0;
    this.tick();
  }

  #onPastOutlooks(selection: Selection, outlooks: readonly Outlook[]): void {
    if (!this.#isCurrent(selection)) return;
    for (const outlook of outlooks) this.#outlookStore?.apply(outlook);
    this.tick();
  }

  #onVenues(venues: readonly VenueEntry[]): void {
    this.venues = venues;
    const { selection } = this;
    if (selection === null) {
      const first = defaultSelection(venues);
      if (first !== null) this.select(first);
      return;
    }
    const entry = venues.find((venue) => venue.org === selection.org && venue.id === selection.venue);
    if (entry === undefined) return;
    const level = nearestLevel(entry, selection.level);
    if (level !== selection.level) this.select({ ...selection, level });
  }

  #onVenue(venue: Venue): void {
    const { selection } = this;
    if (selection === null || venue.org !== selection.org || venue.id !== selection.venue) return;
    // A level change sends the same version again; its numbers go on.
    if (this.venue?.version !== venue.version || this.#store === null) {
      this.#store = new ZoneStore(venue, this.#store ?? undefined);
      this.#lines = venueLines(venue);
      this.#outlookStore = new OutlookStore(venue, this.#outlookStore ?? undefined);
    }
    this.venue = venue;
    this.#map?.setVenue(venue, selection.level);
    this.tick();
  }

  #onFrame(frame: FeedFrame): void {
    if (this.#isCurrent(frame.selection)) {
      const now = Date.now();
      const firstNumbers = this.rows.every((row) => row.end === null);
      for (const window of frame.windows) {
        this.#eventClock.observe(window.end, now);
        this.#store?.apply(window);
      }
      for (const outlook of frame.outlooks) this.#outlookStore?.apply(outlook);
      if (frame.grid !== null) {
        this.raster = { epochMs: frame.grid.epochMs, completeness: frame.grid.completeness };
        this.#map?.setGrid(frame.grid);
      }
      if (frame.people !== null) {
        this.#eventClock.observe(frame.people.epochMs, now);
        this.#peopleEpochMs = frame.people.epochMs;
        this.peopleDrawn = frame.people.count;
        this.#map?.setPeople(frame.people);
      }
      if (firstNumbers && frame.windows.length > 0) {
        this.#sortedAt = 0;
        this.#chartsAt = 0;
        this.tick();
      }
    }
    // The next frame may come once this one is on the screen. A hidden page draws nothing but keeps its numbers.
    const more = (): void => this.#feed?.send({ kind: 'credit' });
    if (document.hidden) setTimeout(more, TICK_MS);
    else requestAnimationFrame(more);
  }

  #isCurrent({ org, venue, level }: Selection): boolean {
    const { selection } = this;
    return selection?.org === org && selection.venue === venue && selection.level === level;
  }
}
