// The lines people pass: lanes of a gate that take one person after the other, who may go through and who may not.
import type { EveningClock } from './clock.ts';
import type { Crowd } from './crowd.ts';
import { ERRAND } from './errand.ts';
import type { Random } from './random.ts';
import type { PassageLine, Site } from './site.ts';
import type { Walkers } from './walk.ts';
import type { Ways } from './ways.ts';

/** Within these distances of a gate, m, people choose a lane; the outermost metre of a gate is its posts. */
const LANE_FAR_M = 20;
const LANE_NEAR_M = 7;
const LANE_MARGIN_M = 0.8;

export interface GateParts {
  readonly crowd: Crowd;
  readonly clock: EveningClock;
  readonly site: Site;
  readonly ways: Ways;
  readonly walkers: Walkers;
  readonly random: Random;
  /** Sector of each seat. */
  readonly sector: ArrayLike<number>;
  /** The edge each person goes home by. */
  readonly home: Uint8Array;
  /** Mean seconds a lane takes for one ticket. */
  readonly serviceS: number;
}

export class Gates {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /**
   * In front of a gate: from afar towards a lane of one's own, so that the crowd spreads over the width; close by straight
   * to the nearest lane, as nobody can cross a queue. False where person `i` at (x, y) is not in front of it.
   */
  steerToLane(i: number, gate: PassageLine, x: number, y: number): boolean {
    const depth = (x - gate.ax) * gate.inX + (y - gate.ay) * gate.inY;
    if (depth < -LANE_FAR_M || depth > 0.4) return false;
    const along = ((x - gate.ax) * (gate.bx - gate.ax) + (y - gate.ay) * (gate.by - gate.ay)) / gate.length;
    const close = depth > -LANE_NEAR_M;
    if (Math.abs(along - gate.length / 2) > gate.length / 2 + (close ? 2 : 6)) return false;
    const { crowd, walkers } = this.#parts;
    const lanes = Math.max(1, gate.lanes);
    const lane = close ? laneAt(gate, along) : crowd.serial[i]! % lanes;
    const t = (LANE_MARGIN_M + ((gate.length - 2 * LANE_MARGIN_M) * (lane + 0.5)) / lanes) / gate.length;
    const to = close ? 0.8 : 3 - LANE_NEAR_M;
    const dx = gate.ax + (gate.bx - gate.ax) * t + to * gate.inX - x;
    const dy = gate.ay + (gate.by - gate.ay) * t + to * gate.inY - y;
    const d = Math.hypot(dx, dy);
    walkers.wantX[i] = dx / d;
    walkers.wantY[i] = dy / d;
    return true;
  }

  /** May person `i` step to (nx, ny)? Whoever passes a gate or exit is given its next goal. */
  permit(i: number, nx: number, ny: number, cell: number): boolean {
    const { crowd, clock, site, ways, random, sector, home, serviceS } = this.#parts;
    const k = site.nearPassage[cell]!;
    if (k < 0) return true;
    const p = site.passages[k]!;
    const before = (crowd.x[i]! - p.ax) * p.inX + (crowd.y[i]! - p.ay) * p.inY;
    const after = (nx - p.ax) * p.inX + (ny - p.ay) * p.inY;
    if (before < 0 === after < 0) return true;
    if (p.locked) return false;
    if (after < 0) {
      if (crowd.errand[i] !== ERRAND.leave) return false;
      crowd.goal[i] = ways.edgeGoal(home[i]!);
      return true;
    }
    if (p.kind !== 'gate' || ways.gates[crowd.goal[i]!] !== p) return false;
    const along = ((nx - p.ax) * (p.bx - p.ax) + (ny - p.ay) * (p.by - p.ay)) / p.length;
    const lane = laneAt(p, along);
    if (p.laneFree[lane]! > clock.timeS) return false;
    p.laneFree[lane] = clock.timeS + serviceS * (0.6 + 0.8 * random.uniform());
    crowd.goal[i] = ways.stairGoal(sector[crowd.seat[i]!]!);
    crowd.errand[i] = ERRAND.toSeat;
    crowd.calm[i] = 1;
    return true;
  }
}

/** The lane at `along` metres from the start of a gate's line. */
function laneAt(gate: PassageLine, along: number): number {
  const n = gate.laneFree.length;
  const lane = Math.floor(((along - LANE_MARGIN_M) / (gate.length - 2 * LANE_MARGIN_M)) * n);
  return Math.min(n - 1, Math.max(0, lane));
}
