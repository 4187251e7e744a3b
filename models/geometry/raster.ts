// Which squares of a regular grid lie wholly inside a polygon: what lies in them needs no clipping against its walls.
import { squaredDistanceToSegment } from './convex.ts';
import { boundingBox, locatePoint, type Polygon } from './polygon.ts';

/** Squares of `size` metres from (minX, minY); `inside[row * columns + column]` is 1 for wholly inside. */
export type InteriorRaster = {
  readonly minX: number;
  readonly minY: number;
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
  readonly inside: Uint8Array;
};

/**
 * @param size side of the squares in metres; made larger where more than `most` squares would be needed
 */
export function rasterInterior(polygon: Polygon, size: number, most = 1 << 16): InteriorRaster {
  const box = boundingBox(polygon);
  const width = box.maxX - box.minX;
  const height = box.maxY - box.minY;
  const side = Math.max(size, Math.sqrt((width * height) / most), Math.max(width, height) / most);
  const columns = Math.floor(width / side) + 1;
  const rows = Math.floor(height / side) + 1;
  const { minX, minY } = box;
  const inside = new Uint8Array(columns * rows).fill(2); // 0 a wall touches it, 1 inside, 2 not yet known, 3 outside
  const reach = (side / 2) * Math.SQRT2 * (1 + 1e-9);
  const at = (v: number, min: number, count: number): number =>
    Math.max(0, Math.min(count - 1, Math.floor((v - min) / side)));
  for (const ring of [polygon.exterior, ...polygon.holes]) {
    for (let i = 0; i < ring.length; i += 2) {
      const k = (i + 2) % ring.length;
      const [ax, ay, bx, by] = [ring[i], ring[i + 1], ring[k], ring[k + 1]];
      const lastRow = at(Math.max(ay, by) + side, minY, rows);
      const lastColumn = at(Math.max(ax, bx) + side, minX, columns);
      for (let r = at(Math.min(ay, by) - side, minY, rows); r <= lastRow; r++) {
        for (let c = at(Math.min(ax, bx) - side, minX, columns); c <= lastColumn; c++) {
          const [x, y] = [minX + (c + 0.5) * side, minY + (r + 0.5) * side];
          if (squaredDistanceToSegment(x, y, ax, ay, bx, by) <= reach * reach) inside[r * columns + c] = 0;
        }
      }
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const k = r * columns + c;
      if (inside[k] === 0) continue;
      // no wall runs between two squares side by side that no wall touches: they are alike
      if (c > 0 && inside[k - 1] !== 0) inside[k] = inside[k - 1];
      else inside[k] = locatePoint(polygon, minX + (c + 0.5) * side, minY + (r + 0.5) * side) === 1 ? 1 : 3;
    }
  }
  for (let k = 0; k < inside.length; k++) if (inside[k] !== 1) inside[k] = 0;
  return { minX, minY, size: side, columns, rows, inside };
}

/** Whether the box lies in squares that are wholly inside the polygon (a "no" may be cautious, a "yes" is sure). */
export function boxInside(
  raster: InteriorRaster,
  minX: number,
  minY: number,
  maxX: number,
  maxY: number,
): boolean {
  const { size, columns, rows, inside } = raster;
  const c0 = Math.floor((minX - raster.minX) / size);
  const c1 = Math.floor((maxX - raster.minX) / size);
  const r0 = Math.floor((minY - raster.minY) / size);
  const r1 = Math.floor((maxY - raster.minY) / size);
  if (c0 < 0 || r0 < 0 || c1 >= columns || r1 >= rows) return false;
  for (let r = r0; r <= r1; r++)
    for (let c = c0; c <= c1; c++) if (inside[r * columns + c] !== 1) return false;
  return true;
}
