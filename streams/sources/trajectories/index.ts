// Recorded trajectories as a source: files of many formats -> columns in metres -> frames on their own clock.
export type { FrameOptions, Instant, OutgoingFrame } from './frames.ts';
export { durationMs, eventTimeMs, instants, outgoingFrames, periodMs, trackFrames } from './frames.ts';
export { project, readHomography } from './homography.ts';
export { detectFormat, readTrajectories } from './read.ts';
export type { FramePublisher, ReplayOptions, ReplayReport, WallClock } from './replay.ts';
export { replay, wallClock } from './replay.ts';
export type {
  BadRow,
  FormatName,
  Homography,
  LengthUnit,
  ReadOptions,
  Trajectories,
} from './types.ts';
export { FORMAT_NAMES, TrajectoryError, UNIT_NAMES } from './types.ts';
export { RecordingVenueError, tickForPeriod, venueForRecording } from './venue.ts';
