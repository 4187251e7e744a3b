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

const levelOfService = z.enum(['A', 'B', 'C', 'D', 'E', 'F']).nullable();
const meanAndMax = z.object({ mean: z.number(), max: z.number() }).nullable();
const inAndOut = z.object({ in: z.number(), out: z.number() }).nullable();

/**
 * `win.flow`: persons over a line. "in" is from the left of the line a->b to its right. All figures are null when no camera
 * observed the line: unknown is not zero.
 */
export const flowWindow = windowHead.extend({
  metric: z.literal('flow'),
  line: z.enum(['gate', 'exit', 'edge', 'stair']),
  /** Persons who crossed in the window. */
  count: inAndOut,
  /** Count over the window's length, 1/s. */
  flow: inAndOut,
  /** Flow per metre of the line's width and minute, p/(m min). */
  specific: inAndOut,
  /** Fruin level of service by specific flow, both ways together. Low flow is no proof of comfort: see `density`. */
  levelOfService,
  /** Classic density within reach of the line on both sides, p/m2; null also where no floor is. */
  density: meanAndMax,
  /** One way's specific flow is above 82 p/(m min); null in windows shorter than 30 s. */
  saturated: z.boolean().nullable(),
  /** Neither way passes 0.8 p/(m s) while density is above 3.5 p/m2; null in windows shorter than 30 s. */
  stopAndGo: z.boolean().nullable(),
});

/** `win.flow-fused`: the same, counted from persons after fusing overlapping views. */
export const fusedFlowWindow = flowWindow.extend({ metric: z.literal('flow-fused') });

/** `win.pressure`: signs of a crowd that loses control of its motion, per zone. Null is unknown. */
export const pressureWindow = windowHead.extend({
  metric: z.literal('pressure'),
  /** Voronoi density with cut-off, p/m2, over ticks. */
  density: meanAndMax,
  /**
   * Crowd pressure density * Var(velocity), 1/s2. `mean` and `max`: over cells and ticks, the variance within one cell and tick.
   * `window`: mean density times the variance over all persons and ticks of the window, swinging and surging included.
   */
  pressure: z.object({ mean: nullableNumber, max: nullableNumber, window: nullableNumber }).nullable(),
  /** Congestion number (range of the velocity field's rotor over mean speed, times the cell), mean over ticks. */
  congestion: nullableNumber,
  /** 0 everyone one way, 1 both ways in balance; mean over ticks. */
  counterflow: nullableNumber,
  /** Rate at which people move apart (below 0: together), their common drift taken out, 1/s: mean and greatest over ticks. */
  dispersal: meanAndMax.default(null),
  /** The packed part of the zone: cells of 2 m at contact density (3.57 p/m2) and above. Not in messages of before version 2. */
  packed: z
    .object({
      /** Persons there, over ticks. */
      persons: z.object({ mean: z.number(), max: z.number() }),
      /** Density of the fullest cell of the zone, p/m2, mean over ticks; 0 where none has five persons. */
      fullest: z.number(),
      /** Crowd pressure within packed cells, noise taken off, mean over ticks, 1/s2; null below 50 velocities. Turbulence. */
      pressure: nullableNumber,
      /** Packed density times the variance over time of the mean velocity there, 1/s2: surging and swaying as one. */
      common: nullableNumber,
      /** Share of the persons in cells above 0.72 p/m2 who move against each other within their cell, mean over ticks. */
      opposing: nullableNumber,
    })
    .nullable()
    .default(null),
  /** Collective oscillation of the zone's mean velocity over the last 70 s; null in other windows than that of 60 s. */
  oscillation: z
    .object({
      state: z.enum(['unknown', 'still', 'oscillating']),
      /** Hz and m/s of the strongest frequency between 0.03 and 0.1 Hz; null when unknown. */
      frequency: nullableNumber,
      amplitude: nullableNumber,
      /** Share of the variance it explains, [0,1]. */
      share: nullableNumber,
    })
    .nullable(),
  /** Person samples with a known velocity behind the figures. */
  samples: z.number().int().nonnegative(),
});

export type WindowHead = z.infer<typeof windowHead>;
export type DensityWindow = z.infer<typeof densityWindow>;
export type FlowWindow = z.infer<typeof flowWindow>;
export type FusedFlowWindow = z.infer<typeof fusedFlowWindow>;
export type PressureWindow = z.infer<typeof pressureWindow>;
