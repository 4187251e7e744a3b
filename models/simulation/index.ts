// models/simulation: a seeded crowd in the demo stadium, with exact ground truth. Pure; reads no clock.
export { Crowd, STATE } from './crowd.ts';
export { PHASES, type Phase, SCHEDULES, type Schedule } from './evening.ts';
export { WEIDMANN, weidmannSpeed } from './fundamental.ts';
export { type Incident, placeOf, SimulationError } from './incidents.ts';
export type { SimulationOptions } from './options.ts';
export { PlaceIndex } from './place-index.ts';
export { Random } from './random.ts';
export { StadiumSimulation } from './stadium.ts';
export { type TickTruth, ZoneCounter, type ZoneTruth } from './truth.ts';

import type { SimulationOptions } from './options.ts';
import { StadiumSimulation } from './stadium.ts';

/**
 * A stadium evening ready to step. The same options give the same evening, to the bit.
 * @throws SimulationError for options that cannot be simulated, saying what to give instead
 */
export function createSimulation(options: SimulationOptions): StadiumSimulation {
  return new StadiumSimulation(options);
}
