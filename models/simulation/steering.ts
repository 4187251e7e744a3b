// Which way each walking person wants: to a lane in front of its gate, else along the flow field of its goal.
import { type Crowd, STATE } from './crowd.ts';
import { ERRAND } from './errand.ts';
import { HEADING_COS, HEADING_SIN, NO_HEADING } from './field.ts';
import type { Gates } from './gates.ts';
import { cellAt } from './raster.ts';
import type { Site } from './site.ts';
import type { Walkers } from './walk.ts';
import type { Ways } from './ways.ts';

/** Fills the walkers' wanted headings. */
export function steer(crowd: Crowd, walkers: Walkers, ways: Ways, gates: Gates, site: Site): void {
  const { wantX, wantY, raster } = walkers;
  for (let i = 0; i < crowd.high; i++) {
    if (crowd.state[i] !== STATE.walk) continue;
    const x = crowd.x[i]!;
    const y = crowd.y[i]!;
    const goal = crowd.goal[i]!;
    if (goal < ways.stair0 && gates.steerToLane(i, ways.gates[goal]!, x, y)) continue;
    const cell = cellAt(raster, x, y);
    const h = ways.field(goal).heading[cell]!;
    if (h === NO_HEADING) {
      // On the line just crossed, which is a wall to the field of the next goal: go on through.
      const line = site.passages[site.nearPassage[cell]!];
      const way = crowd.errand[i] === ERRAND.toSeat ? 1 : -1;
      wantX[i] = line === undefined ? 0 : way * line.inX;
      wantY[i] = line === undefined ? 0 : way * line.inY;
      continue;
    }
    const b = crowd.bias[i]!;
    const c = HEADING_COS[h]!;
    const s = HEADING_SIN[h]!;
    // Small-angle turn by the personal bias, near enough to a unit vector.
    const n = 1 / Math.sqrt(1 + b * b);
    wantX[i] = (c - s * b) * n;
    wantY[i] = (s + c * b) * n;
  }
}
