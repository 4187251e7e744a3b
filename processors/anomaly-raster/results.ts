// Judgements of a level as anom.raster messages, with the zones that each unusual place lies in.
import { describeFinding, type RasterFinding, type RasterResult } from '#models/anomaly/raster.ts';
import { pointInPolygon } from '#models/geometry/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { RasterAnomalyMessage, RasterFindingMessage } from '#streams/schema/anomaly.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import { anomalySubject, levelToken } from '#streams/subjects.ts';

const encoder = new TextEncoder();
/** A zone is named when at least this share of the place's blocks has its centre in it. */
const NAMED_SHARE = 0.1;

/** Writes the judgements of one venue. */
export class RasterAnomalyOutputs {
  readonly #venue: Venue;

  constructor(venue: Venue) {
    this.#venue = venue;
  }

  output(level: number, result: RasterResult): Output {
    const { org, id } = this.#venue;
    const { startMs, endMs, phase, state, score, alarm, known, persons, findings } = result;
    const key = levelToken(level);
    const message: RasterAnomalyMessage = {
      metric: 'raster',
      org,
      venue: id,
      key,
      level,
      start: startMs,
      end: endMs,
      hopMs: endMs - startMs,
      phase,
      state,
      score: state === 'unknown' ? null : score,
      alarm,
      completeness: known,
      persons: state === 'unknown' ? null : persons,
      findings: findings.map((finding) => this.#finding(level, finding)),
    };
    const subject = anomalySubject('raster', org, id, key);
    const messageId = `${subject}|${endMs - startMs}|${endMs}|0`;
    return {
      subject,
      messageId,
      payload: encoder.encode(JSON.stringify(message)),
      headers: cloudEventHeaders({
        id: messageId,
        source: '/processors/anomaly-raster',
        type: 'tidewatch.anom.raster.v1',
        epochMs: endMs,
        dataSchema: 'anom.raster',
      }),
    };
  }

  #finding(level: number, finding: RasterFinding): RasterFindingMessage {
    const { kind, score, alarm, evidence, sinceMs, x, y, areaM2, persons, usualPersons } = finding;
    return {
      kind,
      score,
      alarm,
      evidence,
      since: sinceMs ?? null,
      x,
      y,
      areaM2,
      zones: this.#zones(level, finding.centres),
      persons,
      usualPersons,
      speed: orNull(finding.speed),
      usualSpeed: orNull(finding.usualSpeed),
      reason: describeFinding(finding),
    };
  }

  #zones(level: number, centres: Float64Array): string[] {
    const shares = this.#venue.zones
      .filter((zone) => zone.level === level)
      .map(({ id, area }) => {
        let inside = 0;
        for (let i = 0; i < centres.length; i += 2)
          if (pointInPolygon(area, centres[i]!, centres[i + 1]!, 'include')) inside++;
        return { id, share: (2 * inside) / centres.length };
      });
    return shares
      .filter(({ share }) => share >= NAMED_SHARE)
      .sort((a, b) => b.share - a.share || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
  }
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
