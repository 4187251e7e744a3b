// Assignment to zones against brute-force point location, the rule on shared edges, and who answers for what.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxPolygon, createPolygon, locatePoint } from '#models/geometry/index.ts';
import type { AreaM, Camera, Venue, Zone } from '#models/venue/types.ts';
import { createAreaIndex } from './area-index.ts';
import { createOwnership, createZoneIndex } from './zones.ts';

const name = { zh: '区', en: 'area' };
const box = (minX: number, minY: number, maxX: number, maxY: number): AreaM =>
  boxPolygon({ minX, minY, maxX, maxY });
const zone = (id: string, area: AreaM, level = 0): Zone => ({
  id,
  level,
  name,
  area,
  areaM2: 1,
  use: 'moving',
});
const camera = (id: string, coverage: AreaM, level = 0): Camera => ({
  id,
  level,
  name,
  x: 0,
  y: 0,
  coverage,
  framesPerSecond: 10,
});
function venueWith(
  zones: readonly Zone[],
  cameras: readonly Camera[] = [],
  walkable = [box(0, 0, 100, 100)],
): Venue {
  return {
    org: 'o',
    id: 'v',
    name,
    version: 1,
    kind: 'other',
    timeZone: 'UTC',
    anchor: { longitude: 0, latitude: 0, bearingDeg: 0 },
    tickMs: 500,
    levels: [{ ordinal: 0, name, elevationM: 0, walkable }],
    zones,
    gates: [],
    exits: [],
    doors: [],
    cameras,
    fences: [],
  };
}

/** A star-shaped polygon about a centre: simple by construction, with edges of every direction. */
const star = fc
  .record({
    cx: fc.double({ min: -10, max: 10, noNaN: true }),
    cy: fc.double({ min: -10, max: 10, noNaN: true }),
    radii: fc.array(fc.double({ min: 0.3, max: 12, noNaN: true }), { minLength: 3, maxLength: 9 }),
    snap: fc.boolean(),
    hole: fc.boolean(),
  })
  .map(({ cx, cy, radii, snap, hole }) => {
    const at = (r: number, i: number): [number, number] => {
      const a = (2 * Math.PI * i) / radii.length;
      const round = (v: number): number => (snap ? Math.round(4 * v) / 4 : v);
      return [round(cx + r * Math.cos(a)), round(cy + r * Math.sin(a))];
    };
    return { outer: radii.map(at), inner: hole ? radii.map((r, i) => at(r / 3, i)) : undefined };
  });
const area = star.map(({ outer, inner }): AreaM | undefined => {
  try {
    return createPolygon(outer, inner ? [inner] : []);
  } catch {
    return undefined; // rounded to something without area
  }
});
const coordinate = fc.oneof(
  fc.double({ min: -24, max: 24, noNaN: true }),
  fc.integer({ min: -96, max: 96 }).map((v) => v / 4), // on cell borders and on snapped edges
);

describe('area index', () => {
  it('agrees with exact point location for overlapping areas with holes, whatever the cell size', () => {
    fc.assert(
      fc.property(
        fc.array(area, { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 80 }),
        fc.constantFrom(0.25, 0.5, 3, 100),
        (maybe, points, cellM) => {
          const areas = maybe.filter((a) => a !== undefined);
          const index = createAreaIndex(areas, cellM);
          const x = Float32Array.from(points, (p) => p[0]);
          const y = Float32Array.from(points, (p) => p[1]);
          const out = new Int32Array(points.length);
          index.assign(x, y, points.length, out);
          for (let i = 0; i < points.length; i++) {
            expect(index.at(x[i]!, y[i]!)).toBe(out[i]);
            const members = index.members(out[i]!);
            areas.forEach((a, k) => {
              const where = locatePoint(a, x[i]!, y[i]!);
              if (where !== 0) expect([k, members.includes(k)]).toEqual([k, where === 1]);
            });
            if (members.length === 1) expect(out[i]).toBe(members[0]);
            if (members.length === 0) expect(out[i]).toBe(-1);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('puts a point on shared edges and corners into exactly one of the areas that tile the plane there', () => {
    // Tiles with slanted sides: every inner vertex is shared by four, moved off the grid.
    const vertex = (i: number, j: number): [number, number] => [
      3 * i + (i % 4 === 0 ? 0 : 0.7 * Math.sin(i * 7 + j * 3)),
      3 * j + (j % 4 === 0 ? 0 : 0.7 * Math.cos(i * 5 + j)),
    ];
    const tiles: AreaM[] = [];
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        tiles.push(createPolygon([vertex(i, j), vertex(i + 1, j), vertex(i + 1, j + 1), vertex(i, j + 1)]));
      }
    }
    const index = createAreaIndex(tiles);
    const check = (x: number, y: number): void =>
      expect([x, y, index.members(index.at(x, y)).length]).toEqual([x, y, 1]);
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        const [ax, ay] = vertex(i, j);
        check(ax, ay);
        for (const [bx, by] of [vertex(i + 1, j), vertex(i, j + 1)]) {
          for (let t = 1; t < 64; t++) {
            const [x, y] = [ax + ((bx - ax) * t) / 64, ay + ((by - ay) * t) / 64];
            if (x >= 0 && y >= 0 && x < 12 && y < 12) check(x, y);
          }
        }
      }
    }
    expect(index.at(12, 6)).toBe(-1);
    expect(index.at(Number.NaN, 6)).toBe(-1);
    expect(createAreaIndex([]).at(0, 0)).toBe(-1);
  });
});

describe('zone index', () => {
  it('keeps levels apart and counts a person once in each overlapping zone', () => {
    const venue = venueWith([
      zone('other-level', box(0, 0, 50, 50), 1),
      zone('west', box(0, 0, 50, 100)),
      zone('east', box(50, 0, 100, 100)),
      zone('middle', box(40, 40, 60, 60)),
    ]);
    const index = createZoneIndex(venue, 0);
    expect(index.zones.map(({ id }) => id)).toEqual(['west', 'east', 'middle']);
    const x = Float32Array.of(10, 50, 45, 55, 200);
    const y = Float32Array.of(10, 10, 50, 50, 50);
    const out = new Int32Array(5);
    index.assign(x, y, 5, out);
    expect(Array.from(out, (set) => index.members(set))).toEqual([[0], [1], [0, 2], [1, 2], []]);
    const counts = new Uint32Array(3);
    index.addCounts(out, 5, counts);
    expect([...counts]).toEqual([2, 2, 2]);
  });
});

describe('ownership', () => {
  const zones = [zone('a', box(0, 0, 40, 10)), zone('b', box(40, 0, 80, 10))];
  const cameras = [
    camera('one', box(0, 0, 30, 10)),
    camera('two', box(20, 0, 60, 10)),
    camera('up', box(0, 0, 99, 99), 1),
  ];
  const ownership = createOwnership(venueWith(zones, cameras), 0);

  it('gives a place to the first camera of the list, or the first that is live', () => {
    expect(ownership.cameras.map(({ id }) => id)).toEqual(['one', 'two']);
    const both = ownership.coverage.at(25, 5);
    expect([ownership.owner(both), ownership.owner(both, [0, 1]), ownership.owner(both, [0, 0])]).toEqual([
      0, 1, -1,
    ]);
    expect(ownership.owner(ownership.coverage.at(70, 5))).toBe(-1);
    const [x, y] = [Float32Array.of(10, 25, 50, 70), Float32Array.of(5, 5, 5, 5)];
    const keep = new Uint8Array(4);
    expect(ownership.ownedBy(0, x, y, 4, keep)).toBe(3); // seen outside every coverage: kept
    expect([...keep]).toEqual([1, 1, 0, 1]);
    ownership.ownedBy(1, x, y, 4, keep, [0, 1]);
    expect([...keep]).toEqual([0, 1, 1, 1]);
  });

  it('shares out the walkable area of a zone exactly', () => {
    const [a, b] = zones as [Zone, Zone];
    expect(ownership.covering(a)).toEqual([0, 1]);
    expect(ownership.covering(b)).toEqual([1]);
    expect([...ownership.ownedShare(a)]).toEqual([0.75, 0.25]);
    expect([...ownership.ownedShare(b)]).toEqual([0, 0.5]);
    expect(ownership.observedShare(a, [1, 1])).toBe(1);
    expect(ownership.observedShare(a, [1, 0])).toBe(0.75);
    expect(ownership.observedShare(a, [0, 1])).toBe(0.5);
    expect(ownership.observedShare(b, [1, 0])).toBe(0);
  });

  it('counts only floor that can be walked on', () => {
    const walled = createOwnership(venueWith(zones, cameras, [box(0, 0, 20, 10), box(35, 0, 80, 10)]), 0);
    expect([...walled.ownedShare(zones[0]!)]).toEqual([0.8, 0.2]);
  });
});
