// What the operator is told of a zone beyond its number: whether it is unusual and why, and what it will be. Pure.
import type {
  AnomalyReasonMessage,
  AnomalyScore,
  JointAnomaly,
  RasterAnomalyMessage,
  RasterFindingMessage,
} from '#streams/schema/anomaly.ts';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import { UNKNOWN_AFTER_MS } from './zone-row.ts';

/** An alarm is one score, and the detector rests after it: its mark stays for so long, with its age. */
export const ALARM_SHOWN_MS = 5 * 60_000;
/** Results that are missed before one is too old to be the present. */
const MISSED_HOPS = 3;

/** The newest score of one series, and its newest alarm. */
export interface SeriesState<T extends AnomalyScore | JointAnomaly> {
  readonly newest: T;
  readonly alarm: T | undefined;
}

export interface ZoneOutlookState {
  readonly series: ReadonlyMap<AnomalyScore['metric'], SeriesState<AnomalyScore>>;
  readonly forecast: ForecastMessage | undefined;
}

/**
 * What the newest score of a series says of it. `none`: nothing scores it. `old`: it is not scored any more.
 * `missing`: its value is unknown, and so is whether it is unusual. `incomplete`: too little was seen to compare it.
 */
export type ScoreState = 'none' | 'old' | 'learning' | 'missing' | 'incomplete' | 'scored';

/** `missing`: persons are unknown now. `learning`: too few values are known to forecast from. */
export type ForecastState = 'none' | 'old' | 'missing' | 'learning' | 'ready';

export interface Alarm<M extends string = AnomalyScore['metric']> {
  readonly metric: M;
  readonly score: number;
  readonly reason: AnomalyReasonMessage;
  /** End of the values that were unusual, epoch ms. */
  readonly end: number;
  readonly ageMs: number;
}

export interface Threshold {
  readonly level: ForecastMessage['thresholds'][number]['level'];
  /** p/m2. */
  readonly density: number;
  /** Minutes from now, 0 where it may be now; null: not within the longest horizon. */
  readonly earliest: number | null;
  readonly median: number | null;
  readonly latest: number | null;
}

export interface ZoneOutlook {
  /** By the number of persons. */
  readonly scoreState: ScoreState;
  /** The strongest of the zone's recent alarms. */
  readonly alarm: Alarm | null;
  readonly forecastState: ForecastState;
  /** The newest forecast where it still is one of the time to come. */
  readonly forecast: ForecastMessage | null;
  /** Since the values it was made from, ms. */
  readonly forecastAgeMs: number | null;
  /** The next level that may be reached, within the longest horizon. */
  readonly next: Threshold | null;
}

export interface JointOutlook {
  readonly scoreState: ScoreState;
  readonly alarm: (Alarm<'joint'> & Pick<JointAnomaly, 'cause' | 'departures' | 'phase'>) | null;
}

/** Scores come every 10 s and forecasts every minute: how old each may be follows from its own pace. */
export function tooOld(
  { end, hopMs }: { readonly end: number; readonly hopMs: number },
  nowMs: number,
): boolean {
  return nowMs - end > MISSED_HOPS * hopMs + UNKNOWN_AFTER_MS;
}

/** Unusual spots on the floor of a level. */
export interface LevelOutlook {
  readonly level: number;
  /** `none`: nothing judges this level. `old`: it is not judged any more. */
  readonly state: RasterAnomalyMessage['state'] | 'none' | 'old';
  readonly spots: readonly Spot[];
}

/** One unusual spot, as it was last found. */
export interface Spot {
  /** The same while it lasts. */
  readonly id: string;
  /** The highest score it has had. */
  readonly score: number;
  readonly finding: RasterFindingMessage;
  readonly end: number;
  readonly ageMs: number;
}

export interface LevelOutlookState {
  readonly newest: RasterAnomalyMessage;
  readonly spots: ReadonlyMap<string, Omit<Spot, 'id' | 'ageMs'>>;
}

/** The strongest of the recent alarms of a zone or line, or null. */
export function strongestAlarm(series: ZoneOutlookState['series'], nowMs: number): Alarm | null {
  let strongest: AnomalyScore | undefined;
  for (const { alarm } of series.values()) {
    if (alarm === undefined || nowMs - alarm.end > ALARM_SHOWN_MS) continue;
    if (strongest === undefined || alarm.score > strongest.score) strongest = alarm;
  }
  return strongest === undefined ? null : { ...alarmOf(strongest, nowMs), metric: strongest.metric };
}

export function levelOutlook(
  level: number,
  state: LevelOutlookState | undefined,
  nowMs: number,
): LevelOutlook {
  if (state === undefined) return { level, state: 'none', spots: [] };
  const spots = [...state.spots]
    .map(([id, spot]) => ({ id, ...spot, ageMs: nowMs - spot.end }))
    .filter(({ ageMs }) => ageMs <= ALARM_SHOWN_MS);
  return { level, state: tooOld(state.newest, nowMs) ? 'old' : state.newest.state, spots };
}

/** @param nowMs the event time that is now, epoch ms */
export function zoneOutlook({ series, forecast }: ZoneOutlookState, nowMs: number): ZoneOutlook {
  const forecastState = stateOfForecast(forecast, nowMs);
  const current = forecastState === 'ready' ? forecast! : null;
  return {
    scoreState: stateOfScore(series.get('count')?.newest, nowMs),
    alarm: strongestAlarm(series, nowMs),
    forecastState,
    forecast: current,
    forecastAgeMs: forecast === undefined ? null : nowMs - forecast.end,
    next: current === null ? null : nextThreshold(current, nowMs),
  };
}

export function jointOutlook(state: SeriesState<JointAnomaly> | undefined, nowMs: number): JointOutlook {
  const { alarm } = state ?? {};
  return {
    scoreState: stateOfScore(state?.newest, nowMs),
    alarm:
      alarm === undefined || nowMs - alarm.end > ALARM_SHOWN_MS
        ? null
        : {
            ...alarmOf(alarm, nowMs),
            metric: 'joint',
            cause: alarm.cause,
            departures: alarm.departures,
            phase: alarm.phase,
          },
  };
}

function alarmOf({ score, reason, end }: AnomalyScore | JointAnomaly, nowMs: number): Omit<Alarm, 'metric'> {
  return { score, reason, end, ageMs: nowMs - end };
}

function stateOfScore(newest: AnomalyScore | JointAnomaly | undefined, nowMs: number): ScoreState {
  if (newest === undefined) return 'none';
  if (tooOld(newest, nowMs)) return 'old';
  const { code } = newest.reason;
  return code === 'learning' || code === 'missing' || code === 'incomplete' ? code : 'scored';
}

function stateOfForecast(forecast: ForecastMessage | undefined, nowMs: number): ForecastState {
  if (forecast === undefined) return 'none';
  if (tooOld(forecast, nowMs)) return 'old';
  if (forecast.value === null) return 'missing';
  // A band without width claims certainty: of an empty zone perhaps, else the errors are not known yet.
  const certain = forecast.bands.every(({ p10, p90 }) => p10 === p90) && forecast.value > 0;
  return forecast.bands.length === 0 || certain ? 'learning' : 'ready';
}

/** The lowest level not reached yet that may be reached; minutes counted from now, not from when the forecast was made. */
function nextThreshold({ thresholds, end }: ForecastMessage, nowMs: number): Threshold | null {
  const age = Math.max(0, nowMs - end) / 60_000;
  const left = (minutes: number | null): number | null =>
    minutes === null ? null : Math.max(0, minutes - age);
  const next = thresholds
    .filter(({ earliest }) => earliest !== null && earliest > 0)
    .sort((a, b) => a.density - b.density)[0];
  if (next === undefined) return null;
  const { level, density, earliest, median, latest } = next;
  return { level, density, earliest: left(earliest), median: left(median), latest: left(latest) };
}
