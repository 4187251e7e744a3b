// Polygons on the floor plane, in metres: the value every zone, obstacle and walkable area is made of.
import { orient2d } from 'robust-predicates';
import { GeometryError } from './errors.ts';

/** x0,y0,x1,y1,… of an open ring (the first vertex is not repeated), in metres, either orientation. */
export type Ring = Float64Array;

/** A simple polygon with holes. Rings are open; orientation does not matter; holes lie inside the exterior. */
export type Polygon = { readonly exterior: Ring; readonly holes: readonly Ring[] };

/** Axis-aligned box in metres. */
export type Box = {
  readonly minX: number;
  readonly minY: number;
  readonly maxX: number;
  readonly maxY: number;
};

/** What a point exactly on an edge or vertex counts as. PedPy, JPSreport and this project exclude it. */
export type BoundaryRule = 'exclude' | 'include';

/**
 * Polygon from rings of coordinate pairs; a repeated last vertex is dropped and repeated vertices are merged.
 * @throws GeometryError on non-finite coordinates, fewer than three distinct vertices, or a ring without area.
 */
export function createPolygon(
  exterior: ArrayLike<readonly [number, number]>,
  holes: readonly ArrayLike<readonly [number, number]>[] = [],
): Polygon {
  return {
    exterior: createRing(exterior, 'exterior'),
    holes: holes.map((h, i) => createRing(h, `hole ${i}`)),
  };
}

function createRing(points: ArrayLike<readonly [number, number]>, what: string): Ring {
  const out: number[] = [];
  for (let i = 0; i < points.length; i++) {
    const [x, y] = points[i];
    if (!Number.isFinite(x) || !Number.isFinite(y))
      throw new GeometryError(
        `${what}: vertex ${i} is not finite (${x}, ${y}); give metres as finite numbers`,
      );
    const n = out.length;
    if (n >= 2 && out[n - 2] === x && out[n - 1] === y) continue;
    out.push(x + 0, y + 0); // -0 becomes 0
  }
  while (out.length >= 4 && out[0] === out[out.length - 2] && out[1] === out[out.length - 1]) out.length -= 2;
  if (out.length < 6)
    throw new GeometryError(`${what}: a ring needs three distinct vertices, got ${out.length / 2}`);
  const ring = Float64Array.from(out);
  if (signedRingArea(ring) === 0) throw new GeometryError(`${what}: the ring encloses no area`);
  return ring;
}

/** Signed area of a ring in m2, positive when counter-clockwise (shoelace about the first vertex). */
export function signedRingArea(ring: Ring): number {
  const x0 = ring[0];
  const y0 = ring[1];
  let twice = 0;
  for (let i = 2; i + 3 < ring.length; i += 2)
    twice += (ring[i] - x0) * (ring[i + 3] - y0) - (ring[i + 2] - x0) * (ring[i + 1] - y0);
  return twice / 2;
}

/** Area in m2: exterior less holes. */
export function polygonArea(polygon: Polygon): number {
  let area = Math.abs(signedRingArea(polygon.exterior));
  for (const hole of polygon.holes) area -= Math.abs(signedRingArea(hole));
  return area;
}

/** Smallest axis-aligned box around the exterior. */
export function boundingBox(polygon: Polygon): Box {
  const ring = polygon.exterior;
  let minX = Infinity;
  let minY = Infinity;
  let maxX = -Infinity;
  let maxY = -Infinity;
  for (let i = 0; i < ring.length; i += 2) {
    if (ring[i] < minX) minX = ring[i];
    if (ring[i] > maxX) maxX = ring[i];
    if (ring[i + 1] < minY) minY = ring[i + 1];
    if (ring[i + 1] > maxY) maxY = ring[i + 1];
  }
  return { minX, minY, maxX, maxY };
}

/** Where a point lies against a ring, decided with exact orientation tests: 1 inside, 0 on the ring, -1 outside. */
export function locateInRing(ring: Ring, x: number, y: number): -1 | 0 | 1 {
  let inside = false;
  let ax = ring[ring.length - 2];
  let ay = ring[ring.length - 1];
  for (let i = 0; i < ring.length; i += 2) {
    const bx = ring[i];
    const by = ring[i + 1];
    if (by === y && bx === x) return 0;
    if (ay === y && by === y) {
      if (x > Math.min(ax, bx) && x < Math.max(ax, bx)) return 0;
    } else if (ay > y !== by > y) {
      // robust-predicates: positive when c lies to the right of a->b in a y-up frame
      const side = orient2d(ax, ay, bx, by, x, y);
      if (side === 0) return 0;
      if (side < 0 === by > ay) inside = !inside;
    }
    ax = bx;
    ay = by;
  }
  return inside ? 1 : -1;
}

/** Where a point lies against a polygon with holes: 1 strictly inside, 0 on a boundary, -1 outside or in a hole. */
export function locatePoint(polygon: Polygon, x: number, y: number): -1 | 0 | 1 {
  const outer = locateInRing(polygon.exterior, x, y);
  if (outer !== 1) return outer;
  for (const hole of polygon.holes) {
    const inner = locateInRing(hole, x, y);
    if (inner === 0) return 0;
    if (inner === 1) return -1;
  }
  return 1;
}

/** Whether (x, y) is in the polygon. A point exactly on the boundary counts by `boundary` (default: excluded). */
export function pointInPolygon(
  polygon: Polygon,
  x: number,
  y: number,
  boundary: BoundaryRule = 'exclude',
): boolean {
  const where = locatePoint(polygon, x, y);
  return where === 1 || (where === 0 && boundary === 'include');
}

/** Rectangle as a polygon, counter-clockwise. */
export function boxPolygon({ minX, minY, maxX, maxY }: Box): Polygon {
  return createPolygon([
    [minX, minY],
    [maxX, minY],
    [maxX, maxY],
    [minX, maxY],
  ]);
}

export { formatWktPolygon, parseWktPolygon } from './wkt.ts';
