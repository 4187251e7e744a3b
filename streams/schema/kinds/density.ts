// Kinds: persons in a zone, plain and after fusion, and the heat-map of a level.
import { decodeGrid, encodeGrid, type GridFrame } from '../grid.ts';
import { type FusedDensityWindow, fusedDensityWindow } from '../occupancy.ts';
import { type DensityWindow, densityWindow } from '../window.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, type MessageKind } from './kind.ts';

export const densityKind: MessageKind<DensityWindow> = json(
  'win.density',
  'win.density{window}.{org}.{venue}.{key}',
  'Persons in a zone over a sliding window',
  densityWindow,
  {
    metric: 'density',
    org: 'sports-bureau',
    venue: 'stadium',
    key: 'north-stand',
    level: 0,
    start: EXAMPLE_MS - 60_000,
    end: EXAMPLE_MS,
    hopMs: 1_000,
    revision: 0,
    completeness: 0.98,
    silent: ['camera-7'],
    count: { mean: 120.5, max: 131 },
    density: { mean: 1.25, max: 1.5 },
    speed: 0.75,
    levelOfService: 'D',
    samples: 72_300,
    ticks: 600,
  },
);

export const fusedDensityKind: MessageKind<FusedDensityWindow> = json(
  'win.density-fused',
  'win.density-fused{window}.{org}.{venue}.{key}',
  'Persons in a zone after fusing overlapping views',
  fusedDensityWindow,
  {
    ...densityKind.example,
    metric: 'density-fused',
    observedShare: 0.8,
    corrected: true,
    seen: 96.4,
    expectedMissed: 0.25,
  },
);

export const gridKind: MessageKind<GridFrame> = {
  name: 'grid',
  address: 'grid.{org}.{venue}.{level}',
  version: 1,
  title: 'One heat-map raster of a level, p/m2',
  encoding: 'columns',
  codec: { encode: encodeGrid, decode: decodeGrid },
  example: {
    epochMs: EXAMPLE_MS,
    level: 0,
    kernel: 'gaussian',
    width: 4,
    height: 3,
    cellM: 0.5,
    originX: -12.5,
    originY: 40,
    completeness: 0.75,
    revision: 1,
    cells: Uint16Array.of(0, 0, 0, 0, 120, 3570, 0xffff, 0xffff, 0xfffe, 0xfffe, 0xfffe, 7100),
  },
  layout: 'streams/schema/grid.ts',
};

/** Density: `win.density-fused` stands before `win.density{window}`, whose pattern it matches too. */
export const DENSITY_KINDS: readonly AnyMessageKind[] = [
  erased(fusedDensityKind),
  erased(densityKind),
  erased(gridKind),
];
