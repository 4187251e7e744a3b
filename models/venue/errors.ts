// What can be wrong with a venue document, as one typed error that names the feature and what to do.

export type VenueErrorCode =
  | 'document-malformed'
  | 'feature-malformed'
  | 'id-not-token'
  | 'id-duplicate'
  | 'level-unknown'
  | 'level-missing'
  | 'ring-self-intersects'
  | 'ring-degenerate'
  | 'zone-off-floor'
  | 'camera-coverage-missing';

/** `feature` is the feature's id, or `#n` (its place in the collection, from 0) where it has none; '' for the document. */
export class VenueError extends Error {
  readonly code: VenueErrorCode;
  readonly feature: string;
  readonly remedy: string;

  constructor(code: VenueErrorCode, feature: string, problem: string, remedy: string) {
    super(`venue${feature === '' ? '' : ` feature "${feature}"`}: ${problem}; ${remedy}`);
    this.name = 'VenueError';
    this.code = code;
    this.feature = feature;
    this.remedy = remedy;
  }
}
