// The demo venues, drawn by program so that every seat and wall has a reason; venues/*.geojson is their output.
import { hallText, parkText, poolText } from './others.ts';
import { stadiumText } from './stadium.ts';

export { RoundedRing } from './ring.ts';
export {
  OFFSETS,
  SECTORS,
  type SeatPlan,
  STADIUM_SEATS,
  sectorCentre,
  stadiumSeats,
} from './stadium-plan.ts';

/** File name (without ending) -> text of the document. */
export const demoVenues: Readonly<Record<string, () => string>> = {
  'harbour-stadium': stadiumText,
  'lotus-pool': poolText,
  'north-hall': hallText,
  'east-lake-park': parkText,
};
