// The distinct positions of one frame: what a Voronoi diagram can be made of.
import { MeasureError } from './errors.ts';

/** `sites[s]` is the person at site s; `first[i]` the first person at the position of i, absent when all differ. */
export type Sites = { readonly sites: Int32Array; readonly first: Int32Array | undefined };

/** Lattice points per metre. */
const lattice = 2 ** 30;

function hash(qx: number, qy: number): number {
  // a quarter of a millimetre tells persons apart; nearer ones only share a slot
  const a = Math.imul(Math.trunc(qx * 4096) | 0, 0x9e3779b1);
  const b = Math.imul(Math.trunc(qy * 4096) | 0, 0x85ebca6b);
  const h = a ^ (b >>> 15) ^ (b << 17);
  return (h ^ (h >>> 15)) >>> 0;
}

/**
 * Distinct positions into `xy`, relative to the first and on a lattice of 2^-30 m (a nanometre), which keeps the
 * triangulation sound for persons a rounding error apart. `first[i]` is the first person at the position of i.
 */
export function distinctSites(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  n: number,
  xy: Float64Array,
): Sites {
  const sites = new Int32Array(n);
  const bits = Math.max(4, 33 - Math.clz32(n));
  const mask = (1 << bits) - 1;
  const table = new Int32Array(mask + 1); // site + 1, open addressing
  let first: Int32Array | undefined;
  let m = 0;
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i]))
      throw new MeasureError(`person ${i} has no finite position (${x[i]}, ${y[i]})`);
    const qx = Math.round((x[i] - x[0]) * lattice) / lattice;
    const qy = Math.round((y[i] - y[0]) * lattice) / lattice;
    let slot = hash(qx, qy) & mask;
    while (table[slot] !== 0 && !(xy[2 * table[slot] - 2] === qx && xy[2 * table[slot] - 1] === qy))
      slot = (slot + 1) & mask;
    if (table[slot] !== 0) {
      first ??= Int32Array.from({ length: n }, (_, k) => k);
      first[i] = sites[table[slot] - 1];
      continue;
    }
    xy[2 * m] = qx;
    xy[2 * m + 1] = qy;
    sites[m++] = i;
    table[slot] = m;
  }
  return { sites: sites.subarray(0, m), first };
}
