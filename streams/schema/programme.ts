// win.programme: the events of a venue with their phases, as far as they are known. It stands among the results so that
// whoever reads results reads it in the same order, live and again.
import { z } from 'zod';
import { eventPhases } from './events.ts';

const epochMs = z.number().int().nonnegative();

/** The whole programme each time it changes: who begins to read late needs the latest alone. */
export const programmeMessage = z.object({
  metric: z.literal('programme'),
  org: z.string(),
  venue: z.string(),
  key: z.literal('venue'),
  /** Event time of the change, UTC epoch ms. */
  epochMs,
  /** In order of their beginnings. */
  events: z.array(z.object({ event: z.string(), title: z.string(), phases: eventPhases })),
});

export type ProgrammeMessage = z.infer<typeof programmeMessage>;
