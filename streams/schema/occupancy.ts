// Fused density, counters, exits, occupancy, gates, drift and the stop-ticket order, as JSON. Fields with a default are new in
// version 2 of their message; the default is what version 1 meant.
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

const corrections = z.array(
  z.object({
    epochMs,
    direction: z.enum(['in', 'out', 'both']),
    reason: z.string(),
    before: z.number(),
    after: z.number(),
    raw: z.number(),
    counted: z.number(),
  }),
);
const persons = z.object({ in: z.number().int(), out: z.number().int() });
const counterKind = z.enum(['device', 'line']);
/** Time without sight, summed over lines, ms, and the persons to be expected in it at the rate of before. */
const unseen = z.object({ ms: z.number().nonnegative(), in: z.number(), out: z.number() });
const NOTHING_UNSEEN = { ms: 0, in: 0, out: 0 };

/** `win.counter`: what one message of a turnstile, door or ticket check counted. start and end: the second it was taken in. */
export const counterWindow = windowHead.extend({
  metric: z.literal('counter'),
  /** Instant of the message, and the beginning of the time it counted in. */
  epochMs,
  sinceMs: epochMs,
  in: z.number().int().nonnegative(),
  out: z.number().int().nonnegative(),
  totalIn: z.number().int().nonnegative(),
  totalOut: z.number().int().nonnegative(),
  corrections,
});

/** `win.exits`: exits that nobody can use, after a message of a door or fence. */
export const exitsWindow = windowHead.extend({
  metric: z.literal('exits'),
  epochMs,
  closed: z.array(z.string()),
});

/** `win.occupancy`: persons on the site by its gates, after one event. start and end: the second the event is in. */
export const occupancyWindow = windowHead.extend({
  metric: z.literal('occupancy'),
  present: z.number().int().nonnegative(),
  /** Since counting began; who comes back is admitted again. */
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
  /** Persons on the site when counting began, and when that was; null in version 1. */
  initial: z.number().int().nonnegative().default(0),
  /** False where nobody said how many were there then: `present` is then the change since, and at least so many. */
  initialKnown: z.boolean().default(false),
  countedFromMs: epochMs.nullable().default(null),
  /** Passages that nothing counts now: persons pass there and are not in these figures. */
  blind: z.array(z.string()).default([]),
  /** Persons who may have passed lines of record while no camera saw them; not part of the figures above. */
  unseen: unseen.default(NOTHING_UNSEEN),
  /** The number compared with the approved one, and which it is; null without an approved number and in version 1. */
  stopOn: z.enum(['admitted', 'present']).default('present'),
  compared: z.number().int().nonnegative().nullable().default(null),
});

/** `win.gate`: one passage after one message of its counter of record (or a second of its line), or of its check. */
export const gateWindow = windowHead.extend({
  metric: z.literal('gate'),
  /** Persons added since the last result. Negative only where a line's window was corrected. */
  in: z.number().int(),
  out: z.number().int(),
  /** Persons since the beginning. */
  totalIn: z.number().int().nonnegative(),
  totalOut: z.number().int().nonnegative(),
  corrections,
  /** The counter of record: a device, or the camera line. */
  counter: counterKind.default('device'),
  unseen: unseen.default(NOTHING_UNSEEN),
  /** The other counter beside it over the same time; null where there is none, or nothing to compare yet. */
  check: z
    .object({
      counter: counterKind,
      /** The line's time at which they were compared. */
      atMs: epochMs,
      record: persons,
      check: persons,
      /** Time in which the line did not see, ms. */
      unseenMs: z.number().nonnegative(),
    })
    .nullable()
    .default(null),
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
  /** Which number was compared, and its value; of version 1 `present`. */
  stopOn: z.enum(['admitted', 'present']).default('present'),
  compared: z.number().int().nonnegative().nullable().default(null),
  /** Part of `compared` that nobody saw: persons expected to have come in while lines of record could not see. */
  unseenIn: z.number().int().nonnegative().default(0),
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
      /** What gave it away: its flow, or that it departs from the other counter of its passage. */
      by: z.enum(['flow', 'check']).default('flow'),
    })
    .nullable(),
  /** Passages with two counters: what the counter of record counted more than its check in the time looked at. */
  checks: z
    .array(
      z.object({
        device: z.string(),
        counter: counterKind,
        in: z.number().int(),
        out: z.number().int(),
        /** Persons the counter of record counted, both ways. */
        passed: z.number().int(),
        /** Which of the two the zone counts contradict; null while they agree or the zones do not decide. */
        suspect: z.enum(['record', 'check']).nullable(),
      }),
    )
    .default([]),
});

export type FusedDensityWindow = z.infer<typeof fusedDensityWindow>;
export type CounterWindow = z.infer<typeof counterWindow>;
export type ExitsWindow = z.infer<typeof exitsWindow>;
export type OccupancyWindow = z.infer<typeof occupancyWindow>;
export type GateWindow = z.infer<typeof gateWindow>;
export type StopTicketEvent = z.infer<typeof stopTicketEvent>;
export type DriftWindow = z.infer<typeof driftWindow>;
