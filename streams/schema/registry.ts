// The one table of messages: subject, encoding, schema, codec, and an example that is also the golden test's input.
import { z } from 'zod';
import { StreamsError } from '../errors.ts';
import { type AnomalyResultMessage, anomalyResult } from './anomaly.ts';
import { accessEvent, businessEvent, countsEvent, fenceEvent, healthEvent } from './events.ts';
import { type ForecastMessage, forecastMessage } from './forecast.ts';
import { decodeGrid, encodeGrid, type GridFrame } from './grid.ts';
import { type Codec, jsonCodec } from './json.ts';
import {
  type DriftWindow,
  driftWindow,
  type FusedDensityWindow,
  fusedDensityWindow,
  type GateWindow,
  gateWindow,
  type OccupancyWindow,
  occupancyWindow,
  type StopTicketEvent,
  stopTicketEvent,
} from './occupancy.ts';
import { type SceneFrame, sceneCodec, sceneFrame } from './scene.ts';
import { decodeTracks, emptyTrackFrame, encodeTracks, type TrackFrame } from './tracks.ts';
import {
  type DensityWindow,
  densityWindow,
  type FlowWindow,
  flowWindow,
  type PressureWindow,
  pressureWindow,
} from './window.ts';

export interface MessageKind<T> {
  /** Stable name: `<first tokens of the subject>`, for example `obs.tracks`. */
  readonly name: string;
  /** The subject with its parameters in braces. */
  readonly address: string;
  readonly version: number;
  readonly title: string;
  readonly encoding: 'columns' | 'json';
  readonly codec: Codec<T>;
  readonly example: T;
  /** JSON Schema of a JSON payload; undefined for columns, whose layout is in `layout`. */
  readonly jsonSchema?: () => Readonly<Record<string, unknown>>;
  /** Where the bytes of a column message are described. */
  readonly layout?: string;
}

/** CloudEvents type of a kind. */
export function eventType({ name, version }: Pick<MessageKind<unknown>, 'name' | 'version'>): string {
  return `tidewatch.${name}.v${version}`;
}

const SOURCE = '{org}.{venue}.{source}';
/** 2026-07-25T12:00:00Z, the instant of every example. */
const EXAMPLE_MS = 1_784_980_800_000;

function json<S extends z.ZodType>(
  name: string,
  address: string,
  title: string,
  schema: S,
  example: z.infer<S>,
): MessageKind<z.infer<S>> {
  return {
    name,
    address,
    version: 1,
    title,
    encoding: 'json',
    codec: jsonCodec(name, schema),
    example,
    jsonSchema: () => z.toJSONSchema(schema),
  };
}

function exampleTracks(): TrackFrame {
  const frame = emptyTrackFrame({ epochMs: EXAMPLE_MS, level: -1, seq: 7 }, 2);
  frame.ids.set([11, 4_294_967_295]);
  frame.x.set([1.5, -20.25]);
  frame.y.set([0, 33.125]);
  frame.vx.set([1.25, Number.NaN]);
  frame.vy.set([-0.5, Number.NaN]);
  frame.confidence.set([0.875, Number.NaN]);
  return frame;
}

export const tracksKind: MessageKind<TrackFrame> = {
  name: 'obs.tracks',
  address: `obs.tracks.${SOURCE}`,
  version: 1,
  title: 'One frame of tracked persons',
  encoding: 'columns',
  codec: { encode: encodeTracks, decode: decodeTracks },
  example: exampleTracks(),
  layout: 'streams/schema/tracks.ts',
};

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

const SITE_HEAD = {
  org: 'sports-bureau',
  venue: 'stadium',
  key: 'site',
  level: 0,
  start: EXAMPLE_MS - 1_000,
  end: EXAMPLE_MS,
  hopMs: 1_000,
  revision: 3,
  completeness: null,
  silent: [],
};

export const occupancyKind: MessageKind<OccupancyWindow> = json(
  'win.occupancy',
  'win.occupancy.{org}.{venue}.{key}',
  'Persons on the site by its gates, and how many may be',
  occupancyWindow,
  {
    ...SITE_HEAD,
    metric: 'occupancy',
    present: 8_000,
    admitted: 8_412,
    left: 412,
    unexplained: 0,
    approved: 10_000,
    share: 0.8,
    safeCapacity: 8_416,
    limitedBy: 'exit',
    limits: { entry: 13_200, holding: 10_960, exit: 8_416, emergency: 8_416 },
    closedExits: ['exit-n'],
    discountedExit: 'exit-s',
    stopTicket: false,
  },
);

export const gateKind: MessageKind<GateWindow> = json(
  'win.gate',
  'win.gate.{org}.{venue}.{key}',
  'One counting device after one message, with its corrections',
  gateWindow,
  {
    ...SITE_HEAD,
    key: 'gate-a',
    metric: 'gate',
    in: 7,
    out: 0,
    totalIn: 1_207,
    totalOut: 35,
    corrections: [
      {
        epochMs: EXAMPLE_MS - 1,
        direction: 'in',
        reason: 'reset',
        before: 123_460,
        after: 7,
        raw: -123_453,
        counted: 7,
      },
    ],
  },
);

export const driftKind: MessageKind<DriftWindow> = json(
  'win.drift',
  'win.drift.{org}.{venue}.{key}',
  'Persons by gates minus persons by zone counts',
  driftWindow,
  {
    ...SITE_HEAD,
    metric: 'drift',
    gates: 8_000,
    zones: 7_860.5,
    residual: 139.5,
    perHour: 48.25,
    culprit: { device: 'gate-a', direction: 'in', share: 0.09, explained: 0.75 },
  },
);

export const stopTicketKind: MessageKind<StopTicketEvent> = json(
  'warn.stop-ticket',
  'warn.{org}.{venue}.stop-ticket',
  'The order to stop checking tickets, and its lifting',
  stopTicketEvent,
  {
    type: 'stop-ticket',
    state: 'stopped',
    org: 'sports-bureau',
    venue: 'stadium',
    epochMs: EXAMPLE_MS,
    present: 10_000,
    admitted: 10_412,
    approved: 10_000,
  },
);

export const fusedKind: MessageKind<TrackFrame> = {
  name: 'fused',
  address: 'fused.{org}.{venue}.{level}',
  version: 1,
  title: 'The persons of a level after fusing overlapping views',
  encoding: 'columns',
  codec: { encode: encodeTracks, decode: decodeTracks },
  example: exampleTracks(),
  layout: 'streams/schema/tracks.ts',
};

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
    oscillation: { state: 'oscillating', frequency: 0.0625, amplitude: 0.25, share: 0.75 },
    samples: 54_000,
  },
);

export const sceneKind: MessageKind<SceneFrame> = {
  name: 'win.scene',
  address: 'win.scene.{org}.{venue}.{key}',
  version: 1,
  title: 'Reference measures of one frame of a recorded scene',
  encoding: 'json',
  codec: sceneCodec,
  example: {
    org: 'measure',
    venue: 'bottleneck',
    frame: 25,
    epochMs: EXAMPLE_MS,
    id: [3, 7],
    x: [0.1, -1.5],
    y: [0.25, 1 / 3],
    speed: [1.25, null],
    vx: [-1, null],
    vy: [0.75, null],
    classicDensity: 0.125,
    voronoiDensity: 0.1,
    meanSpeed: 1.25,
    voronoiSpeed: 0.0625,
    withoutCell: 0,
    crossed: [3],
  },
  jsonSchema: () => z.toJSONSchema(sceneFrame),
};

export const countsKind = json(
  'obs.counts',
  `obs.counts.${SOURCE}`,
  'Persons counted at a gate or line',
  countsEvent,
  {
    epochMs: EXAMPLE_MS,
    at: 'gate-a',
    mode: 'delta',
    in: 12,
    out: 3,
    sinceMs: EXAMPLE_MS - 60_000,
  },
);

export const accessKind = json(
  'obs.access',
  `obs.access.${SOURCE}`,
  'A door was used or changed its state',
  accessEvent,
  {
    epochMs: EXAMPLE_MS,
    door: 'door-12',
    action: 'denied',
    direction: 'in',
    reason: 'outside the permitted hours',
  },
);

export const fenceKind = json('obs.fence', `obs.fence.${SOURCE}`, 'An electronic fence', fenceEvent, {
  epochMs: EXAMPLE_MS,
  fence: 'east-perimeter',
  state: 'breached',
  positionM: 84.5,
});

export const businessKind = json(
  'obs.business',
  `obs.business.${SOURCE}`,
  'A safety business record',
  businessEvent,
  {
    epochMs: EXAMPLE_MS,
    record: 'inspection-2026-113',
    type: 'inspection',
    status: 'open',
    title: 'Emergency lighting, north stand',
    dueMs: EXAMPLE_MS + 86_400_000,
  },
);

export const healthKind = json('obs.health', `obs.health.${SOURCE}`, 'A source about itself', healthEvent, {
  epochMs: EXAMPLE_MS,
  component: 'camera-7',
  state: 'degraded',
  reason: 'half the frames are missing',
  framesPerSecond: 5,
});

export const anomalyKind: MessageKind<AnomalyResultMessage> = json(
  'anom',
  'anom.{metric}.{org}.{venue}.{key}',
  'How unusual a series of a zone is, or the zones of a venue together',
  anomalyResult,
  {
    metric: 'count',
    org: 'sports-bureau',
    venue: 'stadium',
    start: EXAMPLE_MS - 10_000,
    end: EXAMPLE_MS,
    hopMs: 10_000,
    score: 0.72,
    alarm: true,
    reason: { code: 'level-up', observed: 96.5, expected: 41.25, points: 4, probability: 0.0005 },
    evidence: 1.9,
    key: 'forecourt-n',
    level: 0,
    value: 104.5,
    completeness: 0.98,
    silent: [],
  },
);

export const forecastKind: MessageKind<ForecastMessage> = json(
  'fcst',
  'fcst.{metric}.{org}.{venue}.{key}',
  'Persons to come in a zone, or in all zones of a venue',
  forecastMessage,
  {
    metric: 'count',
    org: 'sports-bureau',
    venue: 'stadium',
    key: 'forecourt-n',
    level: 0,
    start: EXAMPLE_MS - 60_000,
    end: EXAMPLE_MS,
    hopMs: 60_000,
    value: 240.5,
    completeness: 0.98,
    bands: [{ aheadMs: 300_000, p10: 231, p50: 262.5, p90: 301 }],
    thresholds: [{ level: 'blue', density: 2, earliest: 3.5, median: null, latest: null }],
  },
);

/** A kind without its value's type: for tables and documents over all kinds. */
export interface AnyMessageKind extends Omit<MessageKind<unknown>, 'codec'> {
  decode(payload: Uint8Array): unknown;
  exampleBytes(): Uint8Array;
}

function erased<T>({ codec, ...rest }: MessageKind<T>): AnyMessageKind {
  return {
    ...rest,
    decode: (payload) => codec.decode(payload),
    exampleBytes: () => codec.encode(rest.example),
  };
}

/** Every kind of message there is a schema for. */
export const MESSAGE_KINDS: readonly AnyMessageKind[] = [
  erased(tracksKind),
  erased(countsKind),
  erased(accessKind),
  erased(fenceKind),
  erased(businessKind),
  erased(healthKind),
  erased(anomalyKind),
  erased(forecastKind),
  // Before win.density, whose name begins alike.
  erased(fusedDensityKind),
  erased(densityKind),
  erased(flowKind),
  erased(pressureKind),
  erased(sceneKind),
  erased(occupancyKind),
  erased(gateKind),
  erased(driftKind),
  erased(stopTicketKind),
  erased(fusedKind),
  erased(gridKind),
];

/**
 * The kind of the message on `subject`.
 * @throws StreamsError `subject-invalid` when there is no schema for it
 */
export function kindOfSubject(subject: string): AnyMessageKind {
  const kind = MESSAGE_KINDS.find(({ address }) => matchesAddress(address, subject));
  if (kind !== undefined) return kind;
  throw new StreamsError('subject-invalid', `no schema for "${subject}"`, 'see streams/schema/registry.ts');
}

/** `{name}` stands for any token; `density{window}` for one that begins so. */
function matchesAddress(address: string, subject: string): boolean {
  const want = address.split('.');
  const have = subject.split('.');
  const matches = (part: string, i: number) => {
    const parameter = part.indexOf('{');
    return parameter < 0 ? part === have[i] : have[i]!.startsWith(part.slice(0, parameter));
  };
  return want.length === have.length && want.every(matches);
}
