// Which windows pressure keeps, and what of its measures a venue may choose.
import { type CutOff, crowdDefaults } from '#models/crowd/index.ts';
import type { WindowSpec } from '#processors/window/index.ts';

export interface PressureWindowSpec extends WindowSpec {
  /** First token after `win.` of its results. */
  readonly metric: string;
}

const WANTED = [
  { metric: 'pressure', lengthMs: 5_000 },
  { metric: 'pressure-60s', lengthMs: 60_000 },
  { metric: 'pressure-15m', lengthMs: 900_000 },
] as const;
const HOP_MS = 1_000;
/** The window that also says whether the zone swings. */
export const SWINGING_METRIC = 'pressure-60s';

/** The windows of a venue with this tick; the first is the tick itself. Lengths are rounded to whole ticks. */
export function pressureWindows(tickMs: number): PressureWindowSpec[] {
  const nearest = (ms: number): number => Math.max(1, Math.round(ms / tickMs)) * tickMs;
  return [
    { metric: 'pressure-now', name: 'pressure-now', lengthMs: tickMs, hopMs: tickMs },
    ...WANTED.map(({ metric, lengthMs }) => ({
      metric,
      name: metric,
      lengthMs: nearest(lengthMs),
      hopMs: nearest(HOP_MS),
    })),
  ];
}

/** Two periods of the slowest oscillation looked for (0.03 Hz), and a tick to spare, ms. */
export const SWING_MS = 70_000;

export interface PressureOptions {
  /** Largest extent of a Voronoi cell. PedPy's usual circle of 0.8 m. */
  readonly cutOff: CutOff;
  /** Side of the cells within which velocities are compared, m. */
  readonly pressureCellM: number;
  /** Side of the cells of the velocity field for the congestion number, m. */
  readonly fieldCellM: number;
  /** Persons with a known velocity from which a cell or a zone has a variance. */
  readonly leastPersons: number;
  /**
   * Variance in m2/s2 that measurement noise adds to a velocity, both axes together; taken off. 0 takes nothing off: then
   * noisy tracks read as pressure. A camera with 0.1 m/s of noise per axis reads 0.02 m2/s2 * density in a crowd at rest.
   */
  readonly noiseVariance: number;
  /** Density from which a cell is packed: people touch, and motion passes from one to the next, p/m2. */
  readonly packedDensity: number;
  /** Density from which two ways through a cell are in each other's way, p/m2. */
  readonly busyDensity: number;
  /** Persons with a known velocity in packed (busy) cells from which figures of them are known. */
  readonly leastPacked: number;
}

export const DEFAULT_PRESSURE: PressureOptions = {
  cutOff: { radius: 0.8, quadSegments: 3 },
  pressureCellM: 2,
  fieldCellM: 1,
  leastPersons: 5,
  noiseVariance: 0,
  // Fruin: contact at 3.57 p/m2 (EPJ Data Science epjds17); level D, where reverse and crossing flows are severely restricted.
  packedDensity: 3.57,
  busyDensity: crowdDefaults.walkwayDensityBounds.value[2],
  // Choice: with 0.1 m/s of noise per axis, stated, the pressure of 50 persons at 4.5 p/m2 errs by 0.013 1/s2 in a tick and by
  // 0.004 in the ten of 5 s: a fifth of the threshold of turbulence.
  leastPacked: 50,
};

/** Nobody runs faster, m/s: such a velocity is a tracker's jump and is taken as unknown. */
export const MAX_SPEED = 12;
/** Figures are kept in fixed point up to these; what is beyond is shown as the bound. */
export const BOUNDS = { density: 64, pressure: 8, congestion: 512, dispersal: 16, persons: 2 ** 20 } as const;
