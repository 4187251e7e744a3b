// Convex parts, seams, clear squares and boolean operations, each checked by an independent way of reckoning.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundingBox,
  boxInside,
  boxPolygon,
  ConvexClipper,
  convexArea,
  createPolygon,
  distanceToSegment,
  intersectPolygons,
  lengthInsideConvex,
  parseWktPolygon,
  partitionConvex,
  pointInPolygon,
  polygonArea,
  rasterInterior,
  segmentsIntersect,
  signedRingArea,
  subtractPolygons,
  unitePolygons,
} from './index.ts';

const floors = [
  'POLYGON ((-3.5 -2, -3.5 8, 3.5 8, 3.5 -2), (-3.05 -0.3, -0.7 -0.3, -0.7 -1, -0.7 -1.1, -0.25 -1.1, -0.25 -0.15, -0.4 0, -2.8 0, -2.8 6.7, -3.05 6.7), (0.25 -1.1, 0.7 -1.1, 0.7 -0.3, 3.05 -0.3, 3.05 6.7, 2.8 6.7, 2.8 0, 0.4 0, 0.25 -0.15))',
  'POLYGON ((0 0, 10 0, 10 10, 0 10), (4 4, 6 4, 6 6, 4 6), (1 1, 2 1, 2 9, 1 9), (8 8, 8.5 9, 8 9))',
  'POLYGON ((0 0, 6 0, 6 1, 1 1, 1 5, 6 5, 6 6, 0 6))',
  'POLYGON ((0 0, 4 1, 8 0, 7 4, 8 8, 4 7, 0 8, 1 4))',
].map(parseWktPolygon);

describe.each(floors)('floor %#', (floor) => {
  const partition = partitionConvex(floor);

  it('is tiled by convex counter-clockwise parts', () => {
    let sum = 0;
    for (const part of partition.parts) {
      const area = signedRingArea(part);
      expect(area).toBeGreaterThan(0);
      sum += area;
      const n = part.length / 2;
      for (let i = 0; i < n; i++) {
        const [a, b, c] = [i, (i + 1) % n, (i + 2) % n].map((k) => [part[2 * k], part[2 * k + 1]]);
        const turn = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]);
        expect(turn).toBeGreaterThanOrEqual(-1e-12);
      }
    }
    expect(sum).toBeCloseTo(polygonArea(floor), 12);
  });

  it('hangs together through its seams', () => {
    const group = partition.parts.map((_, k) => k);
    const root = (k: number): number => (group[k] === k ? k : root(group[k]));
    for (const { a, b } of partition.seams) group[root(a)] = root(b);
    expect(new Set(group.map((_, k) => root(k))).size).toBe(1);
  });

  it('clipped by any triangle, part by part, has the area the library finds', () => {
    const box = boundingBox(floor);
    const px = fc.double({ min: box.minX - 1, max: box.maxX + 1, noNaN: true });
    const py = fc.double({ min: box.minY - 1, max: box.maxY + 1, noNaN: true });
    const clipper = new ConvexClipper();
    fc.assert(
      fc.property(px, py, px, py, px, py, (ax, ay, bx, by, cx, cy) => {
        const area = ((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) / 2;
        fc.pre(Math.abs(area) > 0.01);
        const ring = area > 0 ? [ax, ay, bx, by, cx, cy] : [ax, ay, cx, cy, bx, by];
        const window = Float64Array.from(ring);
        const sum = partition.parts.reduce((s, part) => {
          const n = clipper.clip(part, 0, part.length / 2, window);
          return s + convexArea(clipper.result, n);
        }, 0);
        const triangle = createPolygon([
          [ax, ay],
          [bx, by],
          [cx, cy],
        ]);
        const expected = intersectPolygons(floor, triangle).reduce((s, p) => s + polygonArea(p), 0);
        // edges within rounding errors of each other are reckoned on a micrometre lattice by the library's wrapper
        expect(sum).toBeCloseTo(expected, 4);
      }),
      { numRuns: 60 },
    );
  });

  it.each([0.1, 0.37, 2])('squares of %s m called clear hold no point outside', (size) => {
    const raster = rasterInterior(floor, size);
    const squares = Array.from(raster.inside.keys()).filter((k) => raster.inside[k] === 1);
    const clear = squares.length * raster.size ** 2;
    expect(clear).toBeLessThanOrEqual(polygonArea(floor));
    if (size === 0.1) expect(clear).toBeGreaterThan(0.5 * polygonArea(floor));
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.nat(), share, share, (pick, u, v) => {
        if (squares.length === 0) return; // squares too large for this floor: none is clear, none can be wrong
        const k = squares[pick % squares.length];
        const x = raster.minX + ((k % raster.columns) + u) * raster.size;
        const y = raster.minY + (Math.floor(k / raster.columns) + v) * raster.size;
        expect(pointInPolygon(floor, x, y)).toBe(true);
      }),
    );
    const b = boundingBox(floor);
    expect(boxInside(raster, b.minX, b.minY, b.maxX, b.maxY)).toBe(false);
    expect(boxInside(raster, b.minX - 9, b.minY, b.minX - 8, b.maxY)).toBe(false);
  });
});

it('refuses a polygon that crosses itself', () => {
  const bow = createPolygon([
    [0, 0],
    [4, 4],
    [4, 0],
    [0, 3],
  ]);
  expect(() => partitionConvex(bow)).toThrow(/not simple/);
});

it('boolean operations keep holes and pieces', () => {
  const a = boxPolygon({ minX: 0, minY: 0, maxX: 4, maxY: 4 });
  const hole = boxPolygon({ minX: 1, minY: 1, maxX: 2, maxY: 2 });
  const [ring, ...none] = subtractPolygons(a, [hole]);
  expect(none).toHaveLength(0);
  expect(ring.holes).toHaveLength(1);
  expect(polygonArea(ring)).toBe(15);
  const strip = boxPolygon({ minX: 1.9, minY: -1, maxX: 2.1, maxY: 5 });
  expect(subtractPolygons(a, [strip])).toHaveLength(2);
  const apart = boxPolygon({ minX: 9, minY: 9, maxX: 10, maxY: 10 });
  expect(unitePolygons([a, hole, apart]).map(polygonArea)).toEqual([16, 1]);
  expect(unitePolygons([])).toEqual([]);
  expect(intersectPolygons(a, apart)).toEqual([]);
});

describe('segments', () => {
  const s = { ax: 0, ay: 0, bx: 4, by: 0 };
  it('meet when they cross, touch or overlap, and not when only their lines do', () => {
    expect(segmentsIntersect(s, 2, -1, 2, 1)).toBe(true);
    expect(segmentsIntersect(s, 4, 0, 4, 3)).toBe(true);
    expect(segmentsIntersect(s, 3, 0, 9, 0)).toBe(true);
    expect(segmentsIntersect(s, 2, 0, 2, 0)).toBe(true);
    expect(segmentsIntersect(s, 5, -1, 5, 1)).toBe(false);
    expect(segmentsIntersect(s, 5, 0, 9, 0)).toBe(false);
    expect(segmentsIntersect(s, 2, 1e-300, 2, 1)).toBe(false);
  });
  it('have a distance and a length inside a convex ring', () => {
    expect(distanceToSegment(s, 7, 4)).toBe(5);
    expect(distanceToSegment(s, 2, -3)).toBe(3);
    const square = Float64Array.from([1, -1, 3, -1, 3, 1, 1, 1]);
    expect(lengthInsideConvex(0, 0, 4, 0, square, 4)).toBe(2);
    expect(lengthInsideConvex(0, 2, 4, 2, square, 4)).toBe(0);
    expect(lengthInsideConvex(1.5, 0, 2, 0, square, 4)).toBe(0.5);
    // a corner doubled by rounding, with an edge that points anywhere
    const hair = Float64Array.from([1, -1, 3, -1, 3, 1, 3 + 4e-16, 1 - 4e-16, 1, 1]);
    expect(lengthInsideConvex(0, 0, 4, 0, hair, 5)).toBeCloseTo(2, 9);
  });
});
