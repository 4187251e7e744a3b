// win.dwell: how long people stay in a zone, and who loiters, over one sliding window.
import { z } from 'zod';
import { windowHead } from './window.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

/**
 * `win.dwell`: stays in a zone. A stay lasts from the first to the last sight of one track in one camera's view of the zone;
 * null is unknown.
 */
export const dwellWindow = windowHead.extend({
  metric: z.literal('dwell'),
  /**
   * Persons seen in the zone in the last two frame periods, and nowhere else since: at the window's end (null: no camera live by
   * then), mean and maximum over its ticks.
   */
  present: z.object({ now: count.nullable(), mean: z.number().nonnegative(), max: count }).nullable(),
  /** Stays so far of those present at the window's end, s; null also where nobody is. */
  stay: z.object({ mean: seconds, longest: seconds }).nullable(),
  /** Persons present for `afterS` or longer, at the window's end and at most; null also where the zone is meant for staying. */
  loitering: z.object({ afterS: z.number().positive(), now: count.nullable(), max: count }).nullable(),
  /** Stays found to have ended in the window: their last sight lies the gap (3 s) before it. Durations in s; null where none ended. */
  ended: z
    .object({
      count,
      /** Of these, ends at which the track vanished from its camera: handed on, renamed or hidden rather than seen to leave. */
      vanished: count,
      mean: seconds.nullable(),
      /** Quantiles, within 1 %. */
      median: seconds.nullable(),
      p95: seconds.nullable(),
      longest: seconds.nullable(),
    })
    .nullable(),
});

export type DwellWindow = z.infer<typeof dwellWindow>;
