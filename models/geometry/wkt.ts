// Well-known text (OGC 06-103r4) of polygons, as scene descriptions and geometry tools write it.
import { GeometryError } from './errors.ts';
import { createPolygon, type Polygon } from './polygon.ts';

const numberText = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Parse `POLYGON ((x y, …), (hole…), …)`; rings may be closed or open.
 * @throws GeometryError naming what is wrong: another geometry type, EMPTY, Z or M values, text that is no number.
 */
export function parseWktPolygon(text: string): Polygon {
  const match = /^\s*POLYGON\s*\(\s*\(([^()]*(?:\)\s*,\s*\([^()]*)*)\)\s*\)\s*$/i.exec(text);
  if (!match)
    throw new GeometryError(
      `not a WKT polygon: ${text.slice(0, 60)}; expected POLYGON ((x y, x y, x y), (hole), …)`,
    );
  const rings = match[1].split(/\)\s*,\s*\(/).map((ring) =>
    ring.split(',').map((pair): [number, number] => {
      const parts = pair.trim().split(/\s+/);
      if (parts.length !== 2 || !parts.every((p) => numberText.test(p)))
        throw new GeometryError(`WKT polygon: "${pair.trim()}" is not a pair of numbers "x y"`);
      return [Number(parts[0]), Number(parts[1])];
    }),
  );
  return createPolygon(rings[0], rings.slice(1));
}

/** WKT of a polygon, rings closed, numbers in their shortest exact form. */
export function formatWktPolygon(polygon: Polygon): string {
  const ring = (r: Float64Array): string => {
    const pairs: string[] = [];
    for (let i = 0; i < r.length; i += 2) pairs.push(`${r[i]} ${r[i + 1]}`);
    pairs.push(pairs[0]);
    return `(${pairs.join(', ')})`;
  };
  return `POLYGON (${[polygon.exterior, ...polygon.holes].map(ring).join(', ')})`;
}
