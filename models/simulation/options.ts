// What a simulated evening is asked for, and the refusal of what cannot be simulated.
import { SECTORS } from '#models/venue/demo/stadium-plan.ts';
import type { Venue } from '#models/venue/types.ts';
import type { Schedule } from './evening.ts';
import { checkIncidents, type Incident, SimulationError } from './incidents.ts';

export interface SimulationOptions {
  /** A venue with gates, edges, stairs and the seating plan of the demo stadium. */
  readonly venue: Venue;
  readonly seed?: number;
  /** Event time of the first instant, UTC epoch ms, a whole second. */
  readonly startMs: number;
  readonly schedule?: Schedule;
  /** People of an evening, at most the seats. Default 10,000. */
  readonly attendance?: number;
  /** People already there at the start, at most `attendance`. Default 5,500; 0 starts an evening from its beginning. */
  readonly present?: number;
  readonly incidents?: readonly Incident[];
  /** People one ticket-checked lane admits in an hour. Green Guide: 660. */
  readonly laneRatePerHour?: number;
}

/** @throws SimulationError for options that cannot be simulated, saying what to give instead */
export function checkOptions(o: SimulationOptions, attendance: number, present: number, seats: number): void {
  const whole = (v: number): boolean => Number.isInteger(v) && v >= 0;
  if (!whole(o.startMs) || o.startMs % 1000 !== 0) {
    throw new SimulationError(
      `startMs ${o.startMs} is not a whole second`,
      'give UTC epoch ms, a multiple of 1000',
    );
  }
  if (!whole(attendance) || attendance > seats) {
    throw new SimulationError(
      `attendance ${attendance} is not within 0..${seats}`,
      'give at most the number of seats',
    );
  }
  if (!whole(present) || present > attendance) {
    throw new SimulationError(`present ${present} exceeds the attendance ${attendance}`, 'lower present');
  }
  const { venue } = o;
  if (
    venue.gates.length === 0 ||
    (venue.edges ?? []).length === 0 ||
    (venue.stairs ?? []).length !== SECTORS
  ) {
    throw new SimulationError(
      `venue ${venue.id} lacks gates, edges or its ${SECTORS} stairs`,
      'simulate the demo stadium (venues/harbour-stadium.geojson)',
    );
  }
  checkIncidents(venue, o.incidents ?? []);
}
