// The one error of this folder.

/** Views or options that cannot be fused. The message says what to correct. */
export class FusionError extends Error {
  override readonly name = 'FusionError';
}
