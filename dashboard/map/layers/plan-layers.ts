// The venue's plan of one level: floor, zones, gates, exits, doors, fences, cameras. Made once per venue version and
// level; the same layer instances are handed to deck.gl every frame, which then does nothing for them.
import type { Layer } from '@deck.gl/core';
import { LineLayer, PolygonLayer, ScatterplotLayer } from '@deck.gl/layers';
import type { AreaM, Camera, Passage, Venue, Zone } from '#models/venue/types.ts';
import { placement } from '../local-frame.ts';

type Rgba = [number, number, number, number];

/** Flat x,y ring -> closed ring of positions. */
function ring(flat: Float64Array): [number, number][] {
  const points: [number, number][] = [];
  for (let i = 0; i < flat.length; i += 2) points.push([flat[i]!, flat[i + 1]!]);
  const first = points[0];
  if (first !== undefined) points.push(first);
  return points;
}

export function polygon(area: AreaM): [number, number][][] {
  return [ring(area.exterior), ...area.holes.map(ring)];
}

function passages(
  id: string,
  data: readonly Passage[],
  colour: Rgba,
  place: ReturnType<typeof placement>,
): Layer {
  return new LineLayer<Passage>({
    ...place,
    id,
    data: [...data],
    getSourcePosition: (d) => [d.a[0], d.a[1]],
    getTargetPosition: (d) => [d.b[0], d.b[1]],
    getColor: colour,
    getWidth: 0.6,
    widthUnits: 'meters',
    widthMinPixels: 3,
  });
}

/** Layers below the raster: the floor and the zones. */
export function floorLayers(venue: Venue, level: number): Layer[] {
  const place = placement(venue.anchor);
  const floor = venue.levels.find((candidate) => candidate.ordinal === level);
  return [
    new PolygonLayer<AreaM>({
      ...place,
      id: 'floor',
      data: floor === undefined ? [] : [...floor.walkable],
      getPolygon: polygon,
      getFillColor: [24, 33, 50, 255],
      getLineColor: [104, 120, 150, 255],
      getLineWidth: 0.25,
      lineWidthMinPixels: 1,
    }),
  ];
}

/** Layers above the raster: zone outlines and what stands on the floor. */
export function planLayers(venue: Venue, level: number): Layer[] {
  const place = placement(venue.anchor);
  const here = <T extends { readonly level: number }>(items: readonly T[]): T[] =>
    items.filter((item) => item.level === level);
  return [
    new PolygonLayer<Zone>({
      ...place,
      id: 'zones',
      data: here(venue.zones),
      getPolygon: (zone) => polygon(zone.area),
      filled: false,
      getLineColor: [150, 168, 200, 130],
      getLineWidth: 0.15,
      lineWidthMinPixels: 1,
    }),
    new PolygonLayer<{ area: AreaM }>({
      ...place,
      id: 'fences',
      data: here(venue.fences),
      getPolygon: (fence) => polygon(fence.area),
      filled: false,
      getLineColor: [230, 120, 200, 160],
      getLineWidth: 0.2,
      lineWidthMinPixels: 1,
    }),
    passages('doors', here(venue.doors), [150, 168, 200, 255], place),
    passages('exits', here(venue.exits), [94, 214, 160, 255], place),
    passages('gates', here(venue.gates), [98, 196, 255, 255], place),
    new ScatterplotLayer<Camera>({
      ...place,
      id: 'cameras',
      data: here(venue.cameras),
      getPosition: (camera) => [camera.x, camera.y],
      getRadius: 0.8,
      radiusMinPixels: 2.5,
      radiusMaxPixels: 5,
      getFillColor: [10, 16, 28, 255],
      stroked: true,
      lineWidthUnits: 'pixels',
      getLineWidth: 1.2,
      getLineColor: [190, 205, 230, 220],
    }),
  ];
}
