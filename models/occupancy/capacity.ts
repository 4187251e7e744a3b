// Safe capacity of a site after the Green Guide: the least of what can enter, what there is room for, and what can leave in
// time, with the largest exit taken as unusable. A locked or blocked exit takes its share away at once.
import { occupancyDefaults as d } from './defaults.ts';
import { OccupancyError } from './errors.ts';

export interface Exit {
  readonly id: string;
  readonly widthM: number;
  /** Over steps people leave more slowly. Default false. */
  readonly stepped?: boolean;
}

export interface SiteCapacity {
  /** Turnstile lanes of all entrances, and the width of entrances without, m. */
  readonly entryLanes: number;
  readonly entryWidthM: number;
  /** Places where people stay: seats or persons, or else area in m2 for standing. */
  readonly holding: readonly { readonly persons?: number; readonly areaM2: number }[];
  readonly exits: readonly Exit[];
  /** Physical condition and safety management, 0..1. */
  readonly physical?: number;
  readonly safetyManagement?: number;
  /** Minutes within which all must be out in an emergency: 2.5 to 8 by fire risk. */
  readonly emergencyMin?: number;
}

export interface SafeCapacity {
  /** The least of the four, persons. */
  readonly safe: number;
  readonly entry: number;
  readonly holding: number;
  readonly exit: number;
  readonly emergency: number;
  readonly limitedBy: 'entry' | 'holding' | 'exit' | 'emergency';
  /** Exits that are closed now, and the open one taken as unusable. */
  readonly closed: readonly string[];
  readonly discounted: string | null;
}

/**
 * entry = (660 lanes + 82 * 60 width) per hour * 1 h; holding = sum of places * min(P, S);
 * exit = 8 min * sum of widths * 82 or 66 p/m/min without the largest open exit; emergency the same in 2.5 to 8 min.
 * @param closed ids of exits that nobody can use now
 * @throws OccupancyError for factors outside 0..1, an egress time outside 2.5..8 min or an unknown exit
 */
export function safeCapacity(site: SiteCapacity, closed: ReadonlySet<string> = new Set()): SafeCapacity {
  const { physical = d.physical.value, safetyManagement = d.safetyManagement.value } = site;
  const { emergencyMin = d.emergencyTime.value } = site;
  for (const factor of [physical, safetyManagement])
    if (!(factor >= 0 && factor <= 1)) throw new OccupancyError(`a factor of ${factor}; P and S lie in 0..1`);
  if (!(emergencyMin >= 2.5 && emergencyMin <= 8))
    throw new OccupancyError(`emergency egress in ${emergencyMin} min; the Green Guide allows 2.5 to 8`);
  for (const id of closed)
    if (!site.exits.some((exit) => exit.id === id))
      throw new OccupancyError(`there is no exit "${id}" to close`);

  const rate = ({ widthM, stepped }: Exit): number =>
    widthM * (stepped ? d.exitStepped.value : d.exitLevel.value);
  const open = site.exits.filter(({ id }) => !closed.has(id));
  let largest: Exit | undefined;
  for (const exit of open) if (largest === undefined || rate(exit) > rate(largest)) largest = exit;
  const perMin = open.reduce((sum, exit) => sum + (exit === largest ? 0 : rate(exit)), 0);

  const entryPerHour = site.entryLanes * d.entryLanePerHour.value + site.entryWidthM * d.exitLevel.value * 60;
  const places = site.holding.reduce(
    (sum, { persons, areaM2 }) => sum + (persons ?? areaM2 * d.standingDensity.value),
    0,
  );
  const limits = {
    entry: Math.floor((entryPerHour * d.entryTime.value) / 3600),
    holding: Math.floor(places * Math.min(physical, safetyManagement)),
    exit: Math.floor(perMin * d.egressTime.value),
    emergency: Math.floor(perMin * emergencyMin),
  };
  const limitedBy = (['entry', 'holding', 'exit', 'emergency'] as const).reduce((least, name) =>
    limits[name] < limits[least] ? name : least,
  );
  return {
    safe: limits[limitedBy],
    ...limits,
    limitedBy,
    closed: site.exits.filter(({ id }) => closed.has(id)).map(({ id }) => id),
    discounted: largest?.id ?? null,
  };
}
