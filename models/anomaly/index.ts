// Anomaly scores: a streaming detector for one series with a plain reason for every score.
export {
  CONTEXT_SECTIONS,
  ContextualScores,
  type EventScore,
  FALSE_ALARMS_PER_SERIES_DAY,
} from './contextual.ts';
export { EVENTS_TO_LEARN } from './course.ts';
export {
  AnomalyInputError,
  type AnomalyResult,
  createDetector,
  type Detector,
  type DetectorOptions,
  defaultDetectorOptions,
  detectorStateBytes,
  restoreDetector,
} from './detector.ts';
export { SeenMagnitudes } from './discovery.ts';
export { HealthWatch } from './health.ts';
export {
  createJointDetector,
  type JointCode,
  type JointDetector,
  type JointResult,
  type JointSnapshot,
  restoreJointDetector,
} from './joint.ts';
export {
  type EventPhase,
  type EventPlace,
  type EventProgramme,
  eventPhases,
  type PhaseSpan,
  placeAt,
} from './programme.ts';
export { type AnomalyCode, type AnomalyReason, describeReason } from './reason.ts';
