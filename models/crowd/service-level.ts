// Level of service A to F after Fruin (1971), by density or by flow.
import { crowdDefaults } from './defaults.ts';
import { MeasureError } from './errors.ts';

export type ServiceLevel = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

const letters: readonly ServiceLevel[] = ['A', 'B', 'C', 'D', 'E', 'F'];

/** Where people walk, or where they stand and wait: the same density means different things. */
export type AreaUse = 'walking' | 'standing';

/**
 * Level by density in 1/m2. A value exactly on a bound has the better level (Fruin: "35 square feet or more" is A).
 * @param bounds five rising densities at which B to F begin
 * @throws MeasureError on a density that is negative or not a number
 */
export function levelByDensity(
  density: number,
  use: AreaUse = 'walking',
  bounds: readonly number[] = use === 'walking'
    ? crowdDefaults.walkwayDensityBounds.value
    : crowdDefaults.queueDensityBounds.value,
): ServiceLevel {
  return levelOf(density, bounds, 'density');
}

/**
 * Level by flow in persons per metre of width and minute (not second). Flow falls again beyond capacity, so a low
 * flow is no proof of comfort: give density with it.
 * @throws MeasureError on a flow that is negative or not a number
 */
export function levelByFlow(
  flowPerMetreAndMinute: number,
  bounds: readonly number[] = crowdDefaults.walkwayFlowBounds.value,
): ServiceLevel {
  return levelOf(flowPerMetreAndMinute, bounds, 'flow');
}

function levelOf(value: number, bounds: readonly number[], what: string): ServiceLevel {
  if (!(value >= 0)) throw new MeasureError(`level of service needs a ${what} from 0, got ${value}`);
  if (bounds.length !== 5 || bounds.some((b, i) => i > 0 && !(b > bounds[i - 1])))
    throw new MeasureError('level of service needs five rising bounds, for B, C, D, E and F');
  let k = 0;
  while (k < 5 && value > bounds[k]) k++;
  return letters[k];
}
