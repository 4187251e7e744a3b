// models/fusion: overlapping views of one floor as one list of persons. Pure.
export { assignSparse, type SparseCosts } from './assignment.ts';
export { type FusionOptions, fusionDefaults } from './defaults.ts';
export { FusionError } from './errors.ts';
export { type FloorCameras, type FusedPersons, type View, ViewFuser } from './fuser.ts';
