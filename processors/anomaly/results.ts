// Scores as anom.* messages: one JSON message per series and slot, named by what it is.
import type { AnomalyResult, EventPhase } from '#models/anomaly/index.ts';
import type { Venue, Zone } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type {
  AnomalyReasonMessage,
  AnomalyResultMessage,
  AnomalyScore,
  JointAnomaly,
} from '#streams/schema/anomaly.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import { anomalySubject } from '#streams/subjects.ts';
import type { Slot, ZoneSlot } from '../shared/zone-slots.ts';
import type { VenueScore } from './whole.ts';

const encoder = new TextEncoder();
const ALARM = 0.5;
/** What is said of a zone with too few persons for a mean speed. */
const TOO_FEW: Pick<AnomalyScore, 'score' | 'alarm' | 'reason' | 'evidence'> = {
  score: 0,
  alarm: false,
  reason: { code: 'too-few', observed: null, expected: null, points: 0, probability: 1 },
  evidence: 0,
};

/** Writes the results of one venue. */
export class AnomalyOutputs {
  readonly #venue: Pick<Venue, 'org' | 'id'>;

  constructor(venue: Pick<Venue, 'org' | 'id'>) {
    this.#venue = venue;
  }

  /** Of a zone or a line. `result` undefined: there was nothing to score, because too few persons were there. */
  series(
    metric: AnomalyScore['metric'],
    of: Pick<Zone, 'id' | 'level'>,
    slot: Slot,
    seen: ZoneSlot,
    value: number,
    result: AnomalyResult | undefined,
  ): Output {
    return this.#output({
      metric,
      ...this.#head(slot),
      ...(result === undefined ? TOO_FEW : scoreOf(result)),
      key: of.id,
      level: of.level,
      value: result === undefined ? null : orNull(value),
      completeness: orNull(seen.completeness),
      silent: [...seen.silent],
    });
  }

  joint(slot: Slot, zones: readonly Zone[], phase: EventPhase, result: VenueScore): Output {
    const total = slot.zones.reduce((sum, { count }) => sum + count, 0);
    const complete = slot.zones.map(({ completeness }) => completeness).filter((c) => !Number.isNaN(c));
    const message: JointAnomaly = {
      metric: 'joint',
      ...this.#head(slot),
      ...scoreOf(result.cause),
      key: 'venue',
      phase,
      cause: result.code,
      departures: result.departures.map(({ zone, share }) => ({ zone: zones[zone]!.id, share })),
      value: orNull(total),
      completeness: complete.length === 0 ? null : Math.min(...complete),
    };
    return this.#output(message);
  }

  #head({ startMs, endMs }: Slot): Pick<AnomalyScore, 'org' | 'venue' | 'start' | 'end' | 'hopMs'> {
    const { org, id } = this.#venue;
    return { org, venue: id, start: startMs, end: endMs, hopMs: endMs - startMs };
  }

  #output(message: AnomalyResultMessage): Output {
    const { metric, org, venue, key, start, end } = message;
    const subject = anomalySubject(metric, org, venue, key);
    const messageId = `${subject}|${end - start}|${end}|0`;
    return {
      subject,
      messageId,
      payload: encoder.encode(JSON.stringify(message)),
      headers: cloudEventHeaders({
        id: messageId,
        source: '/processors/anomaly',
        type: 'tidewatch.anom.v1',
        epochMs: end,
        dataSchema: 'anom',
      }),
    };
  }
}

function scoreOf({
  score,
  evidence,
  reason,
}: AnomalyResult): Pick<AnomalyScore, 'score' | 'alarm' | 'reason' | 'evidence'> {
  const { code, observed, expected, points, probability } = reason;
  const told: AnomalyReasonMessage = {
    code,
    observed: orNull(observed),
    expected: orNull(expected),
    points,
    probability: Math.min(1, probability),
  };
  return { score, alarm: score >= ALARM, reason: told, evidence };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
