// What a runner knows of itself from its start on, through every going back to a checkpoint: health is read from it.
import type { SetAsideCounts } from './meters.ts';

export interface Tally extends SetAsideCounts {
  messages: number;
  outputs: number;
  /** Outputs left out in lives that have ended. */
  suppressed: number;
  /** Messages in the stream behind the last batch. */
  lag: number;
  /** Of the newest checkpoint written or restored. */
  generation: number;
  recoveries: number;
  /** Worker threads lost since the last checkpoint. */
  lostEngines: number;
  lastBatchMs: number | undefined;
  /** When the last checkpoint was begun, epoch ms; 0: none yet. */
  lastCheckpointMs: number;
  /** From its snapshot to its being written, ms. */
  checkpointTookMs: number;
}

export function emptyTally(): Tally {
  return {
    messages: 0,
    outputs: 0,
    suppressed: 0,
    undecodable: 0,
    poisonous: 0,
    lag: 0,
    generation: 0,
    recoveries: 0,
    lostEngines: 0,
    lastBatchMs: undefined,
    lastCheckpointMs: 0,
    checkpointTookMs: 0,
  };
}
