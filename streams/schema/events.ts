// obs.counts, obs.access, obs.fence, obs.business, obs.health: small observations as JSON in CloudEvents.
// Event time is `epochMs`, UTC epoch milliseconds; the CloudEvent's own time repeats it.
import { z } from 'zod';
import { MAX_EPOCH_MS } from './tracks.ts';

const epochMs = z.number().int().nonnegative().max(MAX_EPOCH_MS);
const name = z.string().min(1).max(200);
const count = z.number().int().nonnegative().max(4_294_967_295);

/** A gate, turnstile or counting line over an interval. */
export const countsEvent = z.object({
  epochMs,
  /** The gate or line counted at. */
  at: name,
  /** `delta`: persons since the last message. `cumulative`: the counter's own reading, which may wrap or reset. */
  mode: z.enum(['delta', 'cumulative']),
  in: count,
  out: count,
  /** Start of the interval the counts cover; the end is epochMs. */
  sinceMs: epochMs.optional(),
});

/** A door: someone asked to pass, or the door changed its state. */
export const accessEvent = z.object({
  epochMs,
  door: name,
  action: z.enum(['granted', 'denied', 'opened', 'closed', 'forced', 'held-open', 'locked', 'unlocked']),
  direction: z.enum(['in', 'out', 'unknown']),
  /** A pseudonym of the holder; never a name or a card number. */
  holder: z.string().max(200).optional(),
  reason: z.string().max(500).optional(),
});

/** An electronic fence or perimeter sensor. */
export const fenceEvent = z.object({
  epochMs,
  fence: name,
  state: z.enum(['armed', 'disarmed', 'breached', 'restored', 'fault', 'tamper']),
  /** Where along the fence, metres from its start; absent when the sensor does not say. */
  positionM: z.number().nonnegative().max(100_000).optional(),
});

/** A part of an event's programme: the phase holds from `fromMs` until before `toMs`, UTC epoch ms. */
export const phaseSpan = z.object({
  phase: z.enum(['ingress', 'play', 'half-time', 'egress']),
  fromMs: epochMs,
  toMs: epochMs,
});

/** The phases of one event: each longer than nothing, in order of time, none before the end of the one before. */
export const eventPhases = z
  .array(phaseSpan)
  .min(1)
  .max(64)
  .refine(
    (phases) => phases.every(({ fromMs, toMs }, i) => toMs > fromMs && fromMs >= (phases[i - 1]?.toMs ?? 0)),
    'phases must be in order of time, each longer than nothing, and must not overlap',
  );

/** A record of a safety business system: an inspection, a licence, a training, a high-risk project, an event. */
export const businessEvent = z.object({
  epochMs,
  record: name,
  type: z.enum(['inspection', 'hazard', 'licence', 'training', 'high-risk-project', 'event', 'other']),
  status: z.enum(['open', 'in-progress', 'closed', 'expired', 'cancelled']),
  title: z.string().max(500),
  /** When it has to be done, where it has to be. */
  dueMs: epochMs.optional(),
  /** Of an `event`: its programme. The latest message of a record holds; `cancelled` withdraws the programme. */
  phases: eventPhases.optional(),
});

/** A source or device about itself. */
export const healthEvent = z.object({
  epochMs,
  component: name,
  state: z.enum(['up', 'degraded', 'down']),
  /** Why it is not up, in words for the operator. */
  reason: z.string().max(500).optional(),
  framesPerSecond: z.number().nonnegative().max(10_000).optional(),
});

export type CountsEvent = z.infer<typeof countsEvent>;
export type AccessEvent = z.infer<typeof accessEvent>;
export type FenceEvent = z.infer<typeof fenceEvent>;
export type PhaseSpanMessage = z.infer<typeof phaseSpan>;
export type BusinessEvent = z.infer<typeof businessEvent>;
export type HealthEvent = z.infer<typeof healthEvent>;
