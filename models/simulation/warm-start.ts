// An evening under way: puts a crowd where it would be by now, most seated, some within, the rest outside the gates.
import { facadeRing, OFFSETS } from '#models/venue/demo/stadium-plan.ts';
import type { Arrivals } from './arrivals.ts';
import type { Crowd } from './crowd.ts';
import { ERRAND } from './errand.ts';
import type { Random } from './random.ts';
import type { Site } from './site.ts';
import type { Stands } from './stands.ts';
import type { Walkers } from './walk.ts';
import type { Ways } from './ways.ts';

/** Of those who have come: up to here seated, from there to here within the gates, the rest outside. */
const SEATED_SHARE = 0.78;
const WITHIN_SHARE = 0.88;
/** People stand nearer their goal than this, by e, m of way. */
const SPREAD_M = 50;
const MAX_TRIES = 5_000;

export interface WarmStartParts {
  readonly crowd: Crowd;
  readonly arrivals: Arrivals;
  readonly ways: Ways;
  readonly site: Site;
  readonly stands: Stands;
  readonly walkers: Walkers;
  readonly random: Random;
  readonly seated: (i: number) => void;
}

/** Places a person on each of `seats`, or on the way there; whoever finds no room in many tries stands at the origin. */
export function placeCrowd(seats: Uint32Array, parts: WarmStartParts): void {
  const { crowd, arrivals, ways, site, stands, walkers, random } = parts;
  const persons = seats.length;
  walkers.index();
  const cells = new Map<number, number[]>();
  for (let k = 0; k < persons; k++) {
    const seat = seats[k]!;
    const gate = arrivals.pickGate(seat);
    const share = k / persons;
    const goal = share < WITHIN_SHARE ? ways.stairGoal(stands.seats.sector[seat]!) : gate;
    const i = arrivals.person({ edge: arrivals.pickEdge(), gate, calm: 1, seat }, 0, 0);
    if (i < 0) return;
    if (share < SEATED_SHARE) {
      stands.sit(i);
      parts.seated(i);
      continue;
    }
    const field = ways.field(goal);
    const reach = cells.get(goal) ?? site.reach(field);
    cells.set(goal, reach);
    crowd.goal[i] = goal;
    if (goal >= ways.stair0) crowd.errand[i] = ERRAND.toSeat;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const c = reach[random.below(reach.length)]!;
      if (goal < ways.stair0 && !isOutside(site, c)) continue;
      if (random.uniform() > Math.exp(-field.cost[c]! / SPREAD_M)) continue;
      const { x, y } = site.centre(c);
      if (!walkers.isFree(x, y, 0.6)) continue;
      crowd.x[i] = x;
      crowd.y[i] = y;
      break;
    }
    walkers.note(crowd.x[i]!, crowd.y[i]!);
  }
}

/** True for cells outside the façade. */
function isOutside(site: Site, cell: number): boolean {
  const { x, y } = site.centre(cell);
  return facadeRing.distance(x, y) > OFFSETS.facadeOuter;
}
