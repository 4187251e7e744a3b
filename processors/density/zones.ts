// Which zone a person stands in, and which camera answers for the place.
import { intersectPolygons, polygonArea, subtractPolygons } from '#models/geometry/index.ts';
import type { AreaM, Camera, Venue, Zone } from '#models/venue/types.ts';
import { type AreaIndex, createAreaIndex } from './area-index.ts';

export interface ZoneIndex {
  /** Zones of the level, in the venue's order: the numbers below are places in this list. */
  readonly zones: readonly Zone[];
  /**
   * `out[i]` becomes -1 where person i is in no zone, k in zone k alone, and a number from `zones.length` upwards in
   * several zones at once (`members` tells which). x and y in metres.
   */
  assign(x: ArrayLike<number>, y: ArrayLike<number>, count: number, out: Int32Array): void;
  /** Zones of one value of `out`. */
  members(set: number): readonly number[];
  /** Adds the persons of `out` to `counts`, one entry per zone; a person in several zones counts in each. */
  addCounts(out: Int32Array, count: number, counts: Uint32Array | Float64Array): void;
}

/** An index of the zones of one level. Zones may overlap; a point on a shared edge is in exactly one of its zones. */
export function createZoneIndex(venue: Venue, level: number, cellM?: number): ZoneIndex {
  const zones = venue.zones.filter((zone) => zone.level === level);
  const index = createAreaIndex(
    zones.map((zone) => zone.area),
    cellM,
  );
  return {
    zones,
    assign: index.assign,
    members: index.members,
    addCounts(out, count, counts) {
      for (let i = 0; i < count; i++) {
        const set = out[i]!;
        if (set < 0) continue;
        if (set < zones.length) counts[set]!++;
        else for (const zone of index.members(set)) counts[zone]!++;
      }
    },
  };
}

export interface Ownership {
  /** Cameras of the level, in the venue's order: the numbers below are places in this list. */
  readonly cameras: readonly Camera[];
  /** As of AreaIndex over the coverages: the set of cameras that cover each place. */
  readonly coverage: AreaIndex;
  /**
   * The camera that answers for places covered by exactly this set: the first of the list, or, where `live` says which
   * cameras deliver (1) and which do not (0), the first that does. -1 where none does.
   */
  owner(set: number, live?: ArrayLike<number>): number;
  /**
   * `keep[i]` becomes 1 where `camera` answers for person i that it saw, else 0. A person seen outside every coverage
   * is kept: coverages are drawn by hand, and nobody else can count that person. Returns how many are kept.
   */
  ownedBy(
    camera: number,
    x: ArrayLike<number>,
    y: ArrayLike<number>,
    count: number,
    keep: Uint8Array,
    live?: ArrayLike<number>,
  ): number;
  /** Cameras that see any part of the zone, ascending: those expected to report on it. */
  covering(zone: Zone): readonly number[];
  /** Share [0,1] of the zone's walkable area that each camera answers for when all are live; the rest is covered by none. */
  ownedShare(zone: Zone): Float64Array;
  /** Share [0,1] of the zone's walkable area that at least one live camera sees. */
  observedShare(zone: Zone, live: ArrayLike<number>): number;
}

/** Below this a shared piece is rounding of the clipping, m2. */
const NOTHING_M2 = 1e-6;

/** Who sees what on one level. Shares are exact areas (polygon clipping), computed once per zone and set of live cameras. */
export function createOwnership(venue: Venue, level: number): Ownership {
  const cameras = venue.cameras.filter((camera) => camera.level === level);
  const coverage = createAreaIndex(cameras.map((camera) => camera.coverage));
  const floor = venue.levels.filter((l) => l.ordinal === level).flatMap((l) => l.walkable);
  /** Pieces of each zone by the set of cameras that cover them, by zone id. */
  const pieces = new Map<string, readonly Piece[]>();

  const piecesOf = (zone: Zone): readonly Piece[] => {
    let found = pieces.get(zone.id);
    if (found === undefined) {
      found = cutByCoverage(walkablePart(zone, floor), cameras);
      pieces.set(zone.id, found);
    }
    return found;
  };
  const share = (zone: Zone, test: (piece: Piece) => boolean): number => {
    let seen = 0;
    let all = 0;
    for (const piece of piecesOf(zone)) {
      all += piece.areaM2;
      if (test(piece)) seen += piece.areaM2;
    }
    return all > 0 ? seen / all : 0;
  };

  function owner(set: number, live?: ArrayLike<number>): number {
    const members = coverage.members(set);
    if (live === undefined) return members[0] ?? -1;
    for (const camera of members) if (live[camera] === 1) return camera;
    return -1;
  }

  return {
    cameras,
    coverage,
    owner,
    ownedBy(camera, x, y, count, keep, live) {
      let kept = 0;
      for (let i = 0; i < count; i++) {
        const set = coverage.at(x[i]!, y[i]!);
        const mine = set < 0 || owner(set, live) === camera;
        keep[i] = mine ? 1 : 0;
        if (mine) kept++;
      }
      return kept;
    },
    covering(zone) {
      const seen = new Set(piecesOf(zone).flatMap((piece) => piece.cameras));
      return [...seen].sort((a, b) => a - b);
    },
    ownedShare: (zone) =>
      Float64Array.from(cameras, (_, camera) => share(zone, (p) => p.cameras[0] === camera)),
    observedShare: (zone, live) => share(zone, (p) => p.cameras.some((camera) => live[camera] === 1)),
  };
}

interface Piece {
  readonly area: AreaM;
  readonly areaM2: number;
  /** Cameras that cover it, ascending. */
  readonly cameras: readonly number[];
}

function walkablePart(zone: Zone, floor: readonly AreaM[]): AreaM[] {
  return floor.flatMap((part) => intersectPolygons(zone.area, part));
}

/** Cuts areas into pieces that each lie wholly inside or outside every coverage. */
function cutByCoverage(areas: readonly AreaM[], cameras: readonly Camera[]): Piece[] {
  let pieces: Piece[] = areas.map((area) => ({ area, areaM2: polygonArea(area), cameras: [] }));
  cameras.forEach(({ coverage }, camera) => {
    pieces = pieces.flatMap((piece) => {
      const inside = intersectPolygons(piece.area, coverage).map((area) => ({
        area,
        areaM2: polygonArea(area),
        cameras: [...piece.cameras, camera],
      }));
      if (inside.every(({ areaM2 }) => areaM2 < NOTHING_M2)) return [piece];
      const outside = subtractPolygons(piece.area, [coverage]).map((area) => ({
        area,
        areaM2: polygonArea(area),
        cameras: piece.cameras,
      }));
      return [...inside, ...outside].filter(({ areaM2 }) => areaM2 >= NOTHING_M2);
    });
  });
  return pieces;
}
