// Clipping of convex polygons in caller-owned buffers: the inner loop of Voronoi cells, free of allocation.

/**
 * Clip a convex ring by the half-plane `nx*x + ny*y <= c` (Sutherland & Hodgman 1974).
 * @param src  n vertices as x,y pairs (metres); not changed
 * @param dst  receives the clipped ring; must hold n + 1 vertices and differ from `src`
 * @returns number of vertices written; 0 when nothing is left
 */
export function clipHalfPlane(
  src: Float64Array,
  n: number,
  dst: Float64Array,
  nx: number,
  ny: number,
  c: number,
): number {
  if (n === 0) return 0;
  let m = 0;
  let ax = src[2 * n - 2];
  let ay = src[2 * n - 1];
  let da = nx * ax + ny * ay - c;
  for (let i = 0; i < n; i++) {
    const bx = src[2 * i];
    const by = src[2 * i + 1];
    const db = nx * bx + ny * by - c;
    if (da <= 0 !== db <= 0) {
      const t = da / (da - db);
      dst[2 * m] = ax + t * (bx - ax);
      dst[2 * m + 1] = ay + t * (by - ay);
      m++;
    }
    if (db <= 0) {
      dst[2 * m] = bx;
      dst[2 * m + 1] = by;
      m++;
    }
    ax = bx;
    ay = by;
    da = db;
  }
  return m < 3 ? 0 : m;
}

/** Area in m2 of `n` vertices of `ring` from vertex `start` (counter-clockwise positive). */
export function convexArea(ring: Float64Array, n: number, start = 0): number {
  if (n < 3) return 0;
  const o = 2 * start;
  const x0 = ring[o];
  const y0 = ring[o + 1];
  let twice = 0;
  for (let i = 1; i + 1 < n; i++) {
    const k = o + 2 * i;
    twice += (ring[k] - x0) * (ring[k + 3] - y0) - (ring[k + 2] - x0) * (ring[k + 1] - y0);
  }
  return twice / 2;
}

/** Clips convex rings against a convex ring, reusing two buffers. One instance per thread of use. */
export class ConvexClipper {
  private a: Float64Array;
  private b: Float64Array;
  /** The ring left by the last `clip`, as x,y pairs; valid until the next call. */
  result: Float64Array;
  /** Whether the last subject lay wholly inside the window. */
  untouched = true;

  constructor(vertices = 64) {
    this.a = new Float64Array(2 * vertices);
    this.b = new Float64Array(2 * vertices);
    this.result = this.a;
  }

  /**
   * Intersection of `n` vertices of `subject` from vertex `start` with the counter-clockwise convex ring `window`.
   * @returns number of vertices now in `result`; edges the subject does not cross cost no copy.
   */
  clip(subject: Float64Array, start: number, n: number, window: Float64Array): number {
    const edges = window.length / 2;
    this.reserve(n + edges + 1);
    const a = this.a;
    for (let i = 0; i < 2 * n; i++) a[i] = subject[2 * start + i];
    let from = this.a;
    let to = this.b;
    let count = n;
    this.untouched = true;
    let px = window[window.length - 2];
    let py = window[window.length - 1];
    for (let e = 0; e < edges && count > 0; e++) {
      const qx = window[2 * e];
      const qy = window[2 * e + 1];
      // outward normal of a counter-clockwise edge
      const nx = qy - py;
      const ny = px - qx;
      const c = nx * px + ny * py;
      let crosses = false;
      for (let i = 0; i < count; i++) {
        if (nx * from[2 * i] + ny * from[2 * i + 1] > c) {
          crosses = true;
          break;
        }
      }
      if (crosses) {
        this.untouched = false;
        count = clipHalfPlane(from, count, to, nx, ny, c);
        const swap = from;
        from = to;
        to = swap;
      }
      px = qx;
      py = qy;
    }
    this.result = from;
    return count;
  }

  private reserve(vertices: number): void {
    if (this.a.length >= 2 * vertices) return;
    this.a = new Float64Array(4 * vertices);
    this.b = new Float64Array(4 * vertices);
  }
}

/** Squared distance from (x, y) to `n` vertices of a counter-clockwise convex ring; 0 inside or on it. */
export function squaredDistanceToConvex(
  ring: Float64Array,
  start: number,
  n: number,
  x: number,
  y: number,
): number {
  let inside = true;
  let best = Infinity;
  let ax = ring[2 * (start + n) - 2];
  let ay = ring[2 * (start + n) - 1];
  for (let i = start; i < start + n; i++) {
    const bx = ring[2 * i];
    const by = ring[2 * i + 1];
    if ((bx - ax) * (y - ay) - (by - ay) * (x - ax) < 0) inside = false;
    const d = squaredDistanceToSegment(x, y, ax, ay, bx, by);
    if (d < best) best = d;
    ax = bx;
    ay = by;
  }
  return inside ? 0 : best;
}

/** Squared distance in m2 from (x, y) to the segment a-b. */
export function squaredDistanceToSegment(
  x: number,
  y: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
): number {
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = dx * dx + dy * dy;
  let t = length2 > 0 ? ((x - ax) * dx + (y - ay) * dy) / length2 : 0;
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  const ex = x - (ax + t * dx);
  const ey = y - (ay + t * dy);
  return ex * ex + ey * ey;
}
