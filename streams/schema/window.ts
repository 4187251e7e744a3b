// win.<metric>: the result of one sliding window of one key (a zone, a line), as JSON.
import { z } from 'zod';

const epochMs = z.number().int().nonnegative();
const nullableNumber = z.number().nullable();

/** What every window result carries, whatever the metric. */
export const windowHead = z.object({
  org: z.string(),
  venue: z.string(),
  /** Zone, line or other key: the last token of the subject. */
  key: z.string(),
  level: z.number().int(),
  /** The window is [start, end), event time in UTC epoch ms; length is end - start. */
  start: epochMs,
  end: epochMs,
  hopMs: z.number().int().positive(),
  /** 0 at first; higher when late frames within the bound corrected the window. */
  revision: z.number().int().nonnegative(),
  /** Share of the expected source frames that were seen, [0,1]; null where no source is expected. */
  completeness: nullableNumber,
  /** Sources that cover the key and sent nothing in the window. */
  silent: z.array(z.string()),
});

/** `win.density`: persons in a zone. All figures are null when no source observed the zone: unknown is not zero. */
export const densityWindow = windowHead.extend({
  metric: z.literal('density'),
  /** Persons in the zone: mean and maximum over the ticks of the window. */
  count: z.object({ mean: z.number(), max: z.number() }).nullable(),
  /** Classic density N/A, p/m2. */
  density: z.object({ mean: z.number(), max: z.number() }).nullable(),
  /** Mean speed over person samples, m/s; null where no person had a known velocity. */
  speed: nullableNumber,
  /** Fruin level of service of the mean density; null when density is. */
  levelOfService: z.enum(['A', 'B', 'C', 'D', 'E', 'F']).nullable(),
  /** Person samples and ticks observed that stand behind the figures. */
  samples: z.number().int().nonnegative(),
  ticks: z.number().int().nonnegative(),
});

export type WindowHead = z.infer<typeof windowHead>;
export type DensityWindow = z.infer<typeof densityWindow>;
