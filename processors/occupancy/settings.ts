// What the venue's safety officer decides about counting and capacity, checked when it is read.
import { z } from 'zod';
import { OccupancyError, STOP_BASES } from '#models/occupancy/index.ts';

const passage = z.string().min(1);
const factor = z.number().min(0).max(1);

export const occupancySettings = z
  .strictObject({
    /** The number approved for the event; without it no stop-ticket order is given. */
    approved: z.number().int().positive(),
    /** What is compared with it: all who were admitted (default), or those present. See README.md. */
    stopOn: z.enum(STOP_BASES),
    /** Share of the approved number by which to stop before it, for lines known to miss people. Default 0. */
    stopMargin: z.number().min(0).max(0.5),
    /** Whether persons to be expected at lines that cannot see count towards it. Default true. */
    stopCountsUnseen: z.boolean(),
    /** Persons on the site when counting begins. */
    initial: z.number().int().nonnegative(),
    /** Local time at which admissions are counted from nought again. Default 04:00. */
    dayStartsAt: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'give hours and minutes, as in 04:00'),
    /** Whether the site is empty at that time: then persons present begin at 0. Default false: they stay. */
    emptyAtDayStart: z.boolean(),
    /**
     * Whose counts of lines are taken: of single cameras (`flow`, the default), or of persons after fusing overlapping views
     * (`flow-fused`, which needs `fusion` beside it): right where people are handed from camera to camera near a gate.
     */
    lines: z.enum(['flow', 'flow-fused']),
    /** The counter of record of a passage, where it is not the device from its first message on, and until then the line. */
    counters: z.record(passage, z.enum(['auto', 'device', 'line'])),
    /** Doors and gates where each access granted is one person, because nothing else counts there. */
    tickets: z.array(passage),
    /** Fences that block an exit while they are armed, by exit. */
    fences: z.record(passage, z.array(passage)),
    /** Factors and times of safe capacity (models/occupancy/defaults.ts). */
    capacity: z
      .strictObject({
        physical: factor,
        safetyManagement: factor,
        emergencyMin: z.number().min(2.5).max(8),
      })
      .partial(),
  })
  .partial()
  .readonly();

export type OccupancySettings = z.infer<typeof occupancySettings>;

/**
 * Settings by `<org>/<venue>`, from JSON text.
 * @throws OccupancyError naming the first thing that is not as it must be
 */
export function parseOccupancySettings(text: string): ReadonlyMap<string, OccupancySettings> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OccupancyError(`the settings are not JSON: ${error instanceof Error ? error.message : error}`);
  }
  const parsed = z.record(z.string().regex(/^[^/]+\/[^/]+$/), occupancySettings).safeParse(value);
  if (parsed.success) return new Map(Object.entries(parsed.data));
  const [first] = parsed.error.issues;
  throw new OccupancyError(
    `the settings at "${first?.path.join('.')}": ${first?.message}; they are {"<org>/<venue>": {...}}`,
  );
}
