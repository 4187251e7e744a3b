// Local metres of a venue in deck.gl's map view: layers draw in `meter-offsets` about the venue's anchor, turned by
// its bearing, so that a venue and a city map share one view state.
import type { WebMercatorViewport } from '@deck.gl/core';
import { boundingBox } from '#models/geometry/polygon.ts';
import type { AreaM, GeoAnchor, Level } from '#models/venue/types.ts';

const RAD = Math.PI / 180;

/** Column-major 4x4 turning local axes to east and north, for deck.gl's `modelMatrix`. */
export function modelMatrix(anchor: GeoAnchor): Float64Array {
  const cos = Math.cos(anchor.bearingDeg * RAD);
  const sin = Math.sin(anchor.bearingDeg * RAD);
  // Columns: the images of local x and local y. East = x cos + y sin, north = -x sin + y cos.
  return Float64Array.of(cos, -sin, 0, 0, sin, cos, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
}

/** What every layer of a venue needs to stand in its place. */
export function placement(anchor: GeoAnchor) {
  return {
    coordinateSystem: 'meter-offsets' as const,
    coordinateOrigin: [anchor.longitude, anchor.latitude, 0] as [number, number, number],
    modelMatrix: modelMatrix(anchor),
  };
}

/** Screen pixel of the local point (x, y). The same metres per unit as the layers use. */
export function toPixel(
  viewport: WebMercatorViewport,
  anchor: GeoAnchor,
  x: number,
  y: number,
): [number, number] {
  const [cos, nsin, , , sin] = modelMatrix(anchor);
  const [ux, uy] = unitsPerMetre(viewport, anchor);
  const [cx, cy] = viewport.projectFlat([anchor.longitude, anchor.latitude]);
  const lngLat = viewport.unprojectFlat([cx! + (cos * x + sin * y) * ux, cy! + (nsin * x + cos * y) * uy]);
  const [px, py] = viewport.project([lngLat[0]!, lngLat[1]!]);
  return [px!, py!];
}

/** Local point (x, y) in metres on the floor under a screen pixel. */
export function toLocal(
  viewport: WebMercatorViewport,
  anchor: GeoAnchor,
  px: number,
  py: number,
): [number, number] {
  const [cos, nsin, , , sin] = modelMatrix(anchor);
  const [ux, uy] = unitsPerMetre(viewport, anchor);
  const lngLat = viewport.unproject([px, py]);
  const [fx, fy] = viewport.projectFlat([lngLat[0]!, lngLat[1]!]);
  const [cx, cy] = viewport.projectFlat([anchor.longitude, anchor.latitude]);
  const east = (fx! - cx!) / ux;
  const north = (fy! - cy!) / uy;
  return [cos * east + nsin * north, sin * east + cos * north];
}

function unitsPerMetre(viewport: WebMercatorViewport, anchor: GeoAnchor): [number, number] {
  const scales = viewport.getDistanceScales([anchor.longitude, anchor.latitude]);
  return [scales.unitsPerMeter[0]!, scales.unitsPerMeter[1]!];
}

export type BoundsM = readonly [minX: number, minY: number, maxX: number, maxY: number];

/** Box around the walkable floor of a level, metres. */
export function levelBounds(level: Level): BoundsM {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { exterior } of level.walkable) {
    for (let i = 0; i < exterior.length; i += 2) {
      x0 = Math.min(x0, exterior[i]!);
      x1 = Math.max(x1, exterior[i]!);
      y0 = Math.min(y0, exterior[i + 1]!);
      y1 = Math.max(y1, exterior[i + 1]!);
    }
  }
  return [x0, y0, x1, y1];
}

/** Where a zone's label stands: a point inside the area, as far from its edge as a coarse search finds. */
export function labelPoint(area: AreaM): [number, number] {
  const { minX: x0, minY: y0, maxX: x1, maxY: y1 } = boundingBox(area);
  const steps = 24;
  let best: [number, number] = [(x0 + x1) / 2, (y0 + y1) / 2];
  let bestDistance = Number.NEGATIVE_INFINITY;
  for (let iy = 0; iy <= steps; iy++) {
    for (let ix = 0; ix <= steps; ix++) {
      const x = x0 + ((x1 - x0) * ix) / steps;
      const y = y0 + ((y1 - y0) * iy) / steps;
      // Rounded, so that among equals the first in scan order wins on every machine.
      const distance = Math.round(signedDistance(area, x, y) * 1e3);
      if (distance > bestDistance) {
        bestDistance = distance;
        best = [x, y];
      }
    }
  }
  return best;
}

/** Distance to the area's edge, metres; negative outside. */
function signedDistance(area: AreaM, x: number, y: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  let odd = false;
  for (const ring of [area.exterior, ...area.holes]) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const [ax, ay, bx, by] = [ring[j]!, ring[j + 1]!, ring[i]!, ring[i + 1]!];
      const [dx, dy] = [bx - ax, by - ay];
      const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
      nearest = Math.min(nearest, Math.hypot(x - ax - t * dx, y - ay - t * dy));
      if (by > y !== ay > y && x < ((ax - bx) * (y - by)) / (ay - by) + bx) odd = !odd;
    }
  }
  return odd ? nearest : -nearest;
}
