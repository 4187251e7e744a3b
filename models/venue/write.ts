// Venue -> GeoJSON in local metres: the inverse of parse.ts. Text has one feature a line, so that a change shows as a line.
import type { FeatureKind, Position, RingPositions, VenueDocument, VenueFeature } from './document.ts';
import type { AreaM, Passage, Venue } from './types.ts';

/** The document of `venue`; `parseVenue(writeVenue(v))` equals `v`. */
export function writeVenue(venue: Venue): VenueDocument {
  const { org, id, name, version, kind, timeZone, anchor, tickMs } = venue;
  const features: VenueFeature[] = [
    ...venue.levels.map(
      (level): VenueFeature => ({
        type: 'Feature',
        id: level.ordinal < 0 ? `level-b${-level.ordinal}` : `level-${level.ordinal}`,
        geometry:
          level.walkable.length === 1
            ? { type: 'Polygon', coordinates: rings(level.walkable[0]!) }
            : { type: 'MultiPolygon', coordinates: level.walkable.map(rings) },
        properties: { kind: 'level', name: level.name, ordinal: level.ordinal, elevationM: level.elevationM },
      }),
    ),
    ...venue.zones.map(
      (zone): VenueFeature => ({
        type: 'Feature',
        id: zone.id,
        geometry: { type: 'Polygon', coordinates: rings(zone.area) },
        properties: {
          kind: 'zone',
          name: zone.name,
          level: zone.level,
          use: zone.use,
          ...(zone.capacity === undefined ? {} : { capacity: zone.capacity }),
        },
      }),
    ),
    ...venue.gates.map((p) => passage('gate', p)),
    ...venue.exits.map((p) => passage('exit', p)),
    ...venue.doors.map((p) => passage('door', p)),
    ...(venue.stairs ?? []).map(
      (stair): VenueFeature => ({
        type: 'Feature',
        id: stair.id,
        geometry: { type: 'LineString', coordinates: [pair(stair.a), pair(stair.b)] },
        properties: {
          kind: 'stair',
          name: stair.name,
          level: stair.level,
          toLevel: stair.toLevel,
          to: [pair(stair.toA), pair(stair.toB)],
          widthM: stair.widthM,
          lengthM: stair.lengthM,
        },
      }),
    ),
    ...(venue.edges ?? []).map((p) => passage('edge', p)),
    ...venue.cameras.map(
      (camera): VenueFeature => ({
        type: 'Feature',
        id: camera.id,
        geometry: { type: 'Polygon', coordinates: rings(camera.coverage) },
        properties: {
          kind: 'camera',
          name: camera.name,
          level: camera.level,
          position: [camera.x, camera.y],
          framesPerSecond: camera.framesPerSecond,
        },
      }),
    ),
    ...venue.fences.map(
      (fence): VenueFeature => ({
        type: 'Feature',
        id: fence.id,
        geometry: { type: 'Polygon', coordinates: rings(fence.area) },
        properties: { kind: 'fence', name: fence.name, level: fence.level },
      }),
    ),
  ];
  return {
    type: 'FeatureCollection',
    tidewatch: { format: 1, org, venue: id, name, version, kind, timeZone, anchor, tickMs },
    features,
  };
}

/** The document as text, one feature a line, ending in a line feed. */
export function formatVenueDocument(document: VenueDocument): string {
  const features = document.features.map((f) => `    ${JSON.stringify(f)}`).join(',\n');
  return `{\n  "type": "FeatureCollection",\n  "tidewatch": ${JSON.stringify(document.tidewatch)},\n  "features": [\n${features}\n  ]\n}\n`;
}

function passage(kind: FeatureKind & ('gate' | 'exit' | 'door' | 'edge'), p: Passage): VenueFeature {
  const properties = {
    name: p.name,
    level: p.level,
    widthM: p.widthM,
    ...(p.lanes === undefined ? {} : { lanes: p.lanes }),
  };
  const geometry = {
    type: 'LineString' as const,
    coordinates: [pair(p.a), pair(p.b)] as [Position, Position],
  };
  // One literal per kind: a union cannot be built from a variable kind without a cast.
  switch (kind) {
    case 'gate':
      return { type: 'Feature', id: p.id, geometry, properties: { kind, ...properties } };
    case 'exit':
      return { type: 'Feature', id: p.id, geometry, properties: { kind, ...properties } };
    case 'door':
      return { type: 'Feature', id: p.id, geometry, properties: { kind, ...properties } };
    case 'edge':
      return { type: 'Feature', id: p.id, geometry, properties: { kind, ...properties } };
  }
}

function pair(p: readonly [number, number]): Position {
  return [p[0], p[1]];
}

function rings(area: AreaM): RingPositions[] {
  return [area.exterior, ...area.holes].map((ring) => {
    const out: RingPositions = [];
    for (let i = 0; i < ring.length; i += 2) out.push([ring[i]!, ring[i + 1]!]);
    out.push([ring[0]!, ring[1]!]);
    return out;
  });
}
