// Kinds: persons over a line, and pressure and congestion of a zone.
import {
  type FlowWindow,
  type FusedFlowWindow,
  flowWindow,
  fusedFlowWindow,
  type PressureWindow,
  pressureWindow,
} from '../window.ts';
import { type AnyMessageKind, EXAMPLE_MS, erased, json, type MessageKind } from './kind.ts';

export const flowKind: MessageKind<FlowWindow> = json(
  'win.flow',
  'win.flow{window}.{org}.{venue}.{key}',
  'Persons over a line in a sliding window',
  flowWindow,
  {
    metric: 'flow',
    org: 'sports-bureau',
    venue: 'stadium',
    key: 'exit-3',
    level: 0,
    start: EXAMPLE_MS - 60_000,
    end: EXAMPLE_MS,
    hopMs: 1_000,
    revision: 0,
    completeness: 1,
    silent: [],
    line: 'exit',
    count: { in: 2, out: 240 },
    flow: { in: 0.03125, out: 4 },
    specific: { in: 0.625, out: 80 },
    levelOfService: 'E',
    density: { mean: 1.75, max: 2.5 },
    saturated: false,
    stopAndGo: false,
  },
);

export const fusedFlowKind: MessageKind<FusedFlowWindow> = json(
  'win.flow-fused',
  'win.flow-fused{window}.{org}.{venue}.{key}',
  'Persons over a line after fusing overlapping views',
  fusedFlowWindow,
  { ...flowKind.example, metric: 'flow-fused' },
);

export const pressureKind: MessageKind<PressureWindow> = json(
  'win.pressure',
  'win.pressure{window}.{org}.{venue}.{key}',
  'Pressure, congestion, counterflow and oscillation of a zone in a sliding window',
  pressureWindow,
  {
    metric: 'pressure',
    org: 'sports-bureau',
    venue: 'stadium',
    key: 'north-gate',
    level: 0,
    start: EXAMPLE_MS - 60_000,
    end: EXAMPLE_MS,
    hopMs: 1_000,
    revision: 0,
    completeness: 0.5,
    silent: ['camera-7'],
    density: { mean: 4.5, max: 5.25 },
    pressure: { mean: 0.0078125, max: 0.03125, window: 0.015625 },
    congestion: 0.375,
    counterflow: 0.125,
    dispersal: { mean: -0.0078125, max: 0.03125 },
    packed: {
      persons: { mean: 212.5, max: 240 },
      fullest: 5.75,
      pressure: 0.0078125,
      common: 0.00390625,
      opposing: 0.0625,
    },
    oscillation: { state: 'oscillating', frequency: 0.0625, amplitude: 0.25, share: 0.75 },
    samples: 54_000,
  },
  2,
);

/** How persons move: `win.flow-fused` stands before `win.flow{window}`, whose pattern it matches too. */
export const MOTION_KINDS: readonly AnyMessageKind[] = [
  erased(fusedFlowKind),
  erased(flowKind),
  erased(pressureKind),
];
