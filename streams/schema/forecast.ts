// fcst.count: persons to come in a zone, or in all zones of a venue, with an 80 % band, as JSON.
import { z } from 'zod';

const epochMs = z.number().int().nonnegative();
const minutes = z.number().nonnegative().nullable();

export const forecastMessage = z.object({
  metric: z.literal('count'),
  org: z.string(),
  venue: z.string(),
  /** A zone, or `venue`: all zones that cameras see, together. */
  key: z.string(),
  level: z.number().int().nullable(),
  /** The newest value is the mean over [start, end), event time in UTC epoch ms; horizons count from `end`. */
  start: epochMs,
  end: epochMs,
  hopMs: z.number().int().positive(),
  /** Persons now; null is unknown, and then nothing is forecast. */
  value: z.number().nullable(),
  completeness: z.number().nullable(),
  /** Persons at `end + aheadMs`: expected below p50 as often as above, within [p10, p90] in 80 % of cases. */
  bands: z.array(
    z.object({ aheadMs: z.number().int().positive(), p10: z.number(), p50: z.number(), p90: z.number() }),
  ),
  /**
   * Minutes until the zone's density reaches a level, 0 where it has; null: not within the longest horizon. One time in ten
   * it is reached before `earliest`. Only zones have levels.
   */
  thresholds: z.array(
    z.object({
      level: z.enum(['blue', 'yellow', 'orange', 'red']),
      density: z.number().positive(),
      earliest: minutes,
      median: minutes,
      latest: minutes,
    }),
  ),
  /** What forecast it; absent in messages from before there were trained models in the processor. */
  model: z
    .object({
      /** `statistical`, or the hash of the model's file, by which the file and its card are found again. */
      id: z.string().min(1),
      /** Version of the model's format. */
      version: z.number().int().positive(),
      /** Horizons whose bands are the trained model's; the others are statistical. */
      trainedAheadMs: z.array(z.number().int().positive()),
    })
    .optional(),
});

export type ForecastModelMessage = NonNullable<ForecastMessage['model']>;
export type ForecastMessage = z.infer<typeof forecastMessage>;
