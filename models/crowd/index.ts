// Crowd measures: pure functions over columns of positions in metres and velocities in m/s. docs/measures.md says
// formula, unit, source and error of each.
export { classicDensity, countInside, meanSpeed } from './area.ts';
export {
  type Crossing,
  crossingSign,
  cumulativeCrossings,
  firstCrossings,
  type LineFlow,
  lineFlow,
  onLineTolerance,
} from './crossings.ts';
export { MeasureError } from './errors.ts';
export { createGrid, type Grid, type GridProfile, gridCell, gridCounts, gridProfile } from './grid.ts';
export {
  countCell,
  countFrameShares,
  measureScene,
  parseScene,
  type Scene,
  type SceneMeasures,
} from './scene.ts';
export { individualVelocities, type SpeedBorder, type Velocities } from './speed.ts';
export {
  createTrajectories,
  type FrameRows,
  framesOf,
  perFrame,
  type Trajectories,
  tracksOf,
} from './trajectories.ts';
export {
  type CutOff,
  cellAreaInside,
  individualDensity,
  type VoronoiCells,
  VoronoiTessellation,
  voronoiDensity,
  voronoiSpeed,
} from './voronoi.ts';
