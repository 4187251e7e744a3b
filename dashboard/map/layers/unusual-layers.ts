// What is unusual, on the map: zones, lines and spots in a thick white line on a dark one, seen on any density and by any
// eye. Scores and reasons stand in the labels and the list.
import type { Layer } from '@deck.gl/core';
import { LineLayer, PolygonLayer, ScatterplotLayer } from '@deck.gl/layers';
import type { Venue, Zone } from '#models/venue/types.ts';
import type { LevelOutlook, Spot, ZoneOutlook } from '../../state/outlook.ts';
import type { UnusualLine } from '../../state/unusual.ts';
import { placement } from '../local-frame.ts';
import { polygon } from './plan-layers.ts';

export interface Marks {
  readonly zones: ReadonlyMap<string, ZoneOutlook>;
  readonly lines: readonly UnusualLine[];
  readonly levels: readonly LevelOutlook[];
}

export interface LevelMarks {
  readonly zones: readonly Zone[];
  readonly lines: readonly UnusualLine[];
  readonly spots: readonly Spot[];
  /** One word per mark, with its place: the same words, the same picture. */
  readonly names: readonly string[];
}

/** What of the marks is on a level. */
export function marksOfLevel(venue: Venue, level: number, marks: Marks): LevelMarks {
  const zones = venue.zones.filter(
    (zone) => zone.level === level && (marks.zones.get(zone.id)?.alarm ?? null) !== null,
  );
  const lines = marks.lines.filter((line) => line.level === level);
  const spots = marks.levels.find((candidate) => candidate.level === level)?.spots ?? [];
  return {
    zones,
    lines,
    spots,
    names: [
      ...zones.map(({ id }) => id),
      ...lines.map(({ key }) => key),
      ...spots.map(({ finding: { kind, x, y, areaM2 } }) => `${kind}@${x},${y},${areaM2}`),
    ],
  };
}

/** Drawn thick and dark first, then thin and white. */
const STROKES: readonly { id: string; width: number; colour: [number, number, number] }[] = [
  { id: 'casing', width: 7, colour: [9, 15, 27] },
  { id: 'line', width: 3, colour: [255, 255, 255] },
];
/** A spot's ring is no smaller than this, pixels. */
const SMALLEST_RING = 9;

export function unusualLayers(venue: Venue, { zones, lines, spots }: LevelMarks): Layer[] {
  const place = placement(venue.anchor);
  return STROKES.flatMap(({ id, width, colour }) => [
    new PolygonLayer<Zone>({
      ...place,
      id: `unusual-zones-${id}`,
      data: [...zones],
      getPolygon: (zone) => polygon(zone.area),
      filled: false,
      getLineColor: colour,
      lineWidthUnits: 'pixels',
      getLineWidth: width,
      lineJointRounded: true,
    }),
    new LineLayer<UnusualLine>({
      ...place,
      id: `unusual-lines-${id}`,
      data: [...lines],
      getSourcePosition: ({ a }) => [a[0], a[1]],
      getTargetPosition: ({ b }) => [b[0], b[1]],
      getColor: colour,
      widthUnits: 'pixels',
      getWidth: 2 * width,
    }),
    new ScatterplotLayer<Spot>({
      ...place,
      id: `unusual-spots-${id}`,
      data: [...spots],
      getPosition: ({ finding }) => [finding.x, finding.y],
      getRadius: ({ finding }) => Math.sqrt(finding.areaM2 / Math.PI),
      radiusMinPixels: SMALLEST_RING,
      filled: false,
      stroked: true,
      lineWidthUnits: 'pixels',
      getLineWidth: width,
      getLineColor: colour,
    }),
  ]);
}
