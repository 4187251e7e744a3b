// The state of one level's detector: what was learned, what is going on, and which phase it is compared with.
import type { EventPhase } from './index.ts';
import { Learned } from './raster-levels.ts';
import type { PlaceBox } from './raster-places.ts';
import {
  type Blocks,
  blocksOf,
  type RasterFrame,
  type RasterKind,
  rasterKinds,
  SlotSums,
} from './raster-slot.ts';

/** After a change of phase, so long a place must be unusual for the phase before too: programmes are not to the minute. */
const OVERLAP_MS = 120_000;

/** An anomaly that is not over. */
export interface Ongoing {
  kind: RasterKind;
  box: PlaceBox;
  sinceMs: number;
  lastMs: number;
  evidence: number;
  mass: number;
}

/** All that belongs to rasters of one shape. */
export interface Level {
  readonly shape: Omit<RasterFrame, 'cells' | 'epochMs'>;
  readonly blocks: Blocks;
  readonly sums: SlotSums;
  learned: Learned;
  ongoing: Ongoing[];
  /** Alarms of late by kind: each counts 1/e after ALARM_MEMORY_MS. */
  alarms: number[];
  /** Phase of the newest judged slot, the one before it, and the end of its first slot. */
  phase: EventPhase;
  phaseBefore: EventPhase;
  phaseSinceMs: number;
  /** End of the slot in progress. */
  endMs: number;
}

/** The phases that a slot is compared with: its own, and just after a change the one before too. */
export function phasesOf({ phase, phaseBefore, phaseSinceMs, endMs }: Level): readonly EventPhase[] {
  return endMs - phaseSinceMs < OVERLAP_MS && phaseBefore !== phase ? [phase, phaseBefore] : [phase];
}

/** A level of which nothing was seen. */
export function newLevel(shape: Level['shape'], blockM: number, endMs: number): Level {
  const blocks = blocksOf(shape, blockM);
  return {
    shape,
    blocks,
    sums: new SlotSums(blocks, shape.width, shape.height),
    learned: new Learned(blocks.count),
    ongoing: [],
    alarms: rasterKinds.map(() => 0),
    phase: 'none',
    phaseBefore: 'none',
    phaseSinceMs: endMs,
    endMs,
  };
}
