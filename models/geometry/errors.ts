// The one error of this folder: geometry that cannot be measured.

/** A polygon, ring or WKT text that has no meaning as a floor area. The message says what to correct. */
export class GeometryError extends Error {
  override readonly name = 'GeometryError';
}
