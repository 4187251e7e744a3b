// Who can share a Voronoi border with whom: Delaunay neighbours in compressed rows, complete on degenerate input.
import Delaunator from 'delaunator';

/** Up to this many persons every other one is a neighbour: cheaper than triangulating, and nothing can be missed. */
const allPairsUpTo = 6;

/**
 * Neighbour lists of `n` distinct points: neighbours of i are `list[start[i] .. start[i+1])`.
 * One, two and collinear points work; a point the triangulation left out is everyone's neighbour.
 */
export type Neighbours = { readonly start: Int32Array; readonly list: Int32Array };

/** @param xy n pairs, distinct, best relative to a point nearby (metres) */
export function findNeighbours(xy: Float64Array, n: number): Neighbours {
  if (n <= allPairsUpTo) return everyPair(n);
  const { triangles, halfedges, hull } = new Delaunator(xy.subarray(0, 2 * n));
  if (triangles.length === 0) return alongLine(hull, n);
  const degree = new Int32Array(n + 1);
  for (let e = 0; e < triangles.length; e++) {
    degree[triangles[e]]++;
    if (halfedges[e] === -1) degree[triangles[next(e)]]++;
  }
  const orphans: number[] = [];
  for (let i = 0; i < n; i++) if (degree[i] === 0) orphans.push(i);
  const start = new Int32Array(n + 1);
  for (let i = 0; i < n; i++)
    start[i + 1] = start[i] + (degree[i] === 0 ? n - 1 : degree[i] + orphans.length);
  const list = new Int32Array(start[n]);
  const fill = start.slice(0, n);
  for (let e = 0; e < triangles.length; e++) {
    const a = triangles[e];
    const b = triangles[next(e)];
    list[fill[a]++] = b;
    if (halfedges[e] === -1) list[fill[b]++] = a;
  }
  if (orphans.length > 0) {
    for (let i = 0; i < n; i++) {
      if (degree[i] > 0) {
        for (const j of orphans) list[fill[i]++] = j;
      } else {
        for (let j = 0; j < n; j++) if (j !== i) list[fill[i]++] = j;
      }
    }
  }
  return { start, list };
}

const next = (e: number): number => (e % 3 === 2 ? e - 2 : e + 1);

function everyPair(n: number): Neighbours {
  const start = new Int32Array(n + 1);
  const list = new Int32Array(n * Math.max(0, n - 1));
  let k = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) if (j !== i) list[k++] = j;
    start[i + 1] = k;
  }
  return { start, list };
}

/** Exactly collinear points: delaunator returns no triangle but the points in order along the line. */
function alongLine(order: ArrayLike<number>, n: number): Neighbours {
  if (order.length !== n) return everyPair(n);
  const start = new Int32Array(n + 1);
  const place = new Int32Array(n);
  for (let k = 0; k < n; k++) place[order[k]] = k;
  const list = new Int32Array(2 * n);
  let m = 0;
  for (let i = 0; i < n; i++) {
    const k = place[i];
    if (k > 0) list[m++] = order[k - 1];
    if (k + 1 < n) list[m++] = order[k + 1];
    start[i + 1] = m;
  }
  return { start, list: list.subarray(0, m) };
}
