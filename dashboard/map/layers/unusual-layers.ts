// The zones that are unusual: a thick white line on a dark one, seen on any density and by any eye. The score is in the label.
import type { Layer } from '@deck.gl/core';
import { PolygonLayer } from '@deck.gl/layers';
import type { Venue, Zone } from '#models/venue/types.ts';
import { placement } from '../local-frame.ts';
import { polygon } from './plan-layers.ts';

const LINES = [
  { id: 'unusual-casing', width: 7, colour: [9, 15, 27, 255] },
  { id: 'unusual', width: 3, colour: [255, 255, 255, 255] },
] as const;

export function unusualLayers(venue: Venue, zones: readonly Zone[]): Layer[] {
  return LINES.map(
    ({ id, width, colour }) =>
      new PolygonLayer<Zone>({
        ...placement(venue.anchor),
        id,
        data: [...zones],
        getPolygon: (zone) => polygon(zone.area),
        filled: false,
        getLineColor: [...colour],
        lineWidthUnits: 'pixels',
        getLineWidth: width,
        lineJointRounded: true,
      }),
  );
}
