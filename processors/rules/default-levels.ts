// The levels that hold where nobody has set others. They are defaults for the venue's safety officer to edit and sign.
import type { Zone } from '#models/venue/index.ts';
import type { LevelRule } from './levels.ts';

export type ZoneUse = Zone['use'];

/**
 * Density, p/m2. Moving areas: 2 is where walkers are slowed, 3.5 contact begins (3.57), between 5 and 6 it becomes dangerous
 * (5.55): Fruin's points as listed in EPJ Data Science 6:17. Standing areas begin at 4; never plan above 7.
 */
const MOVING = { blue: 2, yellow: 3.5, orange: 5, red: 6 } as const;
const STANDING = { yellow: 4, orange: 5, red: 6 } as const;

/** Against flicker: how far and how long a figure must be beyond a threshold. Judgement, not literature. */
const STEADY = { hysteresis: 0.2, raiseAfterMs: 5_000, clearAfterMs: 30_000 } as const;

/** Seats are counted as standing, pitch and water as moving areas. */
export const DEFAULT_LEVEL_RULES: Readonly<Record<ZoneUse, LevelRule>> = {
  moving: { thresholds: MOVING, ...STEADY },
  standing: { thresholds: STANDING, ...STEADY },
  seated: { thresholds: STANDING, ...STEADY },
  pitch: { thresholds: MOVING, ...STEADY },
  water: { thresholds: MOVING, ...STEADY },
};
