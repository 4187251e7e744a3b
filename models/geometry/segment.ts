// Segments on the floor plane: exact intersection, distance, and the part inside a convex ring.
import { orient2d } from 'robust-predicates';
import { squaredDistanceToSegment } from './convex.ts';

/** Directed segment from (ax, ay) to (bx, by), metres. */
export type Segment = { readonly ax: number; readonly ay: number; readonly bx: number; readonly by: number };

/** Sign of the side of a->b on which (x, y) lies: 1 left, -1 right, 0 exactly on the line through a and b. */
export function sideOf(s: Segment, x: number, y: number): -1 | 0 | 1 {
  const o = orient2d(s.ax, s.ay, s.bx, s.by, x, y);
  return o < 0 ? 1 : o > 0 ? -1 : 0;
}

/** Whether segments p-q and s share a point, ends included; exact. */
export function segmentsIntersect(s: Segment, px: number, py: number, qx: number, qy: number): boolean {
  if (Math.max(px, qx) < Math.min(s.ax, s.bx) || Math.max(s.ax, s.bx) < Math.min(px, qx)) return false;
  if (Math.max(py, qy) < Math.min(s.ay, s.by) || Math.max(s.ay, s.by) < Math.min(py, qy)) return false;
  if (sideOf(s, px, py) * sideOf(s, qx, qy) > 0) return false;
  const step: Segment = { ax: px, ay: py, bx: qx, by: qy };
  return sideOf(step, s.ax, s.ay) * sideOf(step, s.bx, s.by) <= 0;
}

/** Distance in metres from a point to a segment. */
export function distanceToSegment(s: Segment, x: number, y: number): number {
  return Math.sqrt(squaredDistanceToSegment(x, y, s.ax, s.ay, s.bx, s.by));
}

/** Edges shorter than this (metres) come from rounding where several cell borders meet in one point. */
const shortestEdge = 1e-9;

/** Length in metres of the part of a segment inside `n` vertices of a counter-clockwise convex ring (Cyrus & Beck). */
export function lengthInsideConvex(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  ring: Float64Array,
  n: number,
): number {
  let enter = 0;
  let leave = 1;
  const dx = x1 - x0;
  const dy = y1 - y0;
  let ax = ring[2 * n - 2];
  let ay = ring[2 * n - 1];
  for (let i = 0; i < n; i++) {
    const bx = ring[2 * i];
    const by = ring[2 * i + 1];
    const nx = by - ay;
    const ny = ax - bx;
    const distance = nx * (x0 - ax) + ny * (y0 - ay);
    const slope = nx * dx + ny * dy;
    if (nx * nx + ny * ny < shortestEdge * shortestEdge) {
      // the direction of such an edge is rounding only; its neighbours bound the ring without it
    } else if (slope === 0) {
      if (distance > 0) return 0;
    } else {
      const t = -distance / slope;
      if (slope > 0) leave = Math.min(leave, t);
      else enter = Math.max(enter, t);
      if (enter >= leave) return 0;
    }
    ax = bx;
    ay = by;
  }
  return (leave - enter) * Math.sqrt(dx * dx + dy * dy);
}
