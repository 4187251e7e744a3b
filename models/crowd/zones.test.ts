// The look-up over many zones gives exactly what asking each zone gives.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseWktPolygon, partitionConvex, pointInPolygon } from '#models/geometry/index.ts';
import { VoronoiTessellation, voronoiDensity, voronoiSpeed, ZoneSet } from './index.ts';

const floor = parseWktPolygon('POLYGON ((0 0, 20 0, 20 20, 0 20), (9 9, 11 9, 11 11, 9 11))');
const polygons = [
  'POLYGON ((0 0, 10 0, 10 10, 0 10))',
  'POLYGON ((10 0, 20 0, 20 10, 10 10))',
  'POLYGON ((1 1, 19 1, 19 19, 1 19), (5 5, 15 5, 15 15, 5 15))',
  'POLYGON ((2 12, 8 12, 8 14, 4 14, 4 18, 2 18))',
  'POLYGON ((15 15, 15.3 15, 15.3 15.2, 15 15.2))',
].map(parseWktPolygon);

const coordinate = fc.oneof(fc.integer({ min: -1, max: 21 }), fc.double({ min: 0, max: 20, noNaN: true }));
const crowd = fc.array(fc.tuple(coordinate, coordinate), { maxLength: 120 });

it.each([0.5, 2, 7])('squares of %s m: members, density and speed per zone', (square) => {
  const set = new ZoneSet(polygons, square);
  const partitions = polygons.map(partitionConvex);
  const tessellation = new VoronoiTessellation(floor, { radius: 1.5, quadSegments: 3 });
  fc.assert(
    fc.property(crowd, (points) => {
      const x = points.map((p) => p[0]);
      const y = points.map((p) => p[1]);
      const speed = points.map((_, i) => (i % 7 === 3 ? Number.NaN : i / 10));
      const { start, members } = set.locate(x, y);
      const cells = tessellation.compute(x, y);
      const voronoi = set.voronoi(cells, speed);
      polygons.forEach((polygon, z) => {
        const expected = points.flatMap((p, i) => (pointInPolygon(polygon, p[0], p[1]) ? [i] : []));
        expect([...members.subarray(start[z], start[z + 1])]).toEqual(expected);
        expect(voronoi.density[z]).toBeCloseTo(voronoiDensity(cells, partitions[z]), 10);
        expect(voronoi.speed[z]).toBeCloseTo(voronoiSpeed(cells, partitions[z], speed), 10);
      });
    }),
    { numRuns: 60 },
  );
});

it('a position that is not finite is in no zone', () => {
  const { members } = new ZoneSet(polygons).locate([Number.NaN, Number.POSITIVE_INFINITY], [1, 1]);
  expect(members).toHaveLength(0);
});

it('refuses an empty set and squares too small for the floor', () => {
  expect(() => new ZoneSet([])).toThrow(/at least one zone/);
  expect(() => new ZoneSet(polygons, 0.001)).toThrow(/larger squares/);
});
