// What a venue's model says of its gates, exits and room, as the ledger and safe capacity need it.
import { distanceToSegment } from '#models/geometry/index.ts';
import { OccupancyError, type PassagePlan, type SiteCapacity } from '#models/occupancy/index.ts';
import type { Passage, Venue } from '#models/venue/index.ts';
import type { OccupancySettings } from './settings.ts';

export type { OccupancySettings } from './settings.ts';

/** A door this near an exit's line is a door of that exit, m. */
const DOOR_OF_EXIT_M = 2;

export interface Site {
  /** Where persons are counted: gates, exits and doors, each with its counter of record. */
  readonly passages: readonly PassagePlan[];
  readonly capacity: SiteCapacity;
  /** Exits that a door closes when locked, by door; an exit's own id is one of its doors. */
  readonly exitsOfDoor: ReadonlyMap<string, readonly string[]>;
  readonly exitsOfFence: ReadonlyMap<string, readonly string[]>;
}

/**
 * Gates, exits and doors count, gates and exits by camera lines too; gates let in; exits and open gates let out; seated and
 * standing zones hold.
 * @throws OccupancyError for settings that name what the venue does not have
 */
export function siteOf(venue: Venue, settings: OccupancySettings): Site {
  const { gates, exits, doors, zones } = venue;
  const named = [...gates, ...exits, ...doors];
  checkNames('counters', Object.keys(settings.counters ?? {}), named);
  checkNames('tickets', settings.tickets ?? [], named);
  checkNames('fences', Object.keys(settings.fences ?? {}), exits);
  const plan =
    (line: boolean) =>
    ({ id, lanes, widthM }: Passage): PassagePlan => ({
      id,
      line,
      widthM,
      counter: settings.counters?.[id] ?? 'auto',
      ...(lanes === undefined ? {} : { lanes }),
    });
  const passages = [...[...gates, ...exits].map(plan(true)), ...doors.map(plan(false))];
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
    passages,
    capacity: {
      entryLanes: gates.reduce((sum, { lanes = 0 }) => sum + lanes, 0),
      entryWidthM: gates.reduce((sum, { lanes, widthM }) => sum + (lanes === undefined ? widthM : 0), 0),
      holding,
      exits: exits.map(({ id, widthM }) => ({ id, widthM })),
      ...present(settings.capacity),
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

function checkNames(
  setting: string,
  ids: readonly string[],
  known: readonly { readonly id: string }[],
): void {
  for (const id of ids)
    if (!known.some((one) => one.id === id))
      throw new OccupancyError(`the setting "${setting}" names "${id}", which the venue does not have there`);
}

type Capacity = Pick<SiteCapacity, 'physical' | 'safetyManagement' | 'emergencyMin'>;

/** What is set, without what is only named. */
function present({
  physical,
  safetyManagement,
  emergencyMin,
}: NonNullable<OccupancySettings['capacity']> = {}): Capacity {
  return {
    ...(physical === undefined ? {} : { physical }),
    ...(safetyManagement === undefined ? {} : { safetyManagement }),
    ...(emergencyMin === undefined ? {} : { emergencyMin }),
  };
}
