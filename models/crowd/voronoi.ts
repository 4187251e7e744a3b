// Voronoi cells of the persons of one frame, cut to the walkable floor: the base of Voronoi density and speed.
// Steffen & Seyfried, Physica A 389 (2010) 1902; conventions of PedPy (see docs/measures.md).
import {
  boxInside,
  ConvexClipper,
  type ConvexPartition,
  clipHalfPlane,
  contactTolerance,
  convexArea,
  type InteriorRaster,
  lengthInsideConvex,
  type Polygon,
  partitionConvex,
  rasterInterior,
  squaredDistanceToConvex,
} from '#models/geometry/index.ts';
import { MeasureError } from './errors.ts';
import { findNeighbours } from './neighbours.ts';
import { distinctSites } from './sites.ts';

/**
 * Largest extent of a cell: a regular polygon of 4 * quadSegments corners on a circle of `radius` metres, one corner
 * in +x (as GEOS buffers a point).
 */
export type CutOff = { readonly radius: number; readonly quadSegments: number };

/**
 * Cells of one frame. Person i has pieces `pieceStart[i] .. pieceStart[i+1])`; piece p is the counter-clockwise
 * convex ring of vertices `vertexStart[p] .. vertexStart[p+1])` in `vertices` (x,y pairs, metres). The pieces of a
 * person are joined and tile the cell. Valid until the next `compute` of the tessellation that made them.
 */
export type VoronoiCells = {
  readonly count: number;
  readonly pieceStart: Int32Array;
  readonly vertexStart: Int32Array;
  readonly vertices: Float64Array;
  /** m2; 0 for a person whose cell lies outside the walkable area */
  readonly area: Float64Array;
  /** persons at this position (within a nanometre), who share the cell; 1 as a rule */
  readonly sharedBy: Int32Array;
};

/** Computes cells frame after frame for one floor, reusing its buffers. */
export class VoronoiTessellation {
  readonly floor: ConvexPartition;
  private readonly clear: InteriorRaster;
  private readonly outline: Float64Array | undefined;
  private readonly reach2: number;
  private readonly clipper = new ConvexClipper();
  private ping = new Float64Array(2 * 256);
  private pong = new Float64Array(2 * 256);
  private xy = new Float64Array(0);
  private pieceStart = new Int32Array(1);
  private area = new Float64Array(0);
  private sharedBy = new Int32Array(0);
  private vertexStart = new Int32Array(64);
  private vertices = new Float64Array(512);
  private pieces = 0;
  private used = 0;
  private readonly touched: number[] = [];
  private readonly seamsOf: readonly (readonly number[])[];

  /** @throws GeometryError for a walkable polygon that is not simple; MeasureError for a cut-off without extent. */
  constructor(walkable: Polygon | ConvexPartition, cutOff?: CutOff) {
    this.floor = 'parts' in walkable ? walkable : partitionConvex(walkable);
    if (cutOff) {
      if (!(cutOff.radius > 0) || !Number.isInteger(cutOff.quadSegments) || cutOff.quadSegments < 1)
        throw new MeasureError('cut-off: radius must be above 0 m and quadSegments a whole number from 1');
      this.outline = circlePolygon(cutOff);
      this.reach2 = 4 * cutOff.radius * cutOff.radius;
    } else {
      this.reach2 = Infinity;
    }
    this.clear = rasterInterior(this.floor.polygon, clearSquare);
    const seamsOf: number[][] = this.floor.parts.map(() => []);
    this.floor.seams.forEach((seam, k) => {
      seamsOf[seam.a].push(k);
    });
    this.seamsOf = seamsOf;
  }

  /**
   * Cells of `n` persons at (x[i], y[i]) metres. Persons at one position share its cell. A cell cut into several
   * pieces by walls keeps the piece with the person (the nearest one if the person stands outside the floor).
   * @throws MeasureError on a non-finite position
   */
  compute(x: ArrayLike<number>, y: ArrayLike<number>, n: number = x.length): VoronoiCells {
    this.begin(n);
    const { sites, first } = distinctSites(x, y, n, this.xy);
    const { start, list } = findNeighbours(this.xy, sites.length);
    const where = new Int32Array(n).fill(-1); // site of a person
    for (let s = 0; s < sites.length; s++) where[sites[s]] = s;
    for (let i = 0; i < n; i++) {
      const original = first ? first[i] : i;
      if (original !== i) {
        this.copyCell(original, i);
      } else {
        const s = where[i];
        const vertices = this.localCell(list, start[s], start[s + 1], sites, x, y, x[i], y[i]);
        this.cutToFloor(i, vertices, x[i], y[i]);
      }
      this.pieceStart[i + 1] = this.pieces;
    }
    if (first) {
      for (let i = 0; i < n; i++) if (first[i] !== i) this.sharedBy[first[i]]++;
      for (let i = 0; i < n; i++) this.sharedBy[i] = this.sharedBy[first[i]];
    }
    return {
      count: n,
      pieceStart: this.pieceStart,
      vertexStart: this.vertexStart,
      vertices: this.vertices,
      area: this.area,
      sharedBy: this.sharedBy,
    };
  }

  private begin(n: number): void {
    this.pieces = 0;
    this.used = 0;
    if (this.area.length < n) {
      const room = Math.ceil(n * 1.5);
      this.xy = new Float64Array(2 * room);
      this.pieceStart = new Int32Array(room + 1);
      this.area = new Float64Array(room);
      this.sharedBy = new Int32Array(room);
    }
    this.area.fill(0, 0, n);
    this.sharedBy.fill(1, 0, n);
  }

  /**
   * Cell of the person at (px, py) before walls, in `ping`: the outline cut by the bisector to each neighbour,
   * reckoned about the person so that no digit is lost far from the origin. Returns its vertex count.
   */
  private localCell(
    neighbours: Int32Array,
    from: number,
    to: number,
    sites: Int32Array,
    x: ArrayLike<number>,
    y: ArrayLike<number>,
    px: number,
    py: number,
  ): number {
    let count: number;
    if (this.outline) {
      this.ping.set(this.outline);
      count = this.outline.length / 2;
    } else {
      const { minX, minY, maxX, maxY } = this.floor.box;
      const [l, b, r, t] = [minX - px, minY - py, maxX - px, maxY - py];
      this.ping.set([l, b, r, b, r, t, l, t]);
      count = 4;
    }
    for (let k = from; k < to && count > 0; k++) {
      const j = sites[neighbours[k]];
      const dx = x[j] - px;
      const dy = y[j] - py;
      const d2 = dx * dx + dy * dy;
      if (d2 >= this.reach2) continue;
      if (2 * (count + 1) > this.pong.length) this.growScratch();
      count = clipHalfPlane(this.ping, count, this.pong, dx, dy, d2 / 2);
      const swap = this.ping;
      this.ping = this.pong;
      this.pong = swap;
    }
    for (let v = 0; v < count; v++) {
      this.ping[2 * v] += px;
      this.ping[2 * v + 1] += py;
    }
    return count;
  }

  private growScratch(): void {
    const wider = new Float64Array(2 * this.ping.length);
    wider.set(this.ping);
    this.ping = wider;
    this.pong = new Float64Array(wider.length);
  }

  private cutToFloor(person: number, count: number, px: number, py: number): void {
    if (count === 0) return;
    const cell = this.ping;
    const { parts, boxes } = this.floor;
    let minX = Infinity;
    let minY = Infinity;
    let maxX = -Infinity;
    let maxY = -Infinity;
    for (let v = 0; v < count; v++) {
      const vx = cell[2 * v];
      const vy = cell[2 * v + 1];
      if (vx < minX) minX = vx;
      if (vx > maxX) maxX = vx;
      if (vy < minY) minY = vy;
      if (vy > maxY) maxY = vy;
    }
    if (boxInside(this.clear, minX, minY, maxX, maxY)) {
      this.addPiece(cell, 0, count);
      this.area[person] = convexArea(cell, count);
      return;
    }
    const touched = this.touched;
    touched.length = 0;
    const firstPiece = this.pieces;
    for (let p = 0; p < parts.length; p++) {
      const box = boxes[p];
      if (box.minX > maxX || box.maxX < minX || box.minY > maxY || box.maxY < minY) continue;
      const left = this.clipper.clip(cell, 0, count, parts[p]);
      if (left === 0) continue;
      const area = convexArea(this.clipper.result, left);
      if (area <= contactTolerance * contactTolerance) continue;
      this.addPiece(this.clipper.result, 0, left);
      this.area[person] += area;
      touched.push(p);
      if (this.clipper.untouched) return;
    }
    if (touched.length > 1) this.keepConnected(person, firstPiece, count, px, py);
  }

  /** Of the pieces just added, keep those reachable, within the cell, from the one nearest to the person. */
  private keepConnected(person: number, firstPiece: number, count: number, px: number, py: number): void {
    const touched = this.touched;
    const group = touched.map((_, k) => k);
    const root = (k: number): number => (group[k] === k ? k : root(group[k]));
    touched.forEach((part, k) => {
      for (const seamIndex of this.seamsOf[part]) {
        const seam = this.floor.seams[seamIndex];
        const other = touched.indexOf(seam.b);
        if (other === -1 || root(other) === root(k)) continue;
        const open = lengthInsideConvex(seam.x0, seam.y0, seam.x1, seam.y1, this.ping, count);
        if (open > contactTolerance) group[root(other)] = root(k);
      }
    });
    const roots = touched.map((_, k) => root(k));
    if (roots.every((r) => r === roots[0])) return;
    let nearest = 0;
    let best = Infinity;
    for (let k = 0; k < touched.length; k++) {
      const from = this.vertexStart[firstPiece + k];
      const d = squaredDistanceToConvex(
        this.vertices,
        from,
        this.vertexStart[firstPiece + k + 1] - from,
        px,
        py,
      );
      if (d < best) {
        best = d;
        nearest = k;
      }
    }
    this.pieces = firstPiece;
    this.used = this.vertexStart[firstPiece];
    this.area[person] = 0;
    const ends = touched.map((_, k) => [
      this.vertexStart[firstPiece + k],
      this.vertexStart[firstPiece + k + 1],
    ]);
    ends.forEach(([from, to], k) => {
      if (roots[k] !== roots[nearest]) return;
      this.area[person] += convexArea(this.vertices, to - from, from);
      this.addPiece(this.vertices, from, to - from); // moves towards the front only
    });
  }

  private addPiece(ring: Float64Array, from: number, count: number): void {
    if (this.pieces + 2 > this.vertexStart.length) {
      const wider = new Int32Array(2 * this.vertexStart.length);
      wider.set(this.vertexStart);
      this.vertexStart = wider;
    }
    if (2 * (this.used + count) > this.vertices.length) {
      const wider = new Float64Array(2 * this.vertices.length + 2 * count);
      wider.set(this.vertices);
      if (ring === this.vertices) ring = wider;
      this.vertices = wider;
    }
    this.vertexStart[this.pieces] = this.used;
    const to = 2 * this.used;
    for (let k = 0; k < 2 * count; k++) this.vertices[to + k] = ring[2 * from + k];
    this.used += count;
    this.pieces++;
    this.vertexStart[this.pieces] = this.used;
  }

  private copyCell(from: number, to: number): void {
    for (let p = this.pieceStart[from]; p < this.pieceStart[from + 1]; p++) {
      const v = this.vertexStart[p];
      this.addPiece(this.vertices, v, this.vertexStart[p + 1] - v);
    }
    this.area[to] = this.area[from];
  }
}

/** Side in metres of the squares that tell cells away from walls: about that of a cell in a crowd. */
const clearSquare = 0.5;

function circlePolygon({ radius, quadSegments }: CutOff): Float64Array {
  const corners = 4 * quadSegments;
  const ring = new Float64Array(2 * corners);
  for (let k = 0; k < corners; k++) {
    ring[2 * k] = radius * Math.cos((2 * Math.PI * k) / corners);
    ring[2 * k + 1] = radius * Math.sin((2 * Math.PI * k) / corners);
  }
  return ring;
}
