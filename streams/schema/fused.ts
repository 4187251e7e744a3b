// fused.<org>.<venue>.tick: that a tick of the fusion is complete, and which cameras it was made from. Whoever reads fused
// persons learns from it how time goes on, what was looked at, and that "nobody" means nobody and not a dead camera.
import { z } from 'zod';

const epochMs = z.number().int().nonnegative();

/** Stored behind the fused frames of its tick. Ticks follow one another without a gap, also those without a frame. */
export const fusedTick = z.object({
  org: z.string(),
  venue: z.string(),
  /** The tick is [start, end), event time in UTC epoch ms. */
  start: epochMs,
  end: epochMs,
  /** Levels of which this tick has a fused frame: those with a live camera. */
  levels: z.array(z.number().int()),
  /** Event times of the frames that were fused, by camera, ascending; cameras that sent nothing are left out. */
  frames: z.record(z.string(), z.array(epochMs)),
});

export type FusedTick = z.infer<typeof fusedTick>;
