// The one error of this folder: input from which no crowd measure can be computed.

/** Positions, tracks or parameters a measure has no meaning for. The message says what to correct. */
export class MeasureError extends Error {
  override readonly name = 'MeasureError';
}
