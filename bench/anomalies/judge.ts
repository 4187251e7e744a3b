// Alarms against what was scripted. An alarm is about an incident when it is raised at one of its places, or for the venue as
// a whole, between half a minute after its beginning and three minutes after its end. Every other alarm is false, but for those while a surge is
// felt everywhere, which are counted apart.

import type { Output } from '#processors/runtime/index.ts';
import { type AnomalyResultMessage, anomalyResult } from '#streams/schema/anomaly.ts';
import { type IncidentType, type Scripted, TYPES } from './script.ts';

const GRACE_S = 180;
/** Half of the minute an alarm speaks of must lie within the incident: sooner it is chance. */
const LEAST_S = 30;

export interface Alarm {
  readonly metric: string;
  readonly key: string;
  /** Seconds since the evening's start. */
  readonly atS: number;
  readonly message: AnomalyResultMessage;
}

export function alarmsOf(outputs: readonly Output[], startMs: number): Alarm[] {
  return outputs.flatMap(({ payload }) => {
    const message = anomalyResult.parse(JSON.parse(new TextDecoder().decode(payload)));
    const { metric, key, end, alarm } = message;
    return alarm ? [{ metric, key, atS: (end - startMs) / 1000, message }] : [];
  });
}

export interface Judged {
  readonly alarms: readonly Alarm[];
  readonly falseAlarms: readonly Alarm[];
  /** Alarms elsewhere while an incident was felt everywhere. */
  readonly consequences: readonly Alarm[];
  /** Per incident the seconds until its first alarm; undefined when there was none. */
  readonly incidents: readonly { readonly type: IncidentType; readonly delayS: number | undefined }[];
}

export function judge(alarms: readonly Alarm[], scripted: readonly Scripted[]): Judged {
  const about = ({ key, atS }: Alarm, { fromS, toS, places }: Scripted): boolean =>
    atS >= fromS + LEAST_S && atS <= toS + GRACE_S && (places.has(key) || key === 'venue');
  const felt = ({ atS }: Alarm, { fromS, feltUntilS = fromS }: Scripted): boolean =>
    atS > fromS && atS <= feltUntilS;
  const elsewhere = alarms.filter((alarm) => !scripted.some((one) => about(alarm, one)));
  return {
    alarms,
    falseAlarms: elsewhere.filter((alarm) => !scripted.some((one) => felt(alarm, one))),
    consequences: elsewhere.filter((alarm) => scripted.some((one) => felt(alarm, one))),
    incidents: scripted.map((one) => {
      const first = alarms.filter((alarm) => about(alarm, one)).map(({ atS }) => atS);
      return { type: one.type, delayS: first.length === 0 ? undefined : Math.min(...first) - one.fromS };
    }),
  };
}

export interface TypeFigures {
  readonly type: IncidentType;
  readonly incidents: number;
  readonly found: number;
  readonly medianDelayS: number;
}

export function byType(all: readonly Judged[]): TypeFigures[] {
  return TYPES.map((type) => {
    const of = all.flatMap(({ incidents }) => incidents.filter((one) => one.type === type));
    const delays = of.flatMap(({ delayS }) => (delayS === undefined ? [] : [delayS])).sort((a, b) => a - b);
    return {
      type,
      incidents: of.length,
      found: delays.length,
      medianDelayS: delays.length === 0 ? Number.NaN : delays[Math.floor((delays.length - 1) / 2)]!,
    };
  });
}
