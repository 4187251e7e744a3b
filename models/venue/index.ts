// models/venue: the venue as floors, zones, gates, exits, cameras, doors and fences in local metres. Pure, browser-safe.
export { localToWgs84, wgs84ToLocal } from './anchor.ts';
export type { VenueDocument, VenueFeature, VenueHead } from './document.ts';
export { VenueError, type VenueErrorCode } from './errors.ts';
export { type Organisation, parseOrganisations } from './organisations.ts';
export { parseVenue } from './parse.ts';
export type {
  AreaM,
  Camera,
  Fence,
  GeoAnchor,
  Level,
  Names,
  Passage,
  Stair,
  Venue,
  Zone,
} from './types.ts';
export { formatVenueDocument, writeVenue } from './write.ts';
