// The crowd simulator as a source of camera observations, with ground truth.
export type { Incident, Schedule, TickTruth } from '#models/simulation/index.ts';
export { createSimulation, SCHEDULES, SimulationError } from '#models/simulation/index.ts';
export type { Outgoing } from './delivery.ts';
export { countBounds, DEFAULT_NOISE, NO_NOISE, type NoiseModel } from './noise.ts';
export { eveningPhases, eveningRecord, type PublishRecord, tellingProgramme } from './programme.ts';
export {
  type Clock,
  type ObservationOptions,
  type Observations,
  type Publish,
  publishObservations,
  type RunFigures,
  SYSTEM_CLOCK,
  simulateObservations,
} from './simulate.ts';
export { TruthLog } from './truth-log.ts';
