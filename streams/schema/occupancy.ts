// Fused density, occupancy, gates, drift and the stop-ticket order, as JSON.
import { z } from 'zod';
import { densityWindow, windowHead } from './window.ts';

const share = z.number().min(0).max(1);
const epochMs = z.number().int().nonnegative();

/** `win.density-fused`: persons in a zone after fusing overlapping views, and what is not seen of it. */
export const fusedDensityWindow = densityWindow.extend({
  metric: z.literal('density-fused'),
  /** Share of the zone's walkable area that live cameras saw, mean over the ticks known; null when nothing is known. */
  observedShare: share.nullable(),
  /** True when part of the zone was not seen: count and density are those of the part seen, divided by its share. */
  corrected: z.boolean(),
  /** Persons counted in the part that was seen, without correction. */
  seen: z.number().nullable(),
  /** Expected number of persons whom every camera missed; not part of the count. */
  expectedMissed: z.number().nullable(),
});

/** `win.occupancy`: persons on the site by its gates, after one event. start and end: the second the event is in. */
export const occupancyWindow = windowHead.extend({
  metric: z.literal('occupancy'),
  present: z.number().int().nonnegative(),
  admitted: z.number().int().nonnegative(),
  left: z.number().int().nonnegative(),
  /** Persons added because more went out than were in. */
  unexplained: z.number().int().nonnegative(),
  approved: z.number().int().positive().nullable(),
  /** present / approved. */
  share: z.number().nonnegative().nullable(),
  safeCapacity: z.number().int().nonnegative(),
  limitedBy: z.enum(['entry', 'holding', 'exit', 'emergency']),
  limits: z.object({ entry: z.number(), holding: z.number(), exit: z.number(), emergency: z.number() }),
  /** Exits nobody can use now. */
  closedExits: z.array(z.string()),
  discountedExit: z.string().nullable(),
  stopTicket: z.boolean(),
});

/** `win.gate`: one counting device after one message, with what was corrected and why. */
export const gateWindow = windowHead.extend({
  metric: z.literal('gate'),
  /** Persons this message added. */
  in: z.number().int().nonnegative(),
  out: z.number().int().nonnegative(),
  /** Persons since the beginning. */
  totalIn: z.number().int().nonnegative(),
  totalOut: z.number().int().nonnegative(),
  corrections: z.array(
    z.object({
      epochMs,
      direction: z.enum(['in', 'out', 'both']),
      reason: z.string(),
      before: z.number(),
      after: z.number(),
      raw: z.number(),
      counted: z.number(),
    }),
  ),
});

/** `warn.<org>.<venue>.stop-ticket`: the order to stop checking tickets (Order 505, Article 18), and its lifting. */
export const stopTicketEvent = z.object({
  type: z.literal('stop-ticket'),
  state: z.enum(['stopped', 'lifted']),
  org: z.string(),
  venue: z.string(),
  epochMs,
  present: z.number().int().nonnegative(),
  admitted: z.number().int().nonnegative(),
  approved: z.number().int().positive(),
});

/** `win.drift`: persons by gates minus persons by zone counts. */
export const driftWindow = windowHead.extend({
  metric: z.literal('drift'),
  gates: z.number(),
  zones: z.number(),
  residual: z.number(),
  /** Persons per hour. */
  perHour: z.number(),
  /** The device whose flow explains the drift best, where one does. */
  culprit: z
    .object({
      device: z.string(),
      direction: z.enum(['in', 'out']),
      share: z.number(),
      explained: share,
    })
    .nullable(),
});

export type FusedDensityWindow = z.infer<typeof fusedDensityWindow>;
export type OccupancyWindow = z.infer<typeof occupancyWindow>;
export type GateWindow = z.infer<typeof gateWindow>;
export type StopTicketEvent = z.infer<typeof stopTicketEvent>;
export type DriftWindow = z.infer<typeof driftWindow>;
