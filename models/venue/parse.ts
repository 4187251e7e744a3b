// GeoJSON in local metres -> Venue: parse once, then trust. Every fault names the feature and what to do.
import { z } from 'zod';
import { intersectPolygons } from '#models/geometry/clip.ts';
import { polygonArea } from '#models/geometry/polygon.ts';
import {
  collection,
  type FeatureKind,
  type FeatureOf,
  featureSchemas,
  type VenueFeature,
} from './document.ts';
import { VenueError } from './errors.ts';
import { toArea } from './rings.ts';
import type { Camera, Fence, Level, Passage, Stair, Venue, Zone } from './types.ts';

const TOKEN = /^[a-z0-9-]{1,64}$/;
/** A zone of which less than this share can be walked on is on the wrong level or in another unit. */
const MIN_WALKABLE_SHARE = 0.5;

/**
 * The venue in `input`, a GeoJSON FeatureCollection as text or as parsed JSON.
 * Rings come out open, exteriors counter-clockwise; `areaM2` of a zone is the part of it that lies on walkable floor.
 * @throws VenueError naming the feature, the fault and what to do
 */
export function parseVenue(input: unknown): Venue {
  const document = checkShape(typeof input === 'string' ? parseJson(input) : input);
  const { tidewatch: head } = document;
  checkToken(head.org, '', 'organisation');
  checkToken(head.venue, '', 'venue');
  const features = document.features.map(parseFeature);
  checkIds(features);
  const levels = features
    .filter((f) => f.properties.kind === 'level')
    .map((f) => toLevel(f as FeatureOf<'level'>));
  checkLevels(features, levels);
  const of = <K extends FeatureKind>(kind: K) =>
    features.filter((f): f is Extract<VenueFeature, FeatureOf<K>> => f.properties.kind === kind);
  return {
    org: head.org,
    id: head.venue,
    name: head.name,
    version: head.version,
    kind: head.kind,
    timeZone: head.timeZone,
    anchor: head.anchor,
    tickMs: head.tickMs,
    levels,
    zones: of('zone').map((f) => toZone(f, levels)),
    gates: of('gate').map(toPassage),
    exits: of('exit').map(toPassage),
    doors: of('door').map(toPassage),
    cameras: of('camera').map(toCamera),
    fences: of('fence').map(toFence),
    stairs: of('stair').map(toStair),
    edges: of('edge').map(toPassage),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new VenueError(
      'document-malformed',
      '',
      `is not JSON (${String(cause)})`,
      'send a GeoJSON document',
    );
  }
}

function checkShape(input: unknown): z.infer<typeof collection> {
  const result = collection.safeParse(input);
  if (result.success) return result.data;
  throw new VenueError(
    'document-malformed',
    '',
    firstIssue(result.error),
    'send a FeatureCollection with the member "tidewatch" (format 1)',
  );
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `${issue.path.map(String).join('.') || 'document'}: ${issue.message}`;
}

const anyFeature = z.object({ id: z.unknown(), properties: z.object({ kind: z.string() }) });

function parseFeature(raw: unknown, index: number): VenueFeature {
  const place = `#${index}`;
  const peek = anyFeature.safeParse(raw);
  if (!peek.success) {
    throw new VenueError(
      'feature-malformed',
      place,
      firstIssue(peek.error),
      'give every feature an "id" and "properties.kind"',
    );
  }
  const { id, properties } = peek.data;
  const name = typeof id === 'string' && id !== '' ? id : place;
  const kind = properties.kind;
  if (!isKind(kind)) {
    throw new VenueError(
      'feature-malformed',
      name,
      `kind "${kind}" is unknown`,
      `use one of ${Object.keys(featureSchemas).join(', ')}`,
    );
  }
  checkToken(id, name, 'id');
  if (kind === 'camera' && !hasPolygon(raw)) {
    throw new VenueError(
      'camera-coverage-missing',
      name,
      'the camera has no coverage',
      'give the floor it sees as a Polygon and its place as properties.position',
    );
  }
  const result = featureSchemas[kind].safeParse(raw);
  if (!result.success) {
    throw new VenueError(
      'feature-malformed',
      name,
      firstIssue(result.error),
      `correct the ${kind} as the venue format describes`,
    );
  }
  return result.data;
}

function isKind(kind: string): kind is FeatureKind {
  return Object.hasOwn(featureSchemas, kind);
}

function hasPolygon(raw: unknown): boolean {
  return z.object({ geometry: z.object({ type: z.literal('Polygon') }) }).safeParse(raw).success;
}

function checkToken(id: unknown, feature: string, what: string): void {
  if (typeof id === 'string' && TOKEN.test(id)) return;
  throw new VenueError(
    'id-not-token',
    feature,
    `${what} ${JSON.stringify(id)} cannot be a subject token`,
    'use 1 to 64 of a-z, 0-9 and hyphen',
  );
}

function checkIds(features: readonly VenueFeature[]): void {
  const seen = new Set<string>();
  for (const { id } of features) {
    if (seen.has(id))
      throw new VenueError('id-duplicate', id, 'its id is used twice', 'give each feature its own id');
    seen.add(id);
  }
}

function checkLevels(features: readonly VenueFeature[], levels: readonly Level[]): void {
  const known = new Set<number>();
  for (const level of levels) {
    if (known.has(level.ordinal)) {
      throw new VenueError(
        'id-duplicate',
        `level ${level.ordinal}`,
        'two level features have this ordinal',
        'draw one level as one MultiPolygon',
      );
    }
    known.add(level.ordinal);
  }
  if (known.size === 0) {
    throw new VenueError(
      'level-missing',
      '',
      'there is no level',
      'add a feature of kind "level" with its walkable floor',
    );
  }
  for (const { id, properties } of features) {
    if (properties.kind === 'level') continue;
    const used = properties.kind === 'stair' ? [properties.level, properties.toLevel] : [properties.level];
    for (const ordinal of used) {
      if (known.has(ordinal)) continue;
      throw new VenueError(
        'level-unknown',
        id,
        `level ${ordinal} does not exist`,
        `use one of ${[...known].join(', ')}, or add that level`,
      );
    }
  }
}

function toLevel({ id, geometry, properties }: FeatureOf<'level'>): Level {
  const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  return {
    ordinal: properties.ordinal,
    name: properties.name,
    elevationM: properties.elevationM,
    walkable: parts.map((rings) => toArea(id, rings)),
  };
}

function toZone({ id, geometry, properties }: FeatureOf<'zone'>, levels: readonly Level[]): Zone {
  const area = toArea(id, geometry.coordinates);
  const level = levels.find((l) => l.ordinal === properties.level)!;
  let areaM2 = 0;
  for (const floor of level.walkable) {
    for (const piece of intersectPolygons(area, floor)) areaM2 += polygonArea(piece);
  }
  const share = areaM2 / polygonArea(area);
  if (share < MIN_WALKABLE_SHARE) {
    throw new VenueError(
      'zone-off-floor',
      id,
      `only ${(100 * share).toFixed(0)} % of it is walkable floor of level ${properties.level}`,
      'move it onto the floor, correct its level, or extend the level',
    );
  }
  return {
    ...placed(id, properties),
    area,
    areaM2,
    use: properties.use,
    ...(properties.capacity === undefined ? {} : { capacity: properties.capacity }),
  };
}

function placed(id: string, properties: { level: number; name: { zh: string; en: string } }) {
  return { id, level: properties.level, name: properties.name };
}

function toPassage({ id, geometry, properties }: FeatureOf<'gate' | 'exit' | 'door' | 'edge'>): Passage {
  const [a, b] = geometry.coordinates;
  return {
    ...placed(id, properties),
    a,
    b,
    widthM: properties.widthM,
    ...(properties.lanes === undefined ? {} : { lanes: properties.lanes }),
  };
}

function toStair({ id, geometry, properties }: FeatureOf<'stair'>): Stair {
  const [a, b] = geometry.coordinates;
  const [toA, toB] = properties.to;
  const { toLevel, widthM, lengthM } = properties;
  return { ...placed(id, properties), a, b, toLevel, toA, toB, widthM, lengthM };
}

function toCamera({ id, geometry, properties }: FeatureOf<'camera'>): Camera {
  const [x, y] = properties.position;
  const coverage = toArea(id, geometry.coordinates);
  return { ...placed(id, properties), x, y, coverage, framesPerSecond: properties.framesPerSecond };
}

function toFence({ id, geometry, properties }: FeatureOf<'fence'>): Fence {
  return { ...placed(id, properties), area: toArea(id, geometry.coordinates) };
}
