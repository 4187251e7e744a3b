// Which windows flow keeps, how far around a line counts as "near" it, and its bounds of time.
import type { WindowSpec } from '#processors/window/index.ts';
import type { TimeBounds } from '../shared/bounds.ts';

export interface FlowWindowSpec extends WindowSpec {
  /** First token after `win.` of its results. */
  readonly metric: string;
}

const WANTED = [
  { metric: 'flow', lengthMs: 5_000 },
  { metric: 'flow-30s', lengthMs: 30_000 },
  { metric: 'flow-60s', lengthMs: 60_000 },
  { metric: 'flow-15m', lengthMs: 900_000 },
] as const;
const HOP_MS = 1_000;

/** The windows of a venue with this tick; the first is the tick itself. Lengths are rounded to whole ticks. */
export function flowWindows(tickMs: number): FlowWindowSpec[] {
  const nearest = (ms: number): number => Math.max(1, Math.round(ms / tickMs)) * tickMs;
  return [
    { metric: 'flow-now', name: 'flow-now', lengthMs: tickMs, hopMs: tickMs },
    ...WANTED.map(({ metric, lengthMs }) => ({
      metric,
      name: metric,
      lengthMs: nearest(lengthMs),
      hopMs: nearest(HOP_MS),
    })),
  ];
}

/** The windows of flow, under names of their own: `flow-fused-now`, `flow-fused`, ... */
export function fusedFlowWindows(tickMs: number): FlowWindowSpec[] {
  return flowWindows(tickMs).map((spec) => {
    const metric = spec.metric.replace('flow', 'flow-fused');
    return { ...spec, metric, name: metric };
  });
}

/** Shorter windows say nothing of a sustained flow or of a stop-and-go wave, which lasts about half a minute. */
export const SUSTAINED_MS = 30_000;

/** Density is taken over the line's width and this far to both sides, m. */
export const APPROACH_M = 2;

/**
 * A late frame cannot correct a count over a line, so flow waits longer for stragglers than density does: figures over 30 s
 * and more lose nothing by two seconds.
 */
export const FLOW_BOUNDS: TimeBounds = {
  disorderMs: 2_000,
  latenessMs: 10_000,
  idleMs: 3_000,
  futureMs: 5_000,
};

/**
 * A person nearer to a line than this decides nothing, m: standing people whose tracks tremble would be counted to and fro.
 * Twice the 0.15 m of noise of ordinary floor projections; 0 for exact positions.
 */
export const LINE_BAND_M = 0.3;
