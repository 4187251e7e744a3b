// A venue document is accepted whole or refused with the feature's id and what to do.
import { describe, expect, test } from 'vitest';
import { VenueError, type VenueErrorCode } from './errors.ts';
import { parseVenue } from './parse.ts';
import { formatVenueDocument, writeVenue } from './write.ts';

const box = (x0: number, y0: number, x1: number, y1: number) => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
  [x0, y0],
];
const name = { zh: '甲', en: 'A' };

function feature(id: unknown, kind: string, geometry: unknown, more: object = {}) {
  return { type: 'Feature', id, geometry, properties: { kind, name, level: 0, ...more } };
}
const polygon = (...rings: number[][][]) => ({ type: 'Polygon', coordinates: rings });
const line = (a: number[], b: number[]) => ({ type: 'LineString', coordinates: [a, b] });
const level = {
  type: 'Feature',
  id: 'level-0',
  geometry: polygon(box(0, 0, 20, 10), box(9, 4, 11, 6)),
  properties: { kind: 'level', name, ordinal: 0, elevationM: 0 },
};
const head = {
  format: 1,
  org: 'unit-a',
  venue: 'place',
  name,
  version: 3,
  kind: 'hall',
  timeZone: 'Asia/Shanghai',
  anchor: { longitude: 112, latitude: 31, bearingDeg: 0 },
  tickMs: 500,
};
const document = (features: unknown[], changes: object = {}) => ({
  type: 'FeatureCollection',
  tidewatch: { ...head, ...changes },
  features,
});
const zone = (id: unknown, ring: number[][]) => feature(id, 'zone', polygon(ring), { use: 'moving' });

test('every kind of feature is read, rings come out open, holes clockwise, zones with their walkable area', () => {
  const clockwise = [...box(8, 3, 12, 7)].reverse();
  const venue = parseVenue(
    document([
      level,
      zone('z-1', clockwise),
      feature('g-1', 'gate', line([0, 1], [0, 3]), { widthM: 2, lanes: 2 }),
      feature('e-1', 'exit', line([20, 1], [20, 3]), { widthM: 2 }),
      feature('d-1', 'door', line([5, 1], [5, 3]), { widthM: 2 }),
      feature('edge-1', 'edge', line([0, 5], [0, 7]), { widthM: 2 }),
      feature('s-1', 'stair', line([1, 1], [1, 3]), {
        toLevel: 0,
        to: [
          [2, 1],
          [2, 3],
        ],
        widthM: 2,
        lengthM: 5,
      }),
      feature('c-1', 'camera', polygon(box(0, 0, 20, 10)), { position: [1, 2], framesPerSecond: 2 }),
      feature('f-1', 'fence', polygon(box(0, 0, 2, 2))),
    ]),
  );
  expect(venue.zones[0]!.areaM2).toBeCloseTo(16 - 4, 9);
  expect(Array.from(venue.zones[0]!.area.exterior).length).toBe(8);
  expect(venue.levels[0]!.walkable[0]!.holes).toHaveLength(1);
  expect(venue.gates[0]).toMatchObject({ id: 'g-1', lanes: 2, a: [0, 1], b: [0, 3] });
  expect(venue.cameras[0]).toMatchObject({ x: 1, y: 2, framesPerSecond: 2 });
  expect(venue.stairs?.[0]).toMatchObject({ toLevel: 0, toA: [2, 1] });
  expect([venue.exits, venue.doors, venue.fences, venue.edges].map((f) => f?.length)).toEqual([1, 1, 1, 1]);
  expect(parseVenue(formatVenueDocument(writeVenue(venue)))).toEqual(venue);
});

describe('refusals name the feature and say what to do', () => {
  const bowTie = [
    [0, 0],
    [4, 4],
    [4, 0],
    [0, 4],
    [0, 0],
  ];
  const cases: [string, VenueErrorCode, string, unknown][] = [
    ['not JSON', 'document-malformed', '', '{'],
    ['no foreign member', 'document-malformed', '', { type: 'FeatureCollection', features: [] }],
    ['unknown time zone', 'document-malformed', '', document([level], { timeZone: 'Mars/Base' })],
    ['tick too short', 'document-malformed', '', document([level], { tickMs: 40 })],
    ['organisation not a token', 'id-not-token', '', document([level], { org: 'Unit A' })],
    ['no level', 'level-missing', '', document([])],
    [
      'unknown kind',
      'feature-malformed',
      'x',
      document([level, feature('x', 'tree', polygon(box(0, 0, 1, 1)))]),
    ],
    ['no id', 'id-not-token', '#1', document([level, zone(undefined, box(0, 0, 1, 1))])],
    ['id not a token', 'id-not-token', 'Zone 1', document([level, zone('Zone 1', box(0, 0, 1, 1))])],
    [
      'id twice',
      'id-duplicate',
      'z',
      document([level, zone('z', box(0, 0, 1, 1)), zone('z', box(1, 0, 2, 1))]),
    ],
    ['ring crosses itself', 'ring-self-intersects', 'z', document([level, zone('z', bowTie)])],
    ['ring not closed', 'ring-degenerate', 'z', document([level, zone('z', box(0, 0, 1, 1).slice(0, 4))])],
    [
      'ring without area',
      'ring-degenerate',
      'z',
      document([
        level,
        zone('z', [
          [0, 0],
          [1, 1],
          [2, 2],
          [0, 0],
        ]),
      ]),
    ],
    ['zone off the floor', 'zone-off-floor', 'z', document([level, zone('z', box(30, 0, 40, 5))])],
    [
      'zone on a missing level',
      'level-unknown',
      'z',
      document([level, feature('z', 'zone', polygon(box(0, 0, 1, 1)), { level: 7, use: 'moving' })]),
    ],
    [
      'camera without coverage',
      'camera-coverage-missing',
      'c',
      document([
        level,
        feature('c', 'camera', { type: 'Point', coordinates: [1, 1] }, { framesPerSecond: 2 }),
      ]),
    ],
    [
      'gate of no width',
      'feature-malformed',
      'g',
      document([level, feature('g', 'gate', line([0, 1], [0, 3]), { widthM: 0 })]),
    ],
  ];
  test.each(cases)('%s', (_, code, id, input) => {
    try {
      parseVenue(input);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      expect([error.code, error.feature]).toEqual([code, id]);
      expect(error.message).toContain(error.remedy);
      return;
    }
    throw new Error('it was accepted');
  });
});
