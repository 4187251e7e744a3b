// Anomaly scores: a streaming detector for one series with a plain reason for every score.
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
export {
  createJointDetector,
  type EventPhase,
  eventPhases,
  type JointCode,
  type JointDetector,
  type JointResult,
  type JointSnapshot,
  restoreJointDetector,
} from './joint.ts';
export { type AnomalyCode, type AnomalyReason, describeReason } from './reason.ts';
