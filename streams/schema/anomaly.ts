// anom.<metric>: how unusual a zone's series is now, and the zones of a venue together, as JSON.
import { z } from 'zod';

const epochMs = z.number().int().nonnegative();
const nullableNumber = z.number().nullable();
const probability = z.number().min(0).max(1);

/** Why a score is what it is; figures are in the unit of the series, null where there is none. */
export const anomalyReason = z.object({
  /**
   * `normal`, `learning` and `too-few` (too few persons for a mean speed, too little going on to judge) are no anomalies.
   * `missing`: the value is unknown. `incomplete`: less was seen than usually, so the value cannot be compared. The others
   * say in which way the value is unusual; `…-for-phase` compares with the same minute of earlier events.
   */
  code: z.enum([
    'normal',
    'learning',
    'too-few',
    'missing',
    'incomplete',
    'spike',
    'drop',
    'level-up',
    'level-down',
    'high-for-time',
    'low-for-time',
    'high-for-phase',
    'low-for-phase',
    'flat-line',
  ]),
  /** Mean of the latest `points` values, and what was expected instead. */
  observed: nullableNumber,
  expected: nullableNumber,
  points: z.number().int().nonnegative(),
  /** Share of earlier moments of the series at least as extreme. */
  probability,
});

const scored = {
  org: z.string(),
  venue: z.string(),
  /** The values scored are means over [start, end), event time in UTC epoch ms. */
  start: epochMs,
  end: epochMs,
  hopMs: z.number().int().positive(),
  /** [0,1]; at least 0.5 is an alarm, and then `alarm` is true. After an alarm the score rests below 0.5. */
  score: probability,
  alarm: z.boolean(),
  reason: anomalyReason,
  /** How unusual the moment is, alarm or rest: 0 ordinary, 3 extreme. For drawing. */
  evidence: z.number().nonnegative(),
};

/**
 * One series of one zone (persons, mean speed in m/s, or health, the share of expected frames that were seen) or of one line
 * (`inflow`, `outflow`: persons per minute over it).
 */
export const anomalyScore = z.object({
  metric: z.enum(['count', 'speed', 'health', 'inflow', 'outflow']),
  ...scored,
  /** The zone or the line. */
  key: z.string(),
  level: z.number().int(),
  /** The value scored; null is unknown, or, for speed, that there were too few persons. */
  value: nullableNumber,
  /** Share of the expected source frames that were seen, [0,1]; null where none was expected. */
  completeness: nullableNumber,
  /** Sources that cover the zone and sent nothing. */
  silent: z.array(z.string()),
});

/** All zones of a venue together. */
export const jointAnomaly = z.object({
  metric: z.literal('joint'),
  ...scored,
  key: z.literal('venue'),
  /** Phase of the event the scores were learned for; `none` where it is not known. */
  phase: z.enum(['none', 'ingress', 'play', 'half-time', 'egress']),
  /** Unusual is the total, how it is spread over the zones, or that many zones are unusual together. */
  cause: z.enum(['normal', 'total', 'spread', 'together']),
  /** Zones whose share of the total departs most from the usual, largest first, as signed share. */
  departures: z.array(z.object({ zone: z.string(), share: z.number() })),
  /** Persons in all zones; null when one of them is unknown. */
  value: nullableNumber,
  /** The least of the zones' completeness. */
  completeness: nullableNumber,
});

/** One unusual place on a level. Which way it is unusual is its kind, with the figures behind it. */
export const rasterFinding = z.object({
  kind: z.enum(['unexpected-crowd', 'emptying', 'stopped-flow']),
  score: probability,
  /** Raised once per anomaly, and again when it has become clearly more extreme. */
  alarm: z.boolean(),
  evidence: z.number().nonnegative(),
  /** When the alarm for this place was first raised, UTC epoch ms; null while there was none. */
  since: epochMs.nullable(),
  /** Centroid in local metres, floor in m2, and the zones it lies in, the one with most of it first. */
  x: z.number(),
  y: z.number(),
  areaM2: z.number().nonnegative(),
  zones: z.array(z.string()),
  /** Persons there now and usually in this phase. */
  persons: z.number().nonnegative(),
  usualPersons: z.number().nonnegative(),
  /** Mean speed there and the usual one, m/s; null unless the flow has stopped. */
  speed: nullableNumber,
  usualSpeed: nullableNumber,
  /** The same in one plain line. */
  reason: z.string(),
});

/** `anom.raster`: unusual places on the floor of a level. */
export const rasterAnomaly = z.object({
  metric: z.literal('raster'),
  org: z.string(),
  venue: z.string(),
  /** The level, as in its subject; and its ordinal. */
  key: z.string(),
  level: z.number().int(),
  /** What was judged are means over (start, end], event time in UTC epoch ms. */
  start: epochMs,
  end: epochMs,
  hopMs: z.number().int().positive(),
  /** Phase of the event that the places were compared with. */
  phase: z.enum(['none', 'ingress', 'play', 'half-time', 'egress']),
  /** `unknown`: no floor was seen. `learning`: too little was seen of this phase to alarm. */
  state: z.enum(['unknown', 'learning', 'watching']),
  /** The highest of the findings; at least 0.5 exactly with an alarm. Null when unknown. */
  score: probability.nullable(),
  alarm: z.boolean(),
  /** Share of the floor that live cameras saw, [0,1]. */
  completeness: probability,
  /** Persons on the floor that was seen; null when none was. */
  persons: nullableNumber,
  findings: z.array(rasterFinding).max(4),
});

export const anomalyResult = z.discriminatedUnion('metric', [anomalyScore, jointAnomaly]);

export type AnomalyReasonMessage = z.infer<typeof anomalyReason>;
export type AnomalyScore = z.infer<typeof anomalyScore>;
export type JointAnomaly = z.infer<typeof jointAnomaly>;
export type AnomalyResultMessage = z.infer<typeof anomalyResult>;
export type RasterFindingMessage = z.infer<typeof rasterFinding>;
export type RasterAnomalyMessage = z.infer<typeof rasterAnomaly>;
