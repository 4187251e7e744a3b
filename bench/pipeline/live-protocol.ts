// What the processes of the live benches say to each other.
import type { TimeBounds } from '#processors/density/index.ts';

export const LIVE_VENUE = 'live';
export const START_MS = 1_750_000_000_000;
/** On frames of the last camera: when it was published, ns of the machine's monotonic clock. */
export const SENT_HEADER = 'Tidewatch-Sent-Ns';

/** Cameras are in order here, and waiting for stragglers is event time, not processing: a result is due with its last frame. */
export const LIVE_BOUNDS: TimeBounds = { disorderMs: 0, latenessMs: 10_000, idleMs: 3_000, futureMs: 5_000 };

export interface LiveOrder {
  readonly framesPerS: number;
  readonly seconds: number;
}

export interface LiveReport {
  /** Frames sent for this order, and since the beginning; all stored by the server. */
  readonly sent: number;
  readonly total: number;
  /** Until the last was stored. */
  readonly seconds: number;
}

export interface LiveHealth {
  readonly messages: number;
  readonly rssMb: number;
  /** CPU seconds used since its start. */
  readonly cpuS: number;
}

export function isOrder(value: unknown): value is LiveOrder {
  return hasNumbers(value, ['framesPerS', 'seconds']);
}

export function isReport(value: unknown): value is LiveReport {
  return hasNumbers(value, ['sent', 'total', 'seconds']);
}

export function isHealth(value: unknown): value is LiveHealth {
  return hasNumbers(value, ['messages', 'rssMb', 'cpuS']);
}

function hasNumbers(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return names.every((name) => typeof fields.get(name) === 'number');
}
