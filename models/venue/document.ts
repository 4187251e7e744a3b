// The shape of a venue document: a GeoJSON FeatureCollection in local metres with one foreign member, `tidewatch`.
// Shape only; what must hold between features is checked in parse.ts.
import { z } from 'zod';

const position = z.tuple([z.number(), z.number()]);
const ring = z.array(position).min(4);
const polygon = z.object({ type: z.literal('Polygon'), coordinates: z.array(ring).min(1) });
const multiPolygon = z.object({
  type: z.literal('MultiPolygon'),
  coordinates: z.array(z.array(ring).min(1)).min(1),
});
const line = z.object({ type: z.literal('LineString'), coordinates: z.tuple([position, position]) });
const names = z.object({ zh: z.string().min(1), en: z.string().min(1) });

/** Local coordinates beyond this are another unit or another reference system. */
export const MAX_LOCAL_M = 100_000;

const placed = { name: names, level: z.number().int() };
const passage = { ...placed, widthM: z.number().positive(), lanes: z.number().int().positive().optional() };

function feature<G extends z.ZodType, P extends z.ZodRawShape>(geometry: G, properties: P) {
  return z.object({ type: z.literal('Feature'), id: z.string(), geometry, properties: z.object(properties) });
}

/** One schema per `properties.kind`. */
export const featureSchemas = {
  level: feature(z.union([polygon, multiPolygon]), {
    kind: z.literal('level'),
    name: names,
    ordinal: z.number().int(),
    elevationM: z.number(),
  }),
  zone: feature(polygon, {
    kind: z.literal('zone'),
    ...placed,
    use: z.enum(['moving', 'standing', 'seated', 'pitch', 'water']),
    capacity: z.number().int().positive().optional(),
  }),
  gate: feature(line, { kind: z.literal('gate'), ...passage }),
  exit: feature(line, { kind: z.literal('exit'), ...passage }),
  door: feature(line, { kind: z.literal('door'), ...passage }),
  edge: feature(line, { kind: z.literal('edge'), ...passage }),
  stair: feature(line, {
    kind: z.literal('stair'),
    ...placed,
    toLevel: z.number().int(),
    to: z.tuple([position, position]),
    widthM: z.number().positive(),
    lengthM: z.number().positive(),
  }),
  camera: feature(polygon, {
    kind: z.literal('camera'),
    ...placed,
    position,
    framesPerSecond: z.number().positive().max(120),
  }),
  fence: feature(polygon, { kind: z.literal('fence'), ...placed }),
} as const;

export type FeatureKind = keyof typeof featureSchemas;
export type FeatureOf<K extends FeatureKind> = z.infer<(typeof featureSchemas)[K]>;
export type VenueFeature = { [K in FeatureKind]: FeatureOf<K> }[FeatureKind];
export type Position = z.infer<typeof position>;
export type RingPositions = Position[];

/** The foreign member: what is true of the whole venue. */
export const venueHead = z.object({
  format: z.literal(1),
  org: z.string(),
  venue: z.string(),
  name: names,
  version: z.number().int().positive(),
  kind: z.enum(['stadium', 'pool', 'hall', 'park', 'other']),
  timeZone: z.string().refine(isTimeZone, 'is not an IANA time zone such as Asia/Shanghai'),
  anchor: z.object({
    longitude: z.number().min(-180).max(180),
    latitude: z.number().min(-85).max(85),
    bearingDeg: z.number().min(-360).max(360),
  }),
  // Below 100 ms a tick is hardly a frame; above 10 s it is no longer live.
  tickMs: z.number().int().min(100).max(10_000),
});

export const collection = z.object({
  type: z.literal('FeatureCollection'),
  tidewatch: venueHead,
  features: z.array(z.unknown()),
});

export type VenueHead = z.infer<typeof venueHead>;

export interface VenueDocument {
  readonly type: 'FeatureCollection';
  readonly tidewatch: VenueHead;
  readonly features: readonly VenueFeature[];
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
