// What is dense in a zone, cell by cell: a mean over a large zone hides the packed core of a queue, and signs of a crowd that loses
// control mean something only where people touch.
import {
  addVelocity,
  crowdPressure,
  emptyMoments,
  type Grid,
  gridCell,
  type VelocityMoments,
} from '#models/crowd/index.ts';
import type { PressureOptions } from './config.ts';
import type { Persons } from './level.ts';

/** Cells of one zone at one instant; NaN is unknown. */
export interface CellFigures {
  /** Crowd pressure in cells: mean weighted by persons, and greatest, 1/s2. */
  readonly pressure: number;
  readonly peak: number;
  /** Persons in packed cells, and the density there, p/m2. */
  readonly packed: number;
  readonly packedDensity: number;
  /** Crowd pressure within packed cells, pooled, 1/s2; below 0 where noise was less than stated. */
  readonly packedPressure: number;
  /** Mean velocity of the persons in packed cells. */
  readonly packedVx: number;
  readonly packedVy: number;
  /** Density of the fullest cell, p/m2; 0 where no cell has enough persons. */
  readonly fullest: number;
  /** Share of the persons in busy cells who move against each other: 2 min(F, B) / n, summed over cells. */
  readonly opposing: number;
}

interface Cell {
  readonly moments: VelocityMoments;
  readonly members: number[];
  area: number;
}

/** @param cellArea area of each person's Voronoi cell, m2; 0: outside the floor */
export function cellFigures(
  persons: Persons,
  members: Int32Array,
  cellArea: Float64Array,
  grid: Grid,
  options: PressureOptions,
): CellFigures {
  const { x, y, vx, vy } = persons;
  const { leastPersons, noiseVariance, packedDensity, busyDensity } = options;
  const cells = new Map<number, Cell>();
  for (const i of members) {
    if (cellArea[i] === 0) continue;
    const at = gridCell(grid, x[i]!, y[i]!);
    let cell = cells.get(at);
    if (cell === undefined) {
      cell = { moments: emptyMoments(), members: [], area: 0 };
      cells.set(at, cell);
    }
    addVelocity(cell.moments, vx[i]!, vy[i]!);
    cell.members.push(i);
    cell.area += cellArea[i]!;
  }
  let [sum, weight, peak, fullest] = [0, 0, Number.NaN, 0];
  const packed = { persons: 0, area: 0, squares: 0, freedom: 0 };
  const common = emptyMoments();
  const busy = { opposing: 0, persons: 0 };
  for (const { moments, members: mine, area } of cells.values()) {
    const density = mine.length / area;
    if (mine.length >= leastPersons && density > fullest) fullest = density;
    const dense = mine.length >= leastPersons && density >= packedDensity;
    if (dense) {
      packed.persons += mine.length;
      packed.area += area;
    }
    if (moments.samples < leastPersons) continue;
    const pressure = crowdPressure(density, moments, noiseVariance);
    sum += pressure * moments.samples;
    weight += moments.samples;
    if (!(pressure <= peak)) peak = pressure;
    if (dense) {
      // Noise is taken off the pooled sum, never cell by cell: what is cut off at 0 in each cell would add up.
      const freedom = moments.samples - 1;
      packed.squares += density * (squaresAboutMean(moments) - freedom * noiseVariance);
      packed.freedom += freedom;
      common.samples += moments.samples;
      common.sumX += moments.sumX;
      common.sumY += moments.sumY;
    }
    if (density >= busyDensity) {
      busy.opposing += opposing(persons, mine, noiseVariance);
      busy.persons += moments.samples;
    }
  }
  const enough = packed.freedom >= options.leastPacked;
  return {
    pressure: weight === 0 ? Number.NaN : sum / weight,
    peak,
    packed: packed.persons,
    packedDensity: packed.persons === 0 ? Number.NaN : packed.persons / packed.area,
    packedPressure: enough ? packed.squares / packed.freedom : Number.NaN,
    packedVx: enough ? common.sumX / common.samples : Number.NaN,
    packedVy: enough ? common.sumY / common.samples : Number.NaN,
    fullest,
    opposing: busy.persons >= options.leastPacked ? busy.opposing / busy.persons : Number.NaN,
  };
}

/** Sum of |v - <v>|^2. */
function squaresAboutMean({ samples, sumX, sumY, sumSquares }: VelocityMoments): number {
  return Math.max(0, sumSquares - (sumX * sumX + sumY * sumY) / samples);
}

/** Nobody slower than this is going anywhere, m/s. Choice: a tenth of walking. */
const LEAST_SPEED = 0.1;

/**
 * 2 min(F, B): persons who move along the cell's main axis of motion and have as many against them. Who is slower than twice the
 * noise of a velocity may stand still: of a standing crowd one in twenty is then counted.
 */
function opposing({ vx, vy }: Persons, members: readonly number[], noiseVariance: number): number {
  let [xx, xy, yy] = [0, 0, 0];
  for (const i of members) {
    const [u, v] = [vx[i]!, vy[i]!];
    if (Number.isNaN(u) || Number.isNaN(v)) continue;
    xx += u * u;
    xy += u * v;
    yy += v * v;
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  const [ax, ay] = [Math.cos(angle), Math.sin(angle)];
  const moving = Math.max(LEAST_SPEED, 2 * Math.sqrt(noiseVariance / 2));
  let [forward, backward] = [0, 0];
  for (const i of members) {
    // NaN is neither.
    const along = vx[i]! * ax + vy[i]! * ay;
    if (along > moving) forward++;
    else if (along < -moving) backward++;
  }
  return 2 * Math.min(forward, backward);
}
