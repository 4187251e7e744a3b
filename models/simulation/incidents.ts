// Scripted incidents: what goes wrong, where, when. Times are seconds since the simulation's start.
import type { Venue } from '#models/venue/types.ts';

export type Incident =
  /** `perSecond` more people than planned arrive for a gate, and push. */
  | {
      readonly kind: 'surge';
      readonly gate: string;
      readonly atS: number;
      readonly forS: number;
      readonly perSecond: number;
    }
  /** An exit (or a gate as a way out) is locked; people take it for open until `noticedAfterS`. */
  | {
      readonly kind: 'locked-exit';
      readonly exit: string;
      readonly atS: number;
      readonly forS: number;
      readonly noticedAfterS: number;
    }
  /** `persons` in front of a gate turn round and walk back against the rest. */
  | {
      readonly kind: 'counterflow';
      readonly gate: string;
      readonly atS: number;
      readonly forS: number;
      readonly persons: number;
    }
  /** Someone walking in a zone falls and lies there. */
  | { readonly kind: 'fall'; readonly zone: string; readonly atS: number; readonly forS: number }
  /** A camera delivers nothing. The crowd does not notice; the observation of it does. */
  | { readonly kind: 'dead-camera'; readonly camera: string; readonly atS: number; readonly forS: number };

/** An option or an incident that cannot be simulated, with what to do. */
export class SimulationError extends Error {
  readonly remedy: string;

  constructor(problem: string, remedy: string) {
    super(`simulation: ${problem}; ${remedy}`);
    this.name = 'SimulationError';
    this.remedy = remedy;
  }
}

/** The id of the place an incident is about. */
export function placeOf(incident: Incident): string {
  switch (incident.kind) {
    case 'surge':
    case 'counterflow':
      return incident.gate;
    case 'locked-exit':
      return incident.exit;
    case 'fall':
      return incident.zone;
    case 'dead-camera':
      return incident.camera;
  }
}

/** @throws SimulationError for a place the venue does not have, or a time that is not one */
export function checkIncidents(venue: Venue, incidents: readonly Incident[]): void {
  const ids = (list: readonly { readonly id: string }[]): readonly string[] => list.map((p) => p.id);
  for (const incident of incidents) {
    const known =
      incident.kind === 'fall'
        ? ids(venue.zones.filter((z) => z.level === 0))
        : incident.kind === 'dead-camera'
          ? ids(venue.cameras)
          : incident.kind === 'locked-exit'
            ? [...ids(venue.exits), ...ids(venue.gates)]
            : ids(venue.gates);
    const place = placeOf(incident);
    if (!known.includes(place)) {
      throw new SimulationError(
        `incident ${incident.kind} names "${place}", which ${venue.id} does not have`,
        `use one of ${known.slice(0, 8).join(', ')}${known.length > 8 ? ', …' : ''}`,
      );
    }
    if (!(incident.atS >= 0 && incident.forS > 0)) {
      throw new SimulationError(
        `incident ${incident.kind} at ${place} has no proper time`,
        'give atS >= 0 and forS > 0 in seconds since the start',
      );
    }
  }
}
