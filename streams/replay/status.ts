// What a session says of itself on `replay.<session>.status`: once when it begins, about once a second, and when it ends.
import { z } from 'zod';
import { replaySubject } from './subjects.ts';

const epochMs = z.number().int().nonnegative();

export const replayStatus = z.object({
  session: z.string(),
  org: z.string(),
  venue: z.string(),
  /** `running`; `complete`: everything up to `toMs` is there; `ended`: history ended earlier; `stopped` by who asked. */
  state: z.enum(['running', 'complete', 'ended', 'stopped']),
  fromMs: epochMs,
  toMs: epochMs,
  /** Factor of real time; null at maximum speed. */
  speed: z.number().positive().nullable(),
  /** Event time up to which results are there; null while nothing is. */
  eventMs: epochMs.nullable(),
  results: z.number().int().nonnegative(),
  /** Whether thresholds, zones or bounds differ from the venue's own. */
  changed: z.boolean(),
  /** In which way results may differ from live's, as sentences; known when it ends. */
  differs: z.array(z.string()),
});

export type ReplayStatus = z.infer<typeof replayStatus>;

export function replayStatusSubject(session: string): string {
  return replaySubject(session, 'status');
}
