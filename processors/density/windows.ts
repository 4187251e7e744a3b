// The window operator as the density processor configures it for one venue.
import type { Venue } from '#models/venue/index.ts';
import type { KeySpec, WindowConfig } from '#processors/window/index.ts';
import { CLOCK_SOURCE } from '#streams/subjects.ts';
import { densityWindows, type TimeBounds } from './config.ts';
import { PERSONS, SAMPLES, SPEED } from './results.ts';

/** Largest speed that decodes is 1,414 m/s; nobody walks that fast, and the figure shows that something is wrong. */
const MAX_SPEED = 2048;

/** Frame periods for which a camera is awaited at least. */
const AWAITED_PERIODS = 2;

export function windowConfig(venue: Venue, keys: readonly KeySpec[], bounds: TimeBounds): WindowConfig {
  return {
    paneMs: venue.tickMs,
    windows: densityWindows(venue.tickMs),
    sources: [
      ...venue.cameras.map(
        ({ id, framesPerSecond }) =>
          ({
            name: id,
            kind: 'frames',
            rateHz: framesPerSecond,
            // A slow camera is not idle between two of its frames.
            idleMs: Math.max(bounds.idleMs, (AWAITED_PERIODS * 1000) / framesPerSecond),
          }) as const,
      ),
      { name: CLOCK_SOURCE, kind: 'clock' },
    ],
    keys,
    columns: [SPEED],
    aggregates: {
      [PERSONS]: { kind: 'tickMean' },
      [SAMPLES]: { kind: 'count' },
      [SPEED]: { kind: 'mean', column: SPEED, maxAbs: MAX_SPEED },
    },
    ...bounds,
  };
}
