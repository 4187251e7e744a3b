// Boolean operations on polygons with holes: a thin wrapper over the polygon-clipping library (Martinez-Rueda-Feito).
import polygonClipping from 'polygon-clipping';
import { GeometryError } from './errors.ts';
import { createPolygon, type Polygon, type Ring, signedRingArea } from './polygon.ts';

type Pairs = [number, number][];

function pairs(ring: Ring): Pairs {
  const out: Pairs = [];
  for (let i = 0; i < ring.length; i += 2) out.push([ring[i], ring[i + 1]]);
  return out;
}

const toLibrary = (p: Polygon): Pairs[] => [pairs(p.exterior), ...p.holes.map(pairs)];

function area(points: Pairs): number {
  return signedRingArea(Float64Array.from(points.flat()));
}

function fromLibrary(pieces: Pairs[][]): Polygon[] {
  return pieces
    .filter(([exterior]) => area(exterior) !== 0)
    .map(([exterior, ...holes]) =>
      createPolygon(
        exterior,
        holes.filter((hole) => area(hole) !== 0),
      ),
    );
}

function run(what: string, operation: () => Pairs[][]): Polygon[] {
  try {
    return fromLibrary(operation());
  } catch (cause) {
    throw new GeometryError(
      `${what} failed: check the polygons for self-intersections and near-duplicate vertices`,
      {
        cause,
      },
    );
  }
}

/** Pieces common to both polygons; empty when they only touch. @throws GeometryError when the input is invalid. */
export function intersectPolygons(a: Polygon, b: Polygon): Polygon[] {
  return run('intersection', () => polygonClipping.intersection([toLibrary(a)], [toLibrary(b)]));
}

/** Pieces of `a` outside every one of `others`. @throws GeometryError when the input is invalid. */
export function subtractPolygons(a: Polygon, others: readonly Polygon[]): Polygon[] {
  return run('difference', () => polygonClipping.difference([toLibrary(a)], others.map(toLibrary)));
}

/** Union of polygons as disjoint pieces. @throws GeometryError when the input is invalid. */
export function unitePolygons(polygons: readonly Polygon[]): Polygon[] {
  if (polygons.length === 0) return [];
  const [first, ...rest] = polygons.map((p) => [toLibrary(p)]);
  return run('union', () => polygonClipping.union(first, ...rest));
}
