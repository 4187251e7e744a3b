// Small helpers to draw a demo venue as a GeoJSON document. Coordinates are rounded to the centimetre.
import type { Polygon } from '#models/geometry/polygon.ts';
import type { Position, RingPositions, VenueDocument, VenueFeature, VenueHead } from '../document.ts';
import { parseVenue } from '../parse.ts';
import type { Names, Zone } from '../types.ts';
import { formatVenueDocument, writeVenue } from '../write.ts';
import type { Point } from './ring.ts';

const round = (v: number): number => Math.round(v * 100) / 100 + 0; // -0 becomes 0

export function position(p: Point): Position {
  return [round(p[0]), round(p[1])];
}

/** Closed ring of positions; corners that fall on the same centimetre are merged. */
export function closed(points: readonly Point[]): RingPositions {
  const out: RingPositions = [];
  for (const p of points.map(position)) {
    const last = out[out.length - 1];
    if (last === undefined || last[0] !== p[0] || last[1] !== p[1]) out.push(p);
  }
  const first = out[0]!;
  const last = out[out.length - 1]!;
  if (first[0] === last[0] && first[1] === last[1]) out.pop();
  out.push([first[0], first[1]]);
  return out;
}

export function rect(x0: number, y0: number, x1: number, y1: number): Point[] {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

export function toRings(polygon: Polygon): RingPositions[] {
  return [polygon.exterior, ...polygon.holes].map((ring) => {
    const points: Point[] = [];
    for (let i = 0; i < ring.length; i += 2) points.push([ring[i]!, ring[i + 1]!]);
    return closed(points);
  });
}

export const names = (zh: string, en: string): Names => ({ zh, en });

/** Collects features and gives the finished document. */
export class Draft {
  readonly #head: VenueHead;
  readonly #features: VenueFeature[] = [];

  constructor(head: VenueHead) {
    this.#head = head;
  }

  level(ordinal: number, name: Names, elevationM: number, floors: readonly Polygon[]): void {
    const coordinates = floors.map(toRings);
    this.#features.push({
      type: 'Feature',
      id: `level-${ordinal}`,
      geometry:
        coordinates.length === 1
          ? { type: 'Polygon', coordinates: coordinates[0]! }
          : { type: 'MultiPolygon', coordinates },
      properties: { kind: 'level', name, ordinal, elevationM },
    });
  }

  zone(
    id: string,
    level: number,
    name: Names,
    use: Zone['use'],
    rings: readonly (readonly Point[])[],
    capacity?: number,
  ): void {
    this.#features.push({
      type: 'Feature',
      id,
      geometry: { type: 'Polygon', coordinates: rings.map(closed) },
      properties: { kind: 'zone', name, level, use, ...(capacity === undefined ? {} : { capacity }) },
    });
  }

  /** A passage across `centre` for people whose way in is along `inward` (a unit vector). */
  passage(
    kind: 'gate' | 'exit' | 'door' | 'edge',
    id: string,
    level: number,
    name: Names,
    centre: Point,
    inward: Point,
    widthM: number,
    lanes?: number,
  ): void {
    const [a, b] = acrossLine(centre, inward, widthM);
    const geometry = { type: 'LineString' as const, coordinates: [a, b] as [Position, Position] };
    const rest = { name, level, widthM, ...(lanes === undefined ? {} : { lanes }) };
    if (kind === 'gate')
      this.#features.push({ type: 'Feature', id, geometry, properties: { kind, ...rest } });
    else if (kind === 'exit')
      this.#features.push({ type: 'Feature', id, geometry, properties: { kind, ...rest } });
    else if (kind === 'door')
      this.#features.push({ type: 'Feature', id, geometry, properties: { kind, ...rest } });
    else this.#features.push({ type: 'Feature', id, geometry, properties: { kind, ...rest } });
  }

  stair(
    id: string,
    name: Names,
    level: number,
    foot: Point,
    toLevel: number,
    head: Point,
    inward: Point,
    widthM: number,
    lengthM: number,
  ): void {
    this.#features.push({
      type: 'Feature',
      id,
      geometry: { type: 'LineString', coordinates: acrossLine(foot, inward, widthM) },
      properties: {
        kind: 'stair',
        name,
        level,
        toLevel,
        to: acrossLine(head, inward, widthM),
        widthM,
        lengthM,
      },
    });
  }

  camera(
    id: string,
    level: number,
    name: Names,
    at: Point,
    coverage: readonly Point[],
    framesPerSecond: number,
  ): void {
    this.#features.push({
      type: 'Feature',
      id,
      geometry: { type: 'Polygon', coordinates: [closed(coverage)] },
      properties: { kind: 'camera', name, level, position: position(at), framesPerSecond },
    });
  }

  fence(id: string, level: number, name: Names, area: readonly Point[]): void {
    this.#features.push({
      type: 'Feature',
      id,
      geometry: { type: 'Polygon', coordinates: [closed(area)] },
      properties: { kind: 'fence', name, level },
    });
  }

  /** The document in canonical form (as it comes out of a parse and a write), already validated. */
  document(): VenueDocument {
    return writeVenue(
      parseVenue({ type: 'FeatureCollection', tidewatch: this.#head, features: this.#features }),
    );
  }

  text(): string {
    return formatVenueDocument(this.document());
  }
}

/** a -> b across `centre` so that `inward` points from its left to its right. */
function acrossLine(centre: Point, inward: Point, widthM: number): [Position, Position] {
  const h = widthM / 2;
  const dx = -inward[1] * h;
  const dy = inward[0] * h;
  return [position([centre[0] - dx, centre[1] - dy]), position([centre[0] + dx, centre[1] + dy])];
}
