// Voronoi cells: hand-computed and degenerate cases, properties, and an independent check by brute force with the
// polygon-clipping library.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPolygon,
  intersectPolygons,
  locatePoint,
  type Polygon,
  parseWktPolygon,
  partitionConvex,
  polygonArea,
} from '#models/geometry/index.ts';
import { VoronoiTessellation, voronoiDensity, voronoiSpeed } from './index.ts';

const square = parseWktPolygon('POLYGON ((0 0, 10 0, 10 10, 0 10))');
/** Two rooms joined by a gap in a wall, and a pillar: cells are cut into pieces here. */
const rooms = parseWktPolygon(
  'POLYGON ((0 0, 10 0, 10 10, 0 10), (4.9 0.5, 5.1 0.5, 5.1 6, 4.9 6), (7 7, 8 7, 8 8, 7 8), (1 4, 3 4, 3 4.5, 1.5 4.5, 1.5 6, 1 6))',
);

type Points = { x: number[]; y: number[] };

function areas(walkable: Polygon, { x, y }: Points, radius?: number): number[] {
  const cutOff = radius === undefined ? undefined : { radius, quadSegments: 3 };
  const cells = new VoronoiTessellation(walkable, cutOff).compute(x, y);
  return [...cells.area.subarray(0, x.length)];
}

/** Cell areas by intersecting the floor with every bisector half-plane through the library. */
function bruteForce(walkable: Polygon, { x, y }: Points, radius?: number): number[] {
  return x.map((px, i) => {
    let cell: Polygon[] = [walkable];
    x.forEach((qx, j) => {
      if (j === i) return;
      const [dx, dy] = [qx - px, y[j] - y[i]];
      const length = Math.hypot(dx, dy);
      const [ux, uy] = [dx / length, dy / length];
      const [mx, my] = [(px + qx) / 2, (y[i] + y[j]) / 2];
      const far = 100;
      const half = createPolygon([
        [mx - far * uy, my + far * ux],
        [mx - far * uy - far * ux, my + far * ux - far * uy],
        [mx + far * uy - far * ux, my - far * ux - far * uy],
        [mx + far * uy, my - far * ux],
      ]);
      cell = cell.flatMap((piece) => intersectPolygons(piece, half));
    });
    if (radius !== undefined) {
      const circle = createPolygon(
        Array.from({ length: 12 }, (_, k): [number, number] => [
          px + radius * Math.cos((k * Math.PI) / 6),
          y[i] + radius * Math.sin((k * Math.PI) / 6),
        ]),
      );
      cell = cell.flatMap((piece) => intersectPolygons(piece, circle));
    }
    const own = cell.find((piece) => locatePoint(piece, px, y[i]) >= 0);
    return own ? polygonArea(own) : Number.NaN;
  });
}

describe('by hand', () => {
  it('one person owns the floor', () => expect(areas(square, { x: [3], y: [8] })).toEqual([100]));
  it('nobody: no cells', () => expect(areas(square, { x: [], y: [] })).toEqual([]));
  it('two persons share it along their bisector', () =>
    expect(areas(square, { x: [2, 6], y: [5, 5] })).toEqual([40, 60]));
  it('collinear persons get strips', () => {
    const x = [1, 3, 5, 7, 9, 2, 4, 6];
    expect(areas(square, { x, y: x.map(() => 5) })).toEqual([15, 10, 10, 15, 20, 10, 10, 10]);
    const diagonal = areas(square, { x, y: x });
    expect(diagonal.reduce((a, b) => a + b)).toBeCloseTo(100, 10);
  });
  it('persons at one position share its cell and both count', () => {
    const x = [2, 2, 6];
    const y = [5, 5, 5];
    const cells = new VoronoiTessellation(square).compute(x, y);
    expect([...cells.area.subarray(0, 3)]).toEqual([40, 40, 60]);
    expect([...cells.sharedBy.subarray(0, 3)]).toEqual([2, 2, 1]);
    const floor = partitionConvex(square);
    expect(voronoiDensity(cells, floor)).toBeCloseTo(0.03, 12);
    expect(voronoiSpeed(cells, floor, [1, 3, 5])).toBeCloseTo((40 * 2 + 60 * 5) / 100, 12);
  });
  it('a cut-off is a regular polygon of 12 corners', () =>
    expect(areas(square, { x: [5], y: [5] }, 0.8)[0]).toBeCloseTo(6 * 0.64 * Math.sin(Math.PI / 6), 12));
  it('a wall with a person behind it keeps the near piece only', () => {
    // the wall x = 4.9..5.1 up to y = 6; with a cut-off of 1 m the cell is the part left of the wall
    const [left] = areas(rooms, { x: [4.5], y: [3] }, 1);
    expect(left).toBeCloseTo(bruteForce(rooms, { x: [4.5], y: [3] }, 1)[0], 10);
    expect(left).toBeLessThan(6 * Math.sin(Math.PI / 6) - 0.3);
  });
  it('four borders meeting in a point do not part a cell from itself', () => {
    // areas by GEOS 3.11 (voronoi_diagram, then intersection with the floor)
    const floor = parseWktPolygon(
      'POLYGON ((0 0, 10 0, 10 6, 6 6, 6 4, 4 4, 4 9, 0 9), (2 2, 3 2, 3 7, 2 7), (7 1, 8 1, 8 2, 7 2))',
    );
    const x = [0.5, 1.4, 2.3, 3.2, 4.1, 0.5, 1.4, 2.3, -0.3];
    const y = [0.5, 0.5, 0.5, 0.5, 0.5, 0.8, 0.8, 0.8, 1.5];
    const expected = [0.6175, 0.585, 0.585, 1.8, 32.54, 0.882143, 2.307857, 8.074396, 14.608104];
    areas(floor, { x, y }).forEach((a, i) => {
      expect(a).toBeCloseTo(expected[i], 6);
    });
  });
  it('a person outside the floor gets what of the cell lies on it, or nothing', () => {
    expect(areas(square, { x: [-1, 5], y: [5, 5] })).toEqual([20, 80]);
    expect(areas(square, { x: [-3, 5], y: [5, 5] }, 0.8)[0]).toBe(0);
    const cells = new VoronoiTessellation(square, { radius: 0.8, quadSegments: 3 }).compute([-3], [5]);
    expect(voronoiDensity(cells, partitionConvex(square))).toBe(0);
  });
  it('refuses a position that is not finite', () =>
    expect(() => areas(square, { x: [1, Number.NaN], y: [1, 1] })).toThrow(
      /person 1 has no finite position/,
    ));
});

// a coarse lattice forces collinear, cocircular and coincident persons; a fine one is generic
const coordinate = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 99_999 }).map((k) => k / 10_000),
);
const crowd = (min: number, max: number): fc.Arbitrary<Points> =>
  fc
    .array(fc.tuple(coordinate, coordinate), { minLength: min, maxLength: max })
    .map((pairs) => ({ x: pairs.map((p) => p[0]), y: pairs.map((p) => p[1]) }));

describe('properties', () => {
  it('cells of a convex floor tile it, and densities count every person', () => {
    const floor = partitionConvex(square);
    const tessellation = new VoronoiTessellation(square);
    fc.assert(
      fc.property(crowd(1, 60), ({ x, y }) => {
        const cells = tessellation.compute(x, y);
        let sum = 0;
        for (let i = 0; i < cells.count; i++) {
          expect(cells.area[i]).toBeGreaterThan(0);
          sum += cells.area[i] / cells.sharedBy[i];
        }
        expect(sum).toBeCloseTo(100, 8);
        expect(voronoiDensity(cells, floor) * 100).toBeCloseTo(x.length, 8);
      }),
      { numRuns: 300 },
    );
  });

  it('densities of parts of the floor are non-negative and add up to the persons', () => {
    const parts = [
      'POLYGON ((0 0, 10 0, 10 3, 0 3))',
      'POLYGON ((0 3, 4 3, 4 10, 0 10))',
      'POLYGON ((4 3, 10 3, 10 10, 4 10))',
    ].map((text) => partitionConvex(parseWktPolygon(text)));
    fc.assert(
      fc.property(crowd(1, 40), ({ x, y }) => {
        const cells = new VoronoiTessellation(square, { radius: 0.8, quadSegments: 3 }).compute(x, y);
        const persons = parts.map((p) => voronoiDensity(cells, p) * p.area);
        expect(Math.min(...persons)).toBeGreaterThanOrEqual(0);
        expect(persons.reduce((a, b) => a + b)).toBeCloseTo(x.length, 8);
      }),
    );
  });

  it('is the same after turning and moving everything', () => {
    fc.assert(
      fc.property(crowd(1, 30), fc.double({ min: -3, max: 3, noNaN: true }), ({ x, y }, angle) => {
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const turn = (px: number, py: number): [number, number] => [
          c * px - s * py + 500,
          s * px + c * py - 300,
        ];
        const ring = (r: Float64Array): [number, number][] =>
          Array.from({ length: r.length / 2 }, (_, k) => turn(r[2 * k], r[2 * k + 1]));
        const moved = createPolygon(ring(rooms.exterior), rooms.holes.map(ring));
        const points = x.map((px, i) => turn(px, y[i]));
        const there = areas(moved, { x: points.map((p) => p[0]), y: points.map((p) => p[1]) });
        // persons inside walls stand outside the floor: their piece is the nearest one, which rounding may tie
        const here = areas(rooms, { x, y });
        here.forEach((a, i) => {
          if (
            locatePoint(rooms, x[i], y[i]) === 1 &&
            new Set(x.map((v, j) => `${v},${y[j]}`)).size === x.length
          )
            expect(there[i]).toBeCloseTo(a, 6);
        });
      }),
      { numRuns: 100 },
    );
  });

  it.each([undefined, 0.8, 2.5])('agrees with brute force between walls, cut-off %s m', (radius) => {
    const generic = fc.integer({ min: 1, max: 99_999 }).map((k) => k / 10_000);
    const points = fc.array(fc.tuple(generic, generic), { minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(points, (pairs) => {
        const inside = pairs.filter(([px, py]) => locatePoint(rooms, px, py) === 1);
        const distinct = [...new Map(inside.map((p) => [p.join(), p])).values()];
        fc.pre(distinct.length > 0);
        const crowdHere = { x: distinct.map((p) => p[0]), y: distinct.map((p) => p[1]) };
        const expected = bruteForce(rooms, crowdHere, radius);
        areas(rooms, crowdHere, radius).forEach((a, i) => {
          expect(a).toBeCloseTo(expected[i], 8);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('stays right when persons are within a hair of one line or of each other', () => {
    const hair = fc.constantFrom(0, 1e-16, 1e-15, 1e-13, 1e-11, 1e-9, -1e-12);
    const along = fc.tuple(fc.integer({ min: 1, max: 39 }), hair, hair);
    fc.assert(
      fc.property(fc.array(along, { minLength: 7, maxLength: 40 }), (list) => {
        const x = list.map(([k, e]) => k / 4 + e);
        const y = list.map(([k, , e]) => 2 + k / 8 + e);
        const cells = new VoronoiTessellation(square).compute(x, y);
        let sum = 0;
        for (let i = 0; i < cells.count; i++) sum += cells.area[i] / cells.sharedBy[i];
        expect(sum).toBeCloseTo(100, 5);
      }),
      { numRuns: 300 },
    );
  });
});
