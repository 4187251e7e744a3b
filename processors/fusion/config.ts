// Windows and bounds of fused density.
import { densityWindows } from '../density/config.ts';
import type { TimeBounds } from '../shared/bounds.ts';

/** Frames are fused in order, tick by tick: late ones cannot correct, so that stragglers are waited for a second. */
export const FUSION_BOUNDS: TimeBounds = {
  disorderMs: 1_000,
  latenessMs: 10_000,
  idleMs: 3_000,
  futureMs: 5_000,
};

/** Share of a zone that must be seen for its count to be known: below it the correction is a guess. Choice. */
export const LEAST_OBSERVED = 0.25;

/** Frame periods without a frame until a camera is not live. */
export const HELD_PERIODS = 2;

/** The windows of density, under names of their own: `density-fused`, `density-fused-now`, ... */
export function fusedWindows(tickMs: number): ReturnType<typeof densityWindows> {
  return densityWindows(tickMs).map((spec) => {
    const metric = spec.metric.replace('density', 'density-fused');
    return { ...spec, metric, name: metric };
  });
}
