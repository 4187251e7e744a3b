// Which windows the density processor keeps, made to fit the venue's tick.
import type { WindowSpec } from '#processors/window/index.ts';
import type { TimeBounds } from '../shared/bounds.ts';

export interface DensityWindowSpec extends WindowSpec {
  /** First token after `win.` of its results. */
  readonly metric: string;
}

/**
 * `density-now` is one tick; `density` is the live figure of the wall. All but the first hop once a second.
 * A venue whose tick does not divide a second (a recording at 1.25 frames per second) gets the nearest multiples of its
 * tick: every result says its own start and end.
 */
const WANTED = [
  { metric: 'density', lengthMs: 5_000 },
  { metric: 'density-60s', lengthMs: 60_000 },
  { metric: 'density-15m', lengthMs: 900_000 },
] as const;
const HOP_MS = 1_000;

export const NOW_METRIC = 'density-now';

/** The windows of a venue with this tick; the first is the tick itself. */
export function densityWindows(tickMs: number): DensityWindowSpec[] {
  const nearest = (ms: number): number => Math.max(1, Math.round(ms / tickMs)) * tickMs;
  return [
    { metric: NOW_METRIC, name: NOW_METRIC, lengthMs: tickMs, hopMs: tickMs },
    ...WANTED.map(({ metric, lengthMs }) => ({
      metric,
      name: metric,
      lengthMs: nearest(lengthMs),
      hopMs: nearest(HOP_MS),
    })),
  ];
}

export type { TimeBounds };

/**
 * Defaults suit cameras on a local network with synchronised clocks. One late camera in fifty must not hold the whole wall back:
 * it is awaited for a second, and what it sends later corrects the windows.
 */
export const DEFAULT_BOUNDS: TimeBounds = {
  disorderMs: 500,
  latenessMs: 10_000,
  idleMs: 1_000,
  futureMs: 5_000,
};
