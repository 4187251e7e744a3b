// Densities that people are warned of, to say when they will be reached. Defaults for the safety officer to edit and sign.
import type { Zone } from '#models/venue/index.ts';
import { DEFAULT_LEVEL_RULES } from '../rules/default-levels.ts';

export type LevelName = 'blue' | 'yellow' | 'orange' | 'red';
const NAMES: readonly LevelName[] = ['blue', 'yellow', 'orange', 'red'];

/** Level and density, p/m2, by the use of a zone; ascending. The figures and their sources are those of the level rules. */
export const DENSITY_LEVELS: Readonly<Record<Zone['use'], readonly (readonly [LevelName, number])[]>> = {
  moving: levels('moving'),
  standing: levels('standing'),
  seated: levels('seated'),
  pitch: levels('pitch'),
  water: levels('water'),
};

function levels(use: Zone['use']): readonly (readonly [LevelName, number])[] {
  const { thresholds } = DEFAULT_LEVEL_RULES[use];
  return NAMES.flatMap((name) => {
    const density = thresholds[name];
    return density === undefined ? [] : [[name, density] as const];
  });
}
