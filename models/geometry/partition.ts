// A polygon with holes as convex parts joined by seams. Clipping a convex cell against walls then needs only
// convex-convex clips, which cannot fail on degenerate input, and the seams say which pieces hang together.
import earcut from 'earcut';
import { GeometryError } from './errors.ts';
import { type Box, boundingBox, type Polygon, polygonArea, type Ring, signedRingArea } from './polygon.ts';

/** Lengths below this (metres) count as touching only, areas below its square as nothing. */
export const contactTolerance = 1e-9;

/** A stretch of shared border between two convex parts, through which one can walk. */
export type Seam = {
  readonly a: number;
  readonly b: number;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
};

/** Convex parts (counter-clockwise rings) that tile a polygon, with their boxes and seams. */
export type ConvexPartition = {
  readonly polygon: Polygon;
  /** m2, holes taken out */
  readonly area: number;
  readonly box: Box;
  readonly parts: readonly Ring[];
  readonly boxes: readonly Box[];
  readonly seams: readonly Seam[];
};

/**
 * Tile a polygon with convex parts: ear clipping (earcut), then merging over diagonals while the union stays
 * convex (Hertel & Mehlhorn 1983).
 * @throws GeometryError when the polygon is not simple (its triangles do not add up to its area).
 */
export function partitionConvex(polygon: Polygon): ConvexPartition {
  const area = polygonArea(polygon);
  const coordinates: number[] = [...polygon.exterior];
  const holeStarts: number[] = [];
  for (const hole of polygon.holes) {
    holeStarts.push(coordinates.length / 2);
    coordinates.push(...hole);
  }
  const rings =
    polygon.holes.length === 0 && isConvex(polygon.exterior)
      ? [counterClockwise(polygon.exterior)]
      : mergeTriangles(earcut(coordinates, holeStarts), coordinates);
  const tiled = rings.reduce((sum, ring) => sum + signedRingArea(ring), 0);
  if (!(area > 0) || Math.abs(tiled - area) > 1e-9 * Math.max(1, area))
    throw new GeometryError(
      `the polygon is not simple: its parts cover ${tiled} m2 but its rings say ${area} m2; ` +
        'remove self-intersections and keep holes inside the exterior and apart from each other',
    );
  const boxes = rings.map((exterior) => boundingBox({ exterior, holes: [] }));
  return { polygon, area, box: boundingBox(polygon), parts: rings, boxes, seams: findSeams(rings, boxes) };
}

function isConvex(ring: Ring): boolean {
  const n = ring.length / 2;
  const sign = Math.sign(signedRingArea(ring));
  let turns = 0;
  for (let i = 0; i < n; i++) {
    const [a, b, c] = [i, (i + 1) % n, (i + 2) % n];
    const ux = ring[2 * b] - ring[2 * a];
    const uy = ring[2 * b + 1] - ring[2 * a + 1];
    const vx = ring[2 * c] - ring[2 * b];
    const vy = ring[2 * c + 1] - ring[2 * b + 1];
    const cross = ux * vy - uy * vx;
    if (cross * sign < 0) return false;
    turns += Math.atan2(cross, ux * vx + uy * vy);
  }
  // a star polygon turns the same way everywhere but winds more than once
  return Math.abs(Math.abs(turns) - 2 * Math.PI) < 1e-6;
}

function counterClockwise(ring: Ring): Ring {
  if (signedRingArea(ring) > 0) return ring;
  const out = new Float64Array(ring.length);
  for (let i = 0; i < ring.length; i += 2) {
    out[i] = ring[ring.length - 2 - i];
    out[i + 1] = ring[ring.length - 1 - i];
  }
  return out;
}

function mergeTriangles(triangles: readonly number[], xy: readonly number[]): Ring[] {
  const cross = (a: number, b: number, c: number): number =>
    (xy[2 * b] - xy[2 * a]) * (xy[2 * c + 1] - xy[2 * a + 1]) -
    (xy[2 * b + 1] - xy[2 * a + 1]) * (xy[2 * c] - xy[2 * a]);
  const parts = new Map<number, number[]>();
  const owner = new Map<string, number>();
  const claim = (part: number, ring: readonly number[]): void => {
    for (let i = 0; i < ring.length; i++) owner.set(`${ring[i]},${ring[(i + 1) % ring.length]}`, part);
  };
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]];
    const turn = cross(a, b, c);
    if (turn === 0) continue;
    const ring = turn > 0 ? [a, b, c] : [a, c, b];
    parts.set(t, ring);
    claim(t, ring);
  }
  const pending = [...parts.keys()];
  while (pending.length > 0) {
    const part = pending.pop()!;
    const ring = parts.get(part);
    if (!ring) continue;
    for (let i = 0; i < ring.length; i++) {
      const [u, v] = [ring[i], ring[(i + 1) % ring.length]];
      const other = owner.get(`${v},${u}`);
      const across = other === undefined || other === part ? undefined : parts.get(other);
      if (other === undefined || !across) continue;
      const merged = joinOver(ring, across, u, v);
      if (
        !merged.every(
          (p, k) => cross(p, merged[(k + 1) % merged.length], merged[(k + 2) % merged.length]) >= 0,
        )
      )
        continue;
      if (new Set(merged).size !== merged.length) continue;
      parts.delete(other);
      parts.set(part, merged);
      claim(part, merged);
      pending.push(part);
      break;
    }
  }
  return [...parts.values()].map((ring) =>
    Float64Array.from(ring.flatMap((v) => [xy[2 * v], xy[2 * v + 1]])),
  );
}

/** Ring of `first` and `second`, which share the edge u->v (v->u in `second`), without that edge. */
function joinOver(first: readonly number[], second: readonly number[], u: number, v: number): number[] {
  const from = first.indexOf(v);
  const head = [...first.slice(from), ...first.slice(0, from)]; // v … u
  const start = second.indexOf(u);
  const tail = [...second.slice(start), ...second.slice(0, start)]; // u … v
  return [...head, ...tail.slice(1, -1)];
}

function findSeams(rings: readonly Ring[], boxes: readonly Box[]): Seam[] {
  const seams: Seam[] = [];
  const e = contactTolerance;
  for (let a = 0; a < rings.length; a++) {
    for (let b = a + 1; b < rings.length; b++) {
      const [p, q] = [boxes[a], boxes[b]];
      if (p.minX > q.maxX + e || q.minX > p.maxX + e || p.minY > q.maxY + e || q.minY > p.maxY + e) continue;
      for (let i = 0; i < rings[a].length; i += 2) {
        for (let j = 0; j < rings[b].length; j += 2) {
          const shared = sharedStretch(rings[a], i, rings[b], j);
          if (shared) seams.push({ a, b, ...shared });
        }
      }
    }
  }
  return seams;
}

/** Overlap of two opposite collinear edges, if longer than the contact tolerance. */
function sharedStretch(ra: Ring, i: number, rb: Ring, j: number): Omit<Seam, 'a' | 'b'> | undefined {
  const [ax, ay, bx, by] = edge(ra, i);
  const [cx, cy, dx, dy] = edge(rb, j);
  const length = Math.hypot(bx - ax, by - ay);
  const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
  if (Math.abs((cx - ax) * uy - (cy - ay) * ux) > contactTolerance) return undefined;
  if (Math.abs((dx - ax) * uy - (dy - ay) * ux) > contactTolerance) return undefined;
  const [tc, td] = [(cx - ax) * ux + (cy - ay) * uy, (dx - ax) * ux + (dy - ay) * uy];
  if (td >= tc) return undefined;
  const from = Math.max(0, td);
  const to = Math.min(length, tc);
  if (to - from <= contactTolerance) return undefined;
  return { x0: ax + from * ux, y0: ay + from * uy, x1: ax + to * ux, y1: ay + to * uy };
}

function edge(ring: Ring, i: number): [number, number, number, number] {
  const k = (i + 2) % ring.length;
  return [ring[i], ring[i + 1], ring[k], ring[k + 1]];
}
