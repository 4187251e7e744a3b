// The public face of the window engine: exact sliding event-time windows over batches of frames.
export {
  type AggregateSpec,
  type PaneContext,
  type UserAggregate,
  type UserSample,
  userAggregate,
} from './aggregates/spec.ts';
export { TICK_QUANTUM } from './aggregates/tick-mean.ts';
export { canonicalOutput, canonicalRows } from './canonical.ts';
export { isWindowError, WindowError, type WindowErrorCode } from './errors.ts';
export { WindowOperator } from './operator.ts';
export { windowed } from './rx.ts';
export {
  type LastingSession,
  type Session,
  type SessionConfig,
  SessionOperator,
  type SessionOutput,
} from './sessions.ts';
export type * from './types.ts';
