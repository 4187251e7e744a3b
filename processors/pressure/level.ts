// One level's figures at one instant: Voronoi density, crowd pressure, congestion, counterflow and dispersal of every zone.
import {
  congestion,
  counterflow,
  createGrid,
  dispersal,
  type Grid,
  gridProfile,
  VoronoiTessellation,
  ZoneSet,
} from '#models/crowd/index.ts';
import { boundingBox } from '#models/geometry/index.ts';
import type { Level, Zone } from '#models/venue/index.ts';
import { type AreaIndex, createAreaIndex } from '../density/area-index.ts';
import { type CellFigures, cellFigures } from './cells.ts';
import type { PressureOptions } from './config.ts';

/** Persons of one level at one instant, each seen once. NaN velocity is unknown. */
export interface Persons {
  readonly n: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly vx: Float64Array;
  readonly vy: Float64Array;
}

/** One zone at one instant; NaN is unknown. */
export interface ZoneInstant extends CellFigures {
  density: number;
  congestion: number;
  counterflow: number;
  /** Rate at which the zone's people move apart, 1/s. */
  dispersal: number;
  /** Persons of the zone, as indexes. */
  members: Int32Array;
  /** Mean velocity of those whose velocity is known. */
  meanVx: number;
  meanVy: number;
}

export class LevelMeasure {
  readonly #options: PressureOptions;
  readonly #zones: ZoneSet;
  readonly #parts: readonly VoronoiTessellation[];
  readonly #floor: AreaIndex;
  readonly #pressureGrids: readonly Grid[];
  readonly #fieldGrids: readonly Grid[];

  constructor(level: Level, zones: readonly Zone[], options: PressureOptions) {
    this.#options = options;
    this.#zones = new ZoneSet(zones.map(({ area }) => area));
    this.#parts = level.walkable.map((part) => new VoronoiTessellation(part, options.cutOff));
    this.#floor = createAreaIndex(level.walkable);
    this.#pressureGrids = zones.map(({ area }) => gridAround(boundingBox(area), options.pressureCellM));
    this.#fieldGrids = zones.map(({ area }) => gridAround(boundingBox(area), options.fieldCellM));
  }

  /** In the order of the zones. */
  measure(persons: Persons): ZoneInstant[] {
    const { n, x, y } = persons;
    const { start, members } = this.#zones.locate(x, y, n);
    const { density, cellArea } = this.#voronoi(persons);
    return this.#zones.zones.map((_, z) => {
      const mine = members.slice(start[z], start[z + 1]);
      const vx = pick(persons.vx, mine);
      const vy = pick(persons.vy, mine);
      const cells = cellFigures(persons, mine, cellArea, this.#pressureGrids[z]!, this.#options);
      const flow = this.#meanVelocity(vx, vy);
      const px = pick(x, mine);
      const py = pick(y, mine);
      const grid = this.#fieldGrids[z]!;
      const field = gridProfile(grid, px, py, vx, vy);
      const enough = !Number.isNaN(flow.x);
      return {
        ...cells,
        density: density[z]!,
        congestion: enough
          ? (congestion(grid, field.vx, field.vy, density[z]!)?.number ?? Number.NaN)
          : Number.NaN,
        counterflow: enough ? (counterflow(vx, vy)?.index ?? Number.NaN) : Number.NaN,
        dispersal: enough ? (dispersal(px, py, vx, vy)?.rate ?? Number.NaN) : Number.NaN,
        members: mine,
        meanVx: flow.x,
        meanVy: flow.y,
      };
    });
  }

  /** Density per zone and cell area per person (0: outside the floor), part by part of the floor. */
  #voronoi({ n, x, y }: Persons): { density: Float64Array; cellArea: Float64Array } {
    const density = new Float64Array(this.#zones.zones.length);
    const cellArea = new Float64Array(n);
    const where = new Int32Array(n);
    this.#floor.assign(x, y, n, where);
    this.#parts.forEach((part, p) => {
      const here: number[] = [];
      for (let i = 0; i < n; i++) if (where[i]! >= 0 && this.#floor.members(where[i]!)[0] === p) here.push(i);
      if (here.length === 0) return;
      const cells = part.compute(pick(x, here), pick(y, here));
      here.forEach((i, k) => {
        cellArea[i] = cells.area[k]! / cells.sharedBy[k]!;
      });
      const zones = this.#zones.voronoi(cells, new Float64Array(here.length));
      zones.density.forEach((value, z) => {
        density[z]! += value;
      });
    });
    return { density, cellArea };
  }

  #meanVelocity(vx: Float64Array, vy: Float64Array): { x: number; y: number } {
    let [known, x, y] = [0, 0, 0];
    for (let i = 0; i < vx.length; i++) {
      if (Number.isNaN(vx[i]!)) continue;
      known++;
      x += vx[i]!;
      y += vy[i]!;
    }
    if (known < this.#options.leastPersons) return { x: Number.NaN, y: Number.NaN };
    return { x: x / known, y: y / known };
  }
}

function pick(column: Float64Array, rows: ArrayLike<number>): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let k = 0; k < rows.length; k++) picked[k] = column[rows[k]!]!;
  return picked;
}

function gridAround({ minX, minY, maxX, maxY }: ReturnType<typeof boundingBox>, cell: number): Grid {
  const whole = (from: number, to: number): number => from + Math.ceil((to - from) / cell) * cell;
  return createGrid({ minX, minY, maxX: whole(minX, maxX), maxY: whole(minY, maxY) }, cell);
}
