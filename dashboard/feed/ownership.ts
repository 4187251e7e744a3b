// Which camera draws a person that several see: the first in the venue's list that covers the place, the same rule
// the counts follow, so that the dots on the map are the persons that were counted.
import { type Box, boundingBox, pointInPolygon } from '#models/geometry/polygon.ts';
import type { Camera, Venue } from '#models/venue/types.ts';
import type { Ownership } from './people.ts';

/** Sources that are no camera of the venue (recordings, other trackers) own whatever they see. */
export function cameraOwnership(venue: Venue, level: number): Ownership {
  const order = new Map<string, number>();
  const cameras: { camera: Camera; box: Box }[] = [];
  for (const camera of venue.cameras) {
    if (camera.level !== level) continue;
    order.set(camera.id, cameras.length);
    cameras.push({ camera, box: boundingBox(camera.coverage) });
  }
  return (source, x, y) => {
    const own = order.get(source);
    if (own === undefined) return true;
    for (let i = 0; i < own; i++) {
      const { camera, box } = cameras[i]!;
      if (x < box.minX || y < box.minY || x > box.maxX || y > box.maxY) continue;
      if (pointInPolygon(camera.coverage, x, y, 'include')) return false;
    }
    return true;
  };
}
