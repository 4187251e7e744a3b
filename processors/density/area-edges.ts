// Edges of areas as flat lists (lower end x, y, upper end x, y, metres), and exact questions about them.
import { orient2d } from 'robust-predicates';
import type { AreaM } from '#models/venue/types.ts';

/** Cells are looked at this much larger than they are, so that rounding of a position's cell cannot matter. Metres. */
export const SLACK_M = 1e-6;

/** Even-odd rule along a ray to greater x, each edge holding its lower end and not its upper. */
export function holds(
  edges: Float64Array,
  from: number,
  to: number,
  parity: number,
  x: number,
  y: number,
): boolean {
  let odd = parity === 1;
  for (let e = from; e < to; e += 4) {
    const ly = edges[e + 1]!;
    const uy = edges[e + 3]!;
    if (ly > y || uy <= y) continue;
    const lx = edges[e]!;
    const ux = edges[e + 2]!;
    if (x < lx && x < ux) odd = !odd;
    else if (x > lx && x > ux) continue;
    // Robust-predicates: negative when the point lies to the left of the upward edge, so that the ray meets it.
    else if (orient2d(lx, ly, ux, uy, x, y) < 0) odd = !odd;
  }
  return odd;
}

/** All edges of an area, lower end first, so that neighbours compute a shared edge alike. */
export function edgesOf(area: AreaM): Float64Array {
  const out: number[] = [];
  for (const ring of [area.exterior, ...area.holes]) {
    for (let i = 0; i < ring.length; i += 2) {
      const j = (i + 2) % ring.length;
      const [ax, ay, bx, by] = [ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!];
      if (ay <= by) out.push(ax, ay, bx, by);
      else out.push(bx, by, ax, ay);
    }
  }
  return Float64Array.from(out);
}

export function boundsOf(lists: readonly Float64Array[]) {
  const box = { minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  for (const list of lists) {
    for (let i = 0; i < list.length; i += 2) {
      box.minX = Math.min(box.minX, list[i]!);
      box.maxX = Math.max(box.maxX, list[i]!);
      box.minY = Math.min(box.minY, list[i + 1]!);
      box.maxY = Math.max(box.maxY, list[i + 1]!);
    }
  }
  return box.minX > box.maxX ? { minX: 0, minY: 0, maxX: 0, maxY: 0 } : box;
}

export interface Grid {
  readonly minX: number;
  readonly minY: number;
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
}

/** Cells that an edge of the list passes or touches. */
export function touchedCells(edges: Float64Array, { minX, minY, size, columns, rows }: Grid): Set<number> {
  const touched = new Set<number>();
  const column = (x: number): number => Math.max(0, Math.min(columns - 1, Math.floor((x - minX) / size)));
  const row = (y: number): number => Math.max(0, Math.min(rows - 1, Math.floor((y - minY) / size)));
  for (let e = 0; e < edges.length; e += 4) {
    const [lx, ly, ux, uy] = [edges[e]!, edges[e + 1]!, edges[e + 2]!, edges[e + 3]!];
    const level = uy === ly;
    const slope = level ? 0 : (ux - lx) / (uy - ly);
    for (let r = row(ly - SLACK_M); r <= row(uy + SLACK_M); r++) {
      const from = Math.max(ly, minY + r * size - SLACK_M);
      const to = Math.min(uy, minY + (r + 1) * size + SLACK_M);
      const x1 = level ? lx : lx + (Math.min(from, uy) - ly) * slope;
      const x2 = level ? ux : lx + (Math.max(to, ly) - ly) * slope;
      const last = column(Math.max(x1, x2) + SLACK_M);
      for (let c = column(Math.min(x1, x2) - SLACK_M); c <= last; c++) touched.add(r * columns + c);
    }
  }
  return touched;
}
