// What a venue's model says of its gates, exits and room, as the ledger and safe capacity need it.
import { distanceToSegment } from '#models/geometry/index.ts';
import type { Device, SiteCapacity } from '#models/occupancy/index.ts';
import type { Passage, Venue } from '#models/venue/index.ts';

export interface OccupancySettings {
  /** The number approved for the event; without it no stop-ticket order is given. */
  readonly approved?: number;
  /** Persons on the site when counting begins. */
  readonly initial?: number;
  /** Doors and gates where each access granted is one person, because nothing else counts there. */
  readonly tickets?: readonly string[];
  /** Fences that block an exit while they are armed, by exit. */
  readonly fences?: Readonly<Record<string, readonly string[]>>;
  /** Factors and times of safe capacity (models/occupancy/defaults.ts). */
  readonly capacity?: Pick<SiteCapacity, 'physical' | 'safetyManagement' | 'emergencyMin'>;
}

/** A door this near an exit's line is a door of that exit, m. */
const DOOR_OF_EXIT_M = 2;

export interface Site {
  readonly devices: readonly Device[];
  readonly capacity: SiteCapacity;
  /** Exits that a door closes when locked, by door; an exit's own id is one of its doors. */
  readonly exitsOfDoor: ReadonlyMap<string, readonly string[]>;
  readonly exitsOfFence: ReadonlyMap<string, readonly string[]>;
}

/** Gates, exits and doors count; gates let in; exits and open gates let out; seated and standing zones hold. */
export function siteOf(venue: Venue, settings: OccupancySettings): Site {
  const { gates, exits, doors, zones } = venue;
  const devices = [...gates, ...exits, ...doors].map(({ id, lanes, widthM }) =>
    lanes === undefined ? { id, widthM } : { id, lanes },
  );
  const staying = zones.filter(({ use }) => use === 'seated' || use === 'standing');
  const holding = (staying.length > 0 ? staying : zones.filter(({ use }) => use !== 'pitch')).map(
    ({ capacity, areaM2 }) => (capacity === undefined ? { areaM2 } : { areaM2, persons: capacity }),
  );
  const exitsOfDoor = new Map<string, string[]>();
  const exitsOfFence = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, key: string, exit: string): void => {
    map.set(key, [...(map.get(key) ?? []), exit]);
  };
  for (const exit of exits) {
    add(exitsOfDoor, exit.id, exit.id);
    for (const door of doors) if (isDoorOf(door, exit)) add(exitsOfDoor, door.id, exit.id);
    for (const fence of settings.fences?.[exit.id] ?? []) add(exitsOfFence, fence, exit.id);
  }
  return {
    devices,
    capacity: {
      entryLanes: gates.reduce((sum, { lanes = 0 }) => sum + lanes, 0),
      entryWidthM: gates.reduce((sum, { lanes, widthM }) => sum + (lanes === undefined ? widthM : 0), 0),
      holding,
      exits: exits.map(({ id, widthM }) => ({ id, widthM })),
      ...settings.capacity,
    },
    exitsOfDoor,
    exitsOfFence,
  };
}

function isDoorOf(door: Passage, exit: Passage): boolean {
  const [x, y] = [(door.a[0] + door.b[0]) / 2, (door.a[1] + door.b[1]) / 2];
  const line = { ax: exit.a[0], ay: exit.a[1], bx: exit.b[0], by: exit.b[1] };
  return door.level === exit.level && distanceToSegment(line, x, y) <= DOOR_OF_EXIT_M;
}
