// Many zones at once: which persons are in which zone, and the Voronoi density and speed of every zone, at a cost
// that does not grow with the number of zones. A coarse grid says which zones a place can belong to.
import {
  boundingBox,
  type ConvexPartition,
  locatePoint,
  type Polygon,
  partitionConvex,
  squaredDistanceToSegment,
} from '#models/geometry/index.ts';
import { MeasureError } from './errors.ts';
import type { VoronoiCells } from './voronoi.ts';
import { cellAreaInside } from './voronoi-measures.ts';

/** Members of zone z are `members[start[z] .. start[z+1])`: indices of persons, rising. */
export type ZoneMembers = { readonly start: Int32Array; readonly members: Int32Array };

/** Voronoi figures per zone: density in 1/m2, speed in m/s (empty floor counts as 0). */
export type ZoneVoronoi = { readonly density: Float64Array; readonly speed: Float64Array };

/** A fixed set of zones of one floor; zones may overlap and need not cover it. Boundaries are outside (PedPy). */
export class ZoneSet {
  readonly zones: readonly ConvexPartition[];
  private readonly minX: number;
  private readonly minY: number;
  private readonly columns: number;
  private readonly rows: number;
  private readonly square: number;
  /** Per square, from `first[s]` to `first[s+1]`: zone * 2 + (1 if the square lies wholly inside it) */
  private readonly first: Int32Array;
  private readonly codes: Int32Array;
  private codeOfHit = new Int32Array(1024);

  /**
   * @param square side of the look-up squares in metres; about the size of a Voronoi cell is fast
   * @throws GeometryError for a zone that is not simple; MeasureError without zones or with too small squares
   */
  constructor(zones: readonly Polygon[], square = 2) {
    if (!(square > 0)) throw new MeasureError(`look-up square must be above 0 m, got ${square}`);
    this.zones = zones.map((zone) => partitionConvex(zone));
    this.square = square;
    const boxes = zones.map((zone) => boundingBox(zone));
    if (boxes.length === 0) throw new MeasureError('a zone set needs at least one zone');
    this.minX = Math.min(...boxes.map((b) => b.minX));
    this.minY = Math.min(...boxes.map((b) => b.minY));
    const maxX = Math.max(...boxes.map((b) => b.maxX));
    const maxY = Math.max(...boxes.map((b) => b.maxY));
    this.columns = Math.floor((maxX - this.minX) / square) + 1;
    this.rows = Math.floor((maxY - this.minY) / square) + 1;
    const squares = this.columns * this.rows;
    if (squares > 4e6)
      throw new MeasureError(`zones span ${squares} look-up squares of ${square} m; use larger squares`);
    const lists: number[][] = Array.from({ length: squares }, () => []);
    this.zones.forEach((zone, z) => {
      this.register(zone, z, lists);
    });
    this.first = new Int32Array(squares + 1);
    lists.forEach((list, s) => {
      this.first[s + 1] = this.first[s] + list.length;
    });
    this.codes = Int32Array.from(lists.flat());
  }

  private register(zone: ConvexPartition, z: number, lists: number[][]): void {
    const { box, polygon } = zone;
    const half = this.square / 2;
    const margin = half * Math.SQRT2 * (1 + 1e-9);
    for (let r = this.row(box.minY); r <= this.row(box.maxY); r++) {
      for (let c = this.column(box.minX); c <= this.column(box.maxX); c++) {
        const cx = this.minX + (c + 0.5) * this.square;
        const cy = this.minY + (r + 0.5) * this.square;
        const clear = [polygon.exterior, ...polygon.holes].every(
          (ring) => squaredDistanceToRing(ring, cx, cy) > margin * margin,
        );
        // away from every border the whole square is what its centre is
        if (clear && locatePoint(polygon, cx, cy) !== 1) continue;
        lists[r * this.columns + c].push(2 * z + (clear ? 1 : 0));
      }
    }
  }

  private column(x: number): number {
    return Math.floor((x - this.minX) / this.square);
  }

  private row(y: number): number {
    return Math.floor((y - this.minY) / this.square);
  }

  /** Persons strictly inside each zone. A position that is not finite is in no zone. */
  locate(x: ArrayLike<number>, y: ArrayLike<number>, n: number = x.length): ZoneMembers {
    const count = this.zones.length;
    const start = new Int32Array(count + 1);
    let hits = 0;
    for (let i = 0; i < n; i++) {
      const c = this.column(x[i]);
      const r = this.row(y[i]);
      if (!(c >= 0 && c < this.columns && r >= 0 && r < this.rows)) continue;
      const s = r * this.columns + c;
      for (let k = this.first[s]; k < this.first[s + 1]; k++) {
        const z = this.codes[k] >> 1;
        if ((this.codes[k] & 1) === 0 && locatePoint(this.zones[z].polygon, x[i], y[i]) !== 1) continue;
        if (2 * hits + 1 >= this.codeOfHit.length) this.growHits();
        this.codeOfHit[2 * hits] = z;
        this.codeOfHit[2 * hits + 1] = i;
        hits++;
        start[z + 1]++;
      }
    }
    for (let z = 0; z < count; z++) start[z + 1] += start[z];
    const members = new Int32Array(hits);
    const next = start.slice(0, count);
    for (let h = 0; h < hits; h++) members[next[this.codeOfHit[2 * h]]++] = this.codeOfHit[2 * h + 1];
    return { start, members };
  }

  private growHits(): void {
    const wider = new Int32Array(2 * this.codeOfHit.length);
    wider.set(this.codeOfHit);
    this.codeOfHit = wider;
  }

  /**
   * Voronoi density and speed of every zone. Cells wholly inside a zone need no clipping.
   * @param speed m/s per person, NaN where unknown
   */
  voronoi(cells: VoronoiCells, speed: ArrayLike<number>): ZoneVoronoi {
    const density = new Float64Array(this.zones.length);
    const weighted = new Float64Array(this.zones.length);
    const seen = new Int32Array(this.zones.length).fill(-1);
    for (let i = 0; i < cells.count; i++) {
      if (cells.area[i] === 0) continue;
      const known = Number.isNaN(speed[i]) ? 0 : speed[i] / cells.sharedBy[i];
      const box = cellBox(cells, i);
      const c0 = Math.max(0, this.column(box.minX));
      const c1 = Math.min(this.columns - 1, this.column(box.maxX));
      const r0 = Math.max(0, this.row(box.minY));
      const r1 = Math.min(this.rows - 1, this.row(box.maxY));
      if (c0 === c1 && r0 === r1) {
        const s = r0 * this.columns + c0;
        for (let k = this.first[s]; k < this.first[s + 1]; k++) {
          const z = this.codes[k] >> 1;
          const inside = (this.codes[k] & 1) === 1 ? cells.area[i] : cellAreaInside(cells, i, this.zones[z]);
          density[z] += inside / cells.area[i];
          weighted[z] += inside * known;
        }
        continue;
      }
      for (let r = r0; r <= r1; r++) {
        for (let c = c0; c <= c1; c++) {
          const s = r * this.columns + c;
          for (let k = this.first[s]; k < this.first[s + 1]; k++) {
            const z = this.codes[k] >> 1;
            if (seen[z] === i) continue;
            seen[z] = i;
            const inside = this.covers(z, r0, r1, c0, c1)
              ? cells.area[i]
              : cellAreaInside(cells, i, this.zones[z]);
            density[z] += inside / cells.area[i];
            weighted[z] += inside * known;
          }
        }
      }
    }
    for (let z = 0; z < this.zones.length; z++) {
      density[z] /= this.zones[z].area;
      weighted[z] /= this.zones[z].area;
    }
    return { density, speed: weighted };
  }

  /** Whether every look-up square of the range lies wholly inside the zone. */
  private covers(z: number, r0: number, r1: number, c0: number, c1: number): boolean {
    for (let r = r0; r <= r1; r++) {
      for (let c = c0; c <= c1; c++) {
        const s = r * this.columns + c;
        let whole = false;
        for (let k = this.first[s]; k < this.first[s + 1] && !whole; k++) whole = this.codes[k] === 2 * z + 1;
        if (!whole) return false;
      }
    }
    return true;
  }
}

const boxScratch = { minX: 0, minY: 0, maxX: 0, maxY: 0 };

function cellBox(cells: VoronoiCells, i: number): typeof boxScratch {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  const end = cells.vertexStart[cells.pieceStart[i + 1]];
  for (let v = cells.vertexStart[cells.pieceStart[i]]; v < end; v++) {
    const vx = cells.vertices[2 * v];
    const vy = cells.vertices[2 * v + 1];
    if (vx < minX) minX = vx;
    if (vx > maxX) maxX = vx;
    if (vy < minY) minY = vy;
    if (vy > maxY) maxY = vy;
  }
  boxScratch.minX = minX;
  boxScratch.minY = minY;
  boxScratch.maxX = maxX;
  boxScratch.maxY = maxY;
  return boxScratch;
}

function squaredDistanceToRing(ring: Float64Array, x: number, y: number): number {
  let best = Infinity;
  for (let i = 0; i < ring.length; i += 2) {
    const k = (i + 2) % ring.length;
    best = Math.min(best, squaredDistanceToSegment(x, y, ring[i], ring[i + 1], ring[k], ring[k + 1]));
  }
  return best;
}
