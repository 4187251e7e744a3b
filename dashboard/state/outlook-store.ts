// The newest score of every series and forecast of every zone of the chosen venue, and the alarms of the past minutes.
// Plain objects, one per series; what is stored is read as of a moment by the functions of outlook.ts.
import type { Venue } from '#models/venue/types.ts';
import type { AnomalyScore, JointAnomaly } from '#streams/schema/anomaly.ts';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import type { Outlook } from '../feed/messages.ts';
import {
  type JointOutlook,
  jointOutlook,
  type SeriesState,
  type ZoneOutlook,
  type ZoneOutlookState,
  zoneOutlook,
} from './outlook.ts';

/** A result this much older than the newest of its series starts a new time line (a recording replayed again). */
const RESTART_MS = 10 * 60_000;

interface MutableZoneState extends ZoneOutlookState {
  readonly series: Map<AnomalyScore['metric'], SeriesState<AnomalyScore>>;
  forecast: ForecastMessage | undefined;
}

export class OutlookStore {
  readonly venue: Venue;
  readonly #zones = new Map<string, MutableZoneState>();
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

  /** Scores and forecasts of zones this version of the venue does not have. */
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
    const { message } = outlook;
    if (message.metric === 'joint') {
      this.#joint = advanced(message, this.#joint);
      return;
    }
    const zone = this.#zone(message.key);
    zone?.series.set(message.metric, advanced(message, zone.series.get(message.metric)));
  }

  /** What is known of every zone at event time `nowMs`, in the venue's order. */
  zones(nowMs: number): ReadonlyMap<string, ZoneOutlook> {
    return new Map(this.venue.zones.map(({ id }) => [id, zoneOutlook(this.#zones.get(id)!, nowMs)]));
  }

  jointAt(nowMs: number): JointOutlook {
    return jointOutlook(this.#joint, nowMs);
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
