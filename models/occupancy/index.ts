// models/occupancy: how many persons are on a site by its gates, how many may be, and which sensor drifts. Pure.
export { type Exit, type SafeCapacity, type SiteCapacity, safeCapacity } from './capacity.ts';
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
  type Device,
  type DeviceCorrection,
  type DeviceTotals,
  OccupancyLedger,
  type Reading,
  type Taken,
} from './ledger.ts';
export { type Balance, type Drift, Reconciliation } from './reconcile.ts';
export { StopTicket, type StopTicketChange } from './stop-ticket.ts';
