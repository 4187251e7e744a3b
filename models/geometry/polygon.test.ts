// Polygon basics: areas by hand, exact boundary decisions, WKT round trip, and errors that name the fault.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundingBox,
  createPolygon,
  formatWktPolygon,
  GeometryError,
  locatePoint,
  parseWktPolygon,
  pointInPolygon,
  polygonArea,
} from './index.ts';

const ring = 'POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))';

describe('polygon with a hole', () => {
  const polygon = parseWktPolygon(ring);
  it('has the area of the exterior less the hole', () => expect(polygonArea(polygon)).toBe(96));
  it('locates inside, hole, outside, edges and vertices', () => {
    const at = (x: number, y: number) => locatePoint(polygon, x, y);
    expect([at(1, 1), at(5, 5), at(11, 5), at(-1, 0), at(-1, 10)]).toEqual([1, -1, -1, -1, -1]);
    expect([at(0, 5), at(5, 0), at(10, 10), at(0, 0), at(4, 5), at(6, 6), at(5, 4)]).toEqual([
      0, 0, 0, 0, 0, 0, 0,
    ]);
    expect(at(2, 4)).toBe(1);
    expect(at(8, 6)).toBe(1);
  });
  it('counts the boundary by the rule asked for', () => {
    expect(pointInPolygon(polygon, 0, 5)).toBe(false);
    expect(pointInPolygon(polygon, 0, 5, 'include')).toBe(true);
    expect(pointInPolygon(polygon, 5, 5, 'include')).toBe(false);
  });
  it('has its bounding box', () =>
    expect(boundingBox(polygon)).toEqual({ minX: 0, minY: 0, maxX: 10, maxY: 10 }));
});

it('decides the boundary exactly where floating point alone would not', () => {
  // 0.1 * 3 is not 0.3: the point is a hair off the diagonal and must not be called "on" it
  const triangle = createPolygon([
    [0, 0],
    [1, 1],
    [0, 1],
  ]);
  expect(locatePoint(triangle, 0.3, 0.3)).toBe(0);
  expect(locatePoint(triangle, 0.3, 0.1 * 3)).toBe(1);
  expect(locatePoint(triangle, 0.1 * 3, 0.3)).toBe(-1);
});

it('survives a round trip through WKT', () => {
  const number = fc.double({ min: -1e4, max: 1e4, noNaN: true });
  fc.assert(
    fc.property(number, number, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (x, y, size) => {
      const polygon = createPolygon([
        [x, y],
        [x + size, y],
        [x + size / 3, y + size],
      ]);
      expect(parseWktPolygon(formatWktPolygon(polygon))).toEqual(polygon);
    }),
  );
});

it.each([
  ['POINT (1 2)', /not a WKT polygon/],
  ['POLYGON EMPTY', /not a WKT polygon/],
  ['POLYGON ((0 0 1, 1 0 1, 1 1 1))', /pair of numbers/],
  ['POLYGON ((0 0, 1 0, x 1))', /pair of numbers/],
  ['POLYGON ((0 0, 1 0, 0 0))', /three distinct vertices/],
  ['POLYGON ((0 0, 1 1, 2 2))', /no area/],
])('refuses %s', (text, reason) => {
  expect(() => parseWktPolygon(text)).toThrow(GeometryError);
  expect(() => parseWktPolygon(text)).toThrow(reason);
});
