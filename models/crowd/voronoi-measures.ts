// Voronoi density and speed of an area, from the cells of one frame.
// Steffen & Seyfried, Physica A 389 (2010) 1902; conventions of PedPy (see docs/measures.md).
import { ConvexClipper, type ConvexPartition, convexArea } from '#models/geometry/index.ts';
import type { VoronoiCells } from './voronoi.ts';

const areaClipper = new ConvexClipper();

/** Area in m2 of person i's cell inside a zone. */
export function cellAreaInside(cells: VoronoiCells, i: number, zone: ConvexPartition): number {
  let area = 0;
  for (let p = cells.pieceStart[i]; p < cells.pieceStart[i + 1]; p++) {
    const from = cells.vertexStart[p];
    const n = cells.vertexStart[p + 1] - from;
    let minX = Infinity;
    let minY = Infinity;
    let maxX = -Infinity;
    let maxY = -Infinity;
    for (let v = from; v < from + n; v++) {
      const vx = cells.vertices[2 * v];
      const vy = cells.vertices[2 * v + 1];
      if (vx < minX) minX = vx;
      if (vx > maxX) maxX = vx;
      if (vy < minY) minY = vy;
      if (vy > maxY) maxY = vy;
    }
    const zb = zone.box;
    if (zb.minX >= maxX || zb.maxX <= minX || zb.minY >= maxY || zb.maxY <= minY) continue;
    for (let k = 0; k < zone.parts.length; k++) {
      const b = zone.boxes[k];
      if (b.minX >= maxX || b.maxX <= minX || b.minY >= maxY || b.maxY <= minY) continue;
      const left = areaClipper.clip(cells.vertices, from, n, zone.parts[k]);
      area += convexArea(areaClipper.result, left);
    }
  }
  return area;
}

/**
 * Voronoi density in 1/m2: sum over persons of (cell in zone) / (cell), over the zone's area.
 * A person whose cell is empty (outside the floor) adds nothing.
 */
export function voronoiDensity(cells: VoronoiCells, zone: ConvexPartition): number {
  let persons = 0;
  for (let i = 0; i < cells.count; i++)
    if (cells.area[i] > 0) persons += cellAreaInside(cells, i, zone) / cells.area[i];
  return persons / zone.area;
}

/**
 * Voronoi speed in m/s: cell area inside the zone times speed, over the zone's area (empty floor counts as 0 m/s).
 * Persons without a speed (NaN) add nothing, as in PedPy.
 */
export function voronoiSpeed(cells: VoronoiCells, zone: ConvexPartition, speed: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < cells.count; i++) {
    if (Number.isNaN(speed[i]) || cells.area[i] === 0) continue;
    sum += (cellAreaInside(cells, i, zone) * speed[i]) / cells.sharedBy[i];
  }
  return sum / zone.area;
}

/** Individual Voronoi density of person i in 1/m2 (persons sharing a position share the cell); 0 for no cell. */
export function individualDensity(cells: VoronoiCells, i: number): number {
  return cells.area[i] > 0 ? cells.sharedBy[i] / cells.area[i] : 0;
}
