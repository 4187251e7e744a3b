// The lines of a venue at which flow is counted, and the floor near each.
import { createPolygon, intersectPolygons, polygonArea, type Segment } from '#models/geometry/index.ts';
import type { AreaM, Passage, Venue, Zone } from '#models/venue/index.ts';
import type { KeySpec } from '#processors/window/index.ts';
import { StreamsError } from '#streams/errors.ts';
import { token } from '#streams/subjects.ts';
import { createOwnership } from '../density/zones.ts';
import { APPROACH_M } from './config.ts';

export interface FlowLine {
  /** Last token of its subjects: the passage's id; of a stair `<id>-lower` and `<id>-upper`. */
  readonly key: string;
  readonly kind: 'gate' | 'exit' | 'edge' | 'stair';
  readonly level: number;
  /** "in" is from the left of a->b to its right. */
  readonly segment: Segment;
  readonly widthM: number;
  /** Floor within reach of the line, as a zone; its area is 0 where no floor is. */
  readonly near: Zone;
  /** The line itself as a strip, to ask which cameras see it. */
  readonly strip: Zone;
}

/** Half the depth of the strip that stands for the line, m. */
const STRIP_M = 0.05;

/**
 * Gates, exits and edges, then both ends of stairs (up is "in" at neither: each end's own a->b decides).
 * @throws StreamsError `subject-invalid` when two lines would have the same key
 */
export function flowLines(venue: Venue): FlowLine[] {
  const passages = (kind: FlowLine['kind'], list: readonly Passage[]): FlowLine[] =>
    list.map(({ id, level, a, b, widthM, name }) => lineOf(venue, id, kind, level, a, b, widthM, name));
  const lines = [
    ...passages('gate', venue.gates),
    ...passages('exit', venue.exits),
    ...passages('edge', venue.edges ?? []),
    ...(venue.stairs ?? []).flatMap(({ id, level, toLevel, a, b, toA, toB, widthM, name }) => [
      lineOf(venue, `${id}-lower`, 'stair', level, a, b, widthM, name),
      lineOf(venue, `${id}-upper`, 'stair', toLevel, toA, toB, widthM, name),
    ]),
  ];
  const seen = new Set<string>();
  for (const { key } of lines) {
    if (seen.has(token(key, 'line')))
      throw new StreamsError('subject-invalid', `two lines are called "${key}"`, 'rename one in the venue');
    seen.add(key);
  }
  return lines;
}

/** Key k is line k, key `lines.length + k` the floor near it; their sources are the cameras that see them. */
export function lineKeys(venue: Venue, lines: readonly FlowLine[]): KeySpec[] {
  const ownerships = new Map(venue.levels.map(({ ordinal }) => [ordinal, createOwnership(venue, ordinal)]));
  const covering = (level: number, area: Zone): number[] => {
    const onLevel = venue.cameras.flatMap((camera, index) => (camera.level === level ? [index] : []));
    return (ownerships.get(level)?.covering(area) ?? []).map((local) => onLevel[local]!);
  };
  return [
    ...lines.map(({ key, level, strip }) => ({ name: key, sources: covering(level, strip) })),
    ...lines.map(({ key, level, near }) => ({ name: `${key} (near)`, sources: covering(level, near) })),
  ];
}

type Point = readonly [number, number];

function lineOf(
  venue: Venue,
  key: string,
  kind: FlowLine['kind'],
  level: number,
  a: Point,
  b: Point,
  widthM: number,
  name: Zone['name'],
): FlowLine {
  const floor = venue.levels.filter(({ ordinal }) => ordinal === level).flatMap(({ walkable }) => walkable);
  const near = rectangle(a, b, APPROACH_M);
  const areaM2 = floor
    .flatMap((part) => intersectPolygons(near, part))
    .reduce((sum, part) => sum + polygonArea(part), 0);
  const zone = (id: string, area: AreaM, m2: number): Zone => ({
    id,
    level,
    name,
    use: 'moving',
    area,
    areaM2: m2,
  });
  return {
    key,
    kind,
    level,
    segment: { ax: a[0], ay: a[1], bx: b[0], by: b[1] },
    widthM,
    near: zone(key, near, areaM2),
    strip: zone(`${key}--line`, rectangle(a, b, STRIP_M), 0),
  };
}

/** The rectangle of all places at most `reach` beside the segment. */
function rectangle([ax, ay]: Point, [bx, by]: Point, reach: number): AreaM {
  const length = Math.hypot(bx - ax, by - ay);
  const [nx, ny] = [((ay - by) / length) * reach, ((bx - ax) / length) * reach];
  return createPolygon([
    [ax - nx, ay - ny],
    [bx - nx, by - ny],
    [bx + nx, by + ny],
    [ax + nx, ay + ny],
  ]);
}

/** The point of a segment that is nearest to (x, y). */
export function nearestOn({ ax, ay, bx, by }: Segment, x: number, y: number): Point {
  const [dx, dy] = [bx - ax, by - ay];
  const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return [ax + t * dx, ay + t * dy];
}
