import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pointInPolygon } from '#models/geometry/polygon.ts';
import { parseVenue } from '#models/venue/index.ts';
import { cameraOwnership } from './ownership.ts';

const venue = parseVenue(
  readFileSync(new URL('../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
);

describe('cameraOwnership', () => {
  it('gives every place that some camera covers to exactly one camera: the first in the list', () => {
    const owns = cameraOwnership(venue, 0);
    const cameras = venue.cameras.filter((camera) => camera.level === 0);
    let covered = 0;
    let shared = 0;
    for (let x = -150.3; x < 150; x += 3.1) {
      for (let y = -120.7; y < 120; y += 3.1) {
        const covering = cameras.filter((camera) => pointInPolygon(camera.coverage, x, y, 'include'));
        const owners = covering.filter((camera) => owns(camera.id, x, y));
        expect(owners.map((camera) => camera.id)).toEqual(covering.slice(0, 1).map((camera) => camera.id));
        covered += covering.length > 0 ? 1 : 0;
        shared += covering.length > 1 ? 1 : 0;
      }
    }
    // The grid of points must have met both cases.
    expect(covered).toBeGreaterThan(100);
    expect(shared).toBeGreaterThan(0);
  });

  it('leaves a source that is no camera all it sees', () => {
    expect(cameraOwnership(venue, 0)('recording', 0, 0)).toBe(true);
  });
});
