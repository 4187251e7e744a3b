// Individual velocity from recorded tracks: displacement over a symmetric frame step, with a stated border rule.
// PedPy (Schroedter et al.), "individual speed"; Steffen & Seyfried, Physica A 389 (2010) 1902.
import { MeasureError } from './errors.ts';
import { type Trajectories, tracksOf } from './trajectories.ts';

/**
 * What happens where the step reaches beyond the track's first or last row:
 * - `exclude`: no speed (NaN);
 * - `adaptive`: the step shrinks on both sides to what is there (counted in frames);
 * - `single-sided`: the missing side is replaced by the present position.
 * `exclude` and `single-sided` count the step in rows of the track, `adaptive` in frames: they differ when a track
 * has gaps, as they do in PedPy.
 */
export type SpeedBorder = 'exclude' | 'adaptive' | 'single-sided';

/** Per row of the trajectories, m/s; NaN where the rule gives none (always so for a track of one row). */
export type Velocities = {
  readonly speed: Float64Array;
  readonly vx: Float64Array;
  readonly vy: Float64Array;
};

/**
 * Velocity of every row: (position at +step) - (position at -step), over the time between them.
 * @param frameStep frames to either side, a whole number from 1
 * @throws MeasureError on another frame step
 */
export function individualVelocities(
  t: Trajectories,
  frameStep: number,
  border: SpeedBorder = 'single-sided',
): Velocities {
  if (!Number.isInteger(frameStep) || frameStep < 1)
    throw new MeasureError(`frame step must be a whole number from 1, got ${frameStep}`);
  const n = t.id.length;
  const speed = new Float64Array(n).fill(Number.NaN);
  const vx = new Float64Array(n).fill(Number.NaN);
  const vy = new Float64Array(n).fill(Number.NaN);
  for (const track of tracksOf(t)) {
    const endsOf =
      border === 'adaptive' ? adaptiveEnds(t, track, frameStep) : rowEnds(track, frameStep, border);
    for (let k = 0; k < track.length; k++) {
      const ends = endsOf(k);
      if (!ends) continue;
      const [a, b] = ends;
      const seconds = (t.frame[b] - t.frame[a]) / t.frameRate;
      if (seconds === 0) continue;
      const row = track[k];
      const dx = t.x[b] - t.x[a];
      const dy = t.y[b] - t.y[a];
      speed[row] = Math.sqrt(dx * dx + dy * dy) / seconds;
      vx[row] = dx / seconds;
      vy[row] = dy / seconds;
    }
  }
  return { speed, vx, vy };
}

type Ends = (k: number) => readonly [start: number, end: number] | undefined;

function rowEnds(track: Int32Array, step: number, border: 'exclude' | 'single-sided'): Ends {
  return (k) => {
    const hasPast = k - step >= 0;
    const hasFuture = k + step < track.length;
    if (border === 'exclude' && !(hasPast && hasFuture)) return undefined;
    return [track[hasPast ? k - step : k], track[hasFuture ? k + step : k]];
  };
}

function adaptiveEnds(t: Trajectories, track: Int32Array, step: number): Ends {
  const rowAt = new Map<number, number>();
  for (const row of track) rowAt.set(t.frame[row], row);
  const first = t.frame[track[0]];
  const last = t.frame[track[track.length - 1]];
  return (k) => {
    const frame = t.frame[track[k]];
    const reach = Math.min(step, frame - first, last - frame);
    const a = rowAt.get(frame - reach);
    const b = rowAt.get(frame + reach);
    return reach === 0 || a === undefined || b === undefined ? undefined : [a, b];
  };
}
