// How often the processor forecasts, and how far ahead.

/** Time between values and between forecasts, ms. */
export const STEP_MS = 60_000;
export const HORIZONS_MS: readonly number[] = [5 * STEP_MS, 15 * STEP_MS, 30 * STEP_MS];
