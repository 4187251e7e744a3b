// The newest score of every series and forecast of every zone of the chosen venue, and the alarms of the past minutes.
// Plain objects, one per series; what is stored is read as of a moment by the functions of outlook.ts.
import type { Venue } from '#models/venue/types.ts';
import type { AnomalyScore, JointAnomaly, RasterAnomalyMessage } from '#streams/schema/anomaly.ts';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import type { Outlook } from '../feed/messages.ts';
import {
  type Alarm,
  type JointOutlook,
  jointOutlook,
  type LevelOutlook,
  type LevelOutlookState,
  levelOutlook,
  type SeriesState,
  strongestAlarm,
  type ZoneOutlook,
  type ZoneOutlookState,
  zoneOutlook,
} from './outlook.ts';
import { venueLines } from './venue-lines.ts';

/** A result this much older than the newest of its series starts a new time line (a recording replayed again). */
const RESTART_MS = 10 * 60_000;
/** Unusual spots remembered per level; a message has four at most. */
const MOST_SPOTS = 16;

interface MutableZoneState extends ZoneOutlookState {
  readonly series: Map<AnomalyScore['metric'], SeriesState<AnomalyScore>>;
  forecast: ForecastMessage | undefined;
}

export class OutlookStore {
  readonly venue: Venue;
  readonly #zones = new Map<string, MutableZoneState>();
  /** Series of lines, by the line's key. */
  readonly #lines = new Map<string, MutableZoneState['series']>();
  readonly #levels = new Map<number, LevelOutlookState | undefined>();
  #joint: SeriesState<JointAnomaly> | undefined;
  #total: ForecastMessage | undefined;
  #strangers = 0;

  /** @param previous the store of an earlier version of the same venue: zones that remain keep what is known of them */
  constructor(venue: Venue, previous?: OutlookStore) {
    this.venue = venue;
    for (const { id } of venue.zones) {
      const kept = previous === undefined ? undefined : previous.#zones.get(id);
      this.#zones.set(id, kept ?? { series: new Map(), forecast: undefined });
    }
    for (const { key } of venueLines(venue)) {
      this.#lines.set(key, (previous === undefined ? undefined : previous.#lines.get(key)) ?? new Map());
    }
    for (const { ordinal } of venue.levels) {
      this.#levels.set(ordinal, previous === undefined ? undefined : previous.#levels.get(ordinal));
    }
    this.#joint = previous?.joint;
    this.#total = previous?.total;
  }

  get joint(): SeriesState<JointAnomaly> | undefined {
    return this.#joint;
  }

  /** Forecast of all zones together. */
  get total(): ForecastMessage | undefined {
    return this.#total;
  }

  /** Scores and forecasts of zones, lines and levels this version of the venue does not have. */
  get strangers(): number {
    return this.#strangers;
  }

  apply(outlook: Outlook): void {
    if (outlook.kind === 'forecast') {
      const { message } = outlook;
      // A zone may be called "venue" too; only the venue as a whole is on no level.
      if (message.level === null) {
        this.#total = newer(message, this.#total);
        return;
      }
      const zone = this.#zone(message.key);
      if (zone !== undefined) zone.forecast = newer(message, zone.forecast);
      return;
    }
    if (outlook.kind === 'places') {
      const { message } = outlook;
      if (this.#levels.has(message.level)) {
        this.#levels.set(message.level, withPlaces(message, this.#levels.get(message.level)));
      } else this.#strangers++;
      return;
    }
    const { message } = outlook;
    if (message.metric === 'joint') {
      this.#joint = advanced(message, this.#joint);
      return;
    }
    const ofLine = message.metric === 'inflow' || message.metric === 'outflow';
    const series = ofLine ? this.#line(message.key) : this.#zone(message.key)?.series;
    series?.set(message.metric, advanced(message, series.get(message.metric)));
  }

  /** What is known of every zone at event time `nowMs`, in the venue's order. */
  zones(nowMs: number): ReadonlyMap<string, ZoneOutlook> {
    return new Map(this.venue.zones.map(({ id }) => [id, zoneOutlook(this.#zones.get(id)!, nowMs)]));
  }

  /** The recent alarms of lines, by the line's key. */
  lineAlarms(nowMs: number): ReadonlyMap<string, Alarm> {
    return new Map(
      [...this.#lines].flatMap(([key, series]) => {
        const alarm = strongestAlarm(series, nowMs);
        return alarm === null ? [] : [[key, alarm] as const];
      }),
    );
  }

  levels(nowMs: number): LevelOutlook[] {
    return [...this.#levels].map(([level, state]) => levelOutlook(level, state, nowMs));
  }

  jointAt(nowMs: number): JointOutlook {
    return jointOutlook(this.#joint, nowMs);
  }

  #line(key: string): MutableZoneState['series'] | undefined {
    const series = this.#lines.get(key);
    if (series === undefined) this.#strangers++;
    return series;
  }

  #zone(id: string): MutableZoneState | undefined {
    const zone = this.#zones.get(id);
    if (zone === undefined) this.#strangers++;
    return zone;
  }
}

/** The newer of two by what they describe; of the same moment, the one that came later. */
function newer<T extends { readonly end: number }>(message: T, current: T | undefined): T {
  return current === undefined || message.end >= current.end || startsAnew(message, current)
    ? message
    : current;
}

function startsAnew(message: { readonly end: number }, current: { readonly end: number }): boolean {
  return message.end < current.end - RESTART_MS;
}

function advanced<T extends AnomalyScore | JointAnomaly>(
  message: T,
  state: SeriesState<T> | undefined,
): SeriesState<T> {
  const own = message.score >= 0.5 ? message : undefined;
  if (state === undefined || startsAnew(message, state.newest)) return { newest: message, alarm: own };
  const { alarm } = state;
  return {
    newest: newer(message, state.newest),
    alarm: own !== undefined && (alarm === undefined || own.end >= alarm.end) ? own : alarm,
  };
}

/** The spots of an alarm stay what they are while it lasts: their kind and when it was raised tell them apart. */
function withPlaces(message: RasterAnomalyMessage, state: LevelOutlookState | undefined): LevelOutlookState {
  const fresh = state === undefined || startsAnew(message, state.newest);
  const spots = new Map(fresh ? [] : state.spots);
  const used = new Set<string>();
  for (const finding of message.findings) {
    if (finding.since === null) continue;
    const name = `${finding.kind}-${finding.since}`;
    // Two of one kind, raised at once.
    const id = used.has(name) ? `${name}-${used.size}` : name;
    used.add(id);
    const known = spots.get(id);
    const score = Math.max(finding.score, known?.score ?? 0);
    spots.set(
      id,
      known !== undefined && known.end > message.end
        ? { ...known, score }
        : { score, finding, end: message.end },
    );
  }
  const newest = [...spots].sort(([, a], [, b]) => b.end - a.end).slice(0, MOST_SPOTS);
  return { newest: fresh ? message : newer(message, state.newest), spots: new Map(newest) };
}
