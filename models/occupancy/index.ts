// models/occupancy: how many persons are on a site by its gates, how many may be, and which sensor drifts. Pure.
export { type Exit, type SafeCapacity, type SiteCapacity, safeCapacity } from './capacity.ts';
export type { Comparison, Persons } from './comparison.ts';
export {
  type Correction,
  type CorrectionReason,
  CumulativeCounter,
  type FlowBound,
  flowBound,
  mostIn,
} from './counter.ts';
export { occupancyDefaults } from './defaults.ts';
export { OccupancyError } from './errors.ts';
export {
  type Counted,
  type Device,
  type DeviceCorrection,
  type DeviceTotals,
  GateCounters,
  type Reading,
} from './gate-counters.ts';
export {
  type CounterKind,
  type DeviceCount,
  type Entry,
  type LedgerCorrection,
  OccupancyLedger,
  type PassageFigures,
  type PassagePlan,
} from './ledger.ts';
export { type LineTaken, LineTally, type LineWindow, type Unseen } from './line-tally.ts';
export { type Balance, type Check, type Drift, Reconciliation } from './reconcile.ts';
export { STOP_BASES, type StopBasis, StopTicket, type StopTicketChange } from './stop-ticket.ts';
