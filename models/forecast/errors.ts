// The one error of this folder: input from which no forecast can be made, or a model that cannot be used.

/** A series, horizon, model file or state that cannot be forecast from. The message says what to give instead. */
export class ForecastError extends Error {
  override readonly name = 'ForecastError';
}
