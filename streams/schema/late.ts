// late.<metric>: input that no window could take any more, and stretches of time without windows. Never silent.
import { z } from 'zod';

const epochMs = z.number().int().nonnegative();
const address = { org: z.string(), venue: z.string(), source: z.string() };

export const lateNotice = z.discriminatedUnion('reason', [
  /** A frame that came after its windows were closed for good. */
  z.object({
    reason: z.literal('late'),
    ...address,
    epochMs,
    seq: z.number(),
    samples: z.number(),
    watermarkMs: epochMs,
  }),
  /** A frame that claims a time further ahead of the venue's than its clock can be wrong. */
  z.object({
    reason: z.literal('future'),
    ...address,
    epochMs,
    seq: z.number(),
    samples: z.number(),
    venueMs: epochMs,
  }),
  /** Window ends in [fromMs, toMs) were not issued: no source, not even the clock, sent anything. */
  z.object({ reason: z.literal('gap'), ...address, fromMs: epochMs, toMs: epochMs }),
]);

export type LateNotice = z.infer<typeof lateNotice>;
