// The demo venues: the committed documents are what the program draws, and what they claim holds.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { boundingBox, pointInPolygon } from '#models/geometry/polygon.ts';
import { parseOrganisations } from '../organisations.ts';
import { parseVenue } from '../parse.ts';
import type { Level, Venue } from '../types.ts';
import { formatVenueDocument, writeVenue } from '../write.ts';
import { demoVenues, stadiumSeats } from './index.ts';

const file = (name: string) => readFileSync(new URL(`../../../venues/${name}`, import.meta.url), 'utf8');

function* floorPoints(level: Level, step: number): Generator<[number, number]> {
  for (const floor of level.walkable) {
    const box = boundingBox(floor);
    for (let y = box.minY + step / 3; y < box.maxY; y += step) {
      for (let x = box.minX + step / 3; x < box.maxX; x += step)
        if (pointInPolygon(floor, x, y)) yield [x, y];
    }
  }
}

describe.each(Object.keys(demoVenues))('%s', (name) => {
  const text = file(`${name}.geojson`);
  const venue: Venue = parseVenue(text);

  test('drawing it again gives the committed bytes', () => {
    expect(demoVenues[name]!()).toBe(text);
  });

  test('parse and write give the same bytes', () => {
    expect(formatVenueDocument(writeVenue(venue))).toBe(text);
  });

  test('every walkable place is seen by a camera', () => {
    for (const level of venue.levels) {
      const cameras = venue.cameras.filter((c) => c.level === level.ordinal);
      for (const [x, y] of floorPoints(level, 0.7)) {
        if (!cameras.some((c) => pointInPolygon(c.coverage, x, y)))
          throw new Error(`${level.ordinal}: ${x}, ${y} unseen`);
      }
    }
  });

  test('its organisation is listed', () => {
    expect(parseOrganisations(file('organisations.json')).map((o) => o.id)).toContain(venue.org);
  });
});

test('17 organisations: one bureau and 16 units under it; the venues belong to different ones', () => {
  const organisations = parseOrganisations(file('organisations.json'));
  expect(organisations).toHaveLength(17);
  expect(organisations.filter((o) => o.parent === undefined)).toHaveLength(1);
  expect(new Set(Object.keys(demoVenues).map((n) => parseVenue(file(`${n}.geojson`)).org)).size).toBe(4);
});

describe('the stadium', () => {
  const venue = parseVenue(file('harbour-stadium.geojson'));
  const seats = stadiumSeats();

  test('has 20,000 seats, each on the floor of its own stand, none narrower than the 0.46 m of the Green Guide', () => {
    expect(seats.count).toBe(20_000);
    const stands = venue.zones.filter((z) => z.use === 'seated');
    expect(stands.reduce((n, z) => n + z.capacity!, 0)).toBe(20_000);
    const buckets = new Map<string, number[]>();
    for (let i = 0; i < seats.count; i++) {
      const x = seats.x[i]!;
      const y = seats.y[i]!;
      expect(pointInPolygon(stands[seats.sector[i]!]!.area, x, y)).toBe(true);
      for (let dx = -1; dx <= 1; dx++) {
        for (let dy = -1; dy <= 1; dy++) {
          for (const j of buckets.get(`${Math.floor(x) + dx},${Math.floor(y) + dy}`) ?? []) {
            expect(Math.hypot(x - seats.x[j]!, y - seats.y[j]!)).toBeGreaterThan(0.46);
          }
        }
      }
      const key = `${Math.floor(x)},${Math.floor(y)}`;
      buckets.set(key, [...(buckets.get(key) ?? []), i]);
    }
  });

  test('zones do not overlap: sampled floor points are in one zone at most, and nearly all in one', () => {
    for (const level of venue.levels) {
      const zones = venue.zones.filter((z) => z.level === level.ordinal);
      let points = 0;
      let once = 0;
      let twice = 0;
      for (const [x, y] of floorPoints(level, 0.9)) {
        const n = zones.filter((z) => pointInPolygon(z.area, x, y)).length;
        points++;
        if (n === 1) once++;
        if (n > 1) twice++;
      }
      expect(twice / points).toBeLessThan(0.001);
      expect(once / points).toBeGreaterThan(0.995);
    }
  });

  test('people going in cross every gate, exit and edge from left to right', () => {
    for (const p of [...venue.gates, ...venue.exits, ...(venue.edges ?? [])]) {
      const right = [p.b[1] - p.a[1], p.a[0] - p.b[0]];
      const toCentre = [-(p.a[0] + p.b[0]) / 2, -(p.a[1] + p.b[1]) / 2];
      expect(right[0]! * toCentre[0]! + right[1]! * toCentre[1]!).toBeGreaterThan(0);
    }
  });
});
