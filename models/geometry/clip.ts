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

/** The lattice of the second attempt: about a micrometre. */
const lattice = 2 ** 20;

const onLattice = (pieces: Pairs[][]): Pairs[][] =>
  pieces.map((rings) =>
    rings.map((ring) =>
      ring.map(([x, y]): [number, number] => [
        Math.round(x * lattice) / lattice,
        Math.round(y * lattice) / lattice,
      ]),
    ),
  );

/**
 * The library loses its way, and says so, when edges run within rounding errors of each other. On a lattice of a
 * micrometre such edges coincide, which it handles; only those inputs are rounded.
 */
function run(
  what: string,
  operands: Pairs[][][],
  operation: (first: Pairs[][], ...rest: Pairs[][][]) => Pairs[][],
): Polygon[] {
  const [first, ...rest] = operands;
  try {
    return fromLibrary(operation(first, ...rest));
  } catch {
    try {
      return fromLibrary(operation(onLattice(first), ...rest.map(onLattice)));
    } catch (cause) {
      throw new GeometryError(`${what} failed: check the polygons for self-intersections`, { cause });
    }
  }
}

/** Pieces common to both polygons; empty when they only touch. @throws GeometryError when the input is invalid. */
export function intersectPolygons(a: Polygon, b: Polygon): Polygon[] {
  return run('intersection', [[toLibrary(a)], [toLibrary(b)]], polygonClipping.intersection);
}

/** Pieces of `a` outside every one of `others`. @throws GeometryError when the input is invalid. */
export function subtractPolygons(a: Polygon, others: readonly Polygon[]): Polygon[] {
  return run(
    'difference',
    [[toLibrary(a)], ...others.map((p) => [toLibrary(p)])],
    polygonClipping.difference,
  );
}

/** Union of polygons as disjoint pieces. @throws GeometryError when the input is invalid. */
export function unitePolygons(polygons: readonly Polygon[]): Polygon[] {
  if (polygons.length === 0) return [];
  return run(
    'union',
    polygons.map((p) => [toLibrary(p)]),
    polygonClipping.union,
  );
}
