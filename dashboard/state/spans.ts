// How far the wall looks back and ahead.

/** Past of the charts. */
export const HISTORY_MS = 10 * 60_000;
/** The longest horizon of the forecasts: so far ahead the charts reach when there are any. */
export const AHEAD_MS = 30 * 60_000;
