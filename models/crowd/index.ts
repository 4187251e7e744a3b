// Crowd measures: pure functions over columns of positions in metres and velocities in m/s. docs/measures.md says
// formula, unit, source and error of each.
export { classicDensity, countInside, meanSpeed } from './area.ts';
export { type Congestion, congestion, velocityRotor } from './congestion.ts';
export {
  type Crossing,
  crossingSign,
  cumulativeCrossings,
  firstCrossings,
  type IntervalFlow,
  intervalFlows,
  type LineFlow,
  lineFlow,
  onLineTolerance,
} from './crossings.ts';
export { type Cited, crowdDefaults } from './defaults.ts';
export { type DwellOptions, DwellTracker, type Stay } from './dwell.ts';
export { MeasureError } from './errors.ts';
export { createGrid, type Grid, type GridProfile, gridCell, gridCounts, gridProfile } from './grid.ts';
export { LineCounter, type LineCounterOptions, type LineCrossing } from './line-counter.ts';
export {
  type Counterflow,
  counterflow,
  type Dispersal,
  dispersal,
  isStopAndGo,
  type StopAndGoLimits,
  stopAndGoLimits,
} from './motion.ts';
export { detectOscillation, type Oscillation, type OscillationOptions } from './oscillation.ts';
export {
  addToGrid,
  addVelocity,
  crowdPressure,
  emptyMoments,
  isTurbulent,
  mergeMoments,
  type VelocityMoments,
  velocityVariance,
} from './pressure.ts';
export {
  countCell,
  countFrameShares,
  countGrids,
  type FrameVoronoi,
  frameVoronoi,
  measureScene,
  parseScene,
  type Scene,
  type SceneMeasures,
} from './scene.ts';
export { type AreaUse, levelByDensity, levelByFlow, type ServiceLevel } from './service-level.ts';
export { individualVelocities, type SpeedBorder, type Velocities } from './speed.ts';
export {
  createTrajectories,
  type FrameRows,
  framesOf,
  perFrame,
  type Trajectories,
  tracksOf,
} from './trajectories.ts';
export { type CutOff, type VoronoiCells, VoronoiTessellation } from './voronoi.ts';
export { cellAreaInside, individualDensity, voronoiDensity, voronoiSpeed } from './voronoi-measures.ts';
export { type ZoneMembers, ZoneSet, type ZoneVoronoi } from './zones.ts';
