// Speed against density: Weidmann 1993, "Transporttechnik der Fussgaenger", the Kladek formula for level floor.

/** Mean free speed, m/s; spread of it between persons; density at which walking stops, 1/m2; shape, 1/m2. */
export const WEIDMANN = { freeSpeed: 1.34, spread: 0.26, jamDensity: 5.4, gamma: 1.913 } as const;

/** Mean walking speed, m/s, at `density` 1/m2; 0 from the jam density on. */
export function weidmannSpeed(density: number): number {
  if (density <= 0) return WEIDMANN.freeSpeed;
  const v = WEIDMANN.freeSpeed * (1 - Math.exp(-WEIDMANN.gamma * (1 / density - 1 / WEIDMANN.jamDensity)));
  return v > 0 ? v : 0;
}

const STEP = 0.01;
const TABLE = Float64Array.from(
  { length: Math.ceil(WEIDMANN.jamDensity / STEP) + 2 },
  (_, i) => weidmannSpeed(i * STEP) / WEIDMANN.freeSpeed,
);

/** The share of the free speed left at `density`, from a table. */
export function speedShare(density: number): number {
  const i = (density / STEP) | 0;
  return i < TABLE.length ? TABLE[i]! : 0;
}
