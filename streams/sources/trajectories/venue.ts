// A plain venue for a recording that comes without one: its bounding box as walkable floor, named zones in a grid, and
// one camera that sees all of it.
import { boxPolygon } from '#models/geometry/index.ts';
import { venueHead } from '#models/venue/document.ts';
import type { GeoAnchor, Venue } from '#models/venue/types.ts';
import { periodMs } from './frames.ts';
import type { Trajectories } from './types.ts';

/** Edges of the box and of the zones lie on multiples of this, m: exact in binary, and cells of a 0.5 m raster. */
const SNAP_M = 0.5;
/** Least distance of a person from the edge of the floor, m: a person on the very edge would be in no zone. */
const MARGIN_M = 0.5;
const MAX_ZONES_PER_SIDE = 100;
/** The venue format's bound for a camera. */
const MAX_CAMERA_FPS = 120;

export interface RecordingVenueOptions {
  readonly org: string;
  readonly venue: string;
  /** The camera's id, and so the source's name in subjects. */
  readonly source: string;
  /** `grid 3x3`: columns along x times rows along y. */
  readonly zones: string;
  readonly level?: number;
  /** Where (0,0) lies on the map; longitude 0, latitude 0 when not given: a laboratory has no place on the map. */
  readonly anchor?: GeoAnchor;
  /** Length of a tick, ms; by `tickForPeriod` when not given. */
  readonly tickMs?: number;
}

/** What is wrong with the options for a recording's venue, and what to give. */
export class RecordingVenueError extends Error {
  constructor(problem: string, remedy: string) {
    super(`${problem} (${remedy})`);
    this.name = 'RecordingVenueError';
  }
}

/** Longest tick that is made of several frames, ms: figures are then still as fresh as the shortest hop. */
const LONGEST_SHARED_TICK_MS = 1000;

/** Where the search for a tick ends, ms. */
const LONGEST_TICK_MS = 60_000;

/** Whether the venue format takes this tick. */
const formatAllows = (tickMs: number): boolean => venueHead.shape.tickMs.safeParse(tickMs).success;

/**
 * Tick of a venue whose one source has this frame period, ms (not rounded). The period itself where the format takes
 * it, so that every tick is exactly one frame; else the shortest multiple of it up to a second, so that every tick
 * holds as many frames as any other; else the shortest tick that is long enough for one frame.
 * @throws RecordingVenueError when the format takes no tick that long
 */
export function tickForPeriod(period: number, allowed: (tickMs: number) => boolean = formatAllows): number {
  for (let frames = 1; frames === 1 || frames * period <= LONGEST_SHARED_TICK_MS; frames++) {
    const tick = Math.round(frames * period);
    if (Math.abs(tick - frames * period) < 1e-6 && allowed(tick)) return tick;
  }
  for (let tick = Math.ceil(period - 1e-6); tick <= LONGEST_TICK_MS; tick++) if (allowed(tick)) return tick;
  throw new RecordingVenueError(
    `one frame every ${period.toFixed(0)} ms is rarer than any tick of a venue`,
    'give --fps, or a recording with more frames',
  );
}

/** @throws RecordingVenueError when `zones` cannot be read or the recording is too small for so many */
export function venueForRecording(recording: Trajectories, options: RecordingVenueOptions): Venue {
  const { org, venue, source, level = 0 } = options;
  const box = boxOf(recording);
  const { columns, rows } = parseZones(options.zones);
  const xs = edges(box.minX, box.maxX, columns, 'columns', options.zones);
  const ys = edges(box.minY, box.maxY, rows, 'rows', options.zones);
  const floor = boxPolygon(box);
  const zones = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const area = boxPolygon({
        minX: xs[column]!,
        minY: ys[row]!,
        maxX: xs[column + 1]!,
        maxY: ys[row + 1]!,
      });
      zones.push({
        id: `zone-${column + 1}-${row + 1}`,
        level,
        name: { zh: `区域 ${column + 1}-${row + 1}`, en: `Zone ${column + 1}-${row + 1}` },
        area,
        areaM2: (xs[column + 1]! - xs[column]!) * (ys[row + 1]! - ys[row]!),
        use: 'moving' as const,
      });
    }
  }
  const period = periodMs(recording);
  return {
    org,
    id: venue,
    name: { zh: recording.name, en: recording.name },
    version: 1,
    kind: 'other',
    timeZone: 'UTC',
    anchor: options.anchor ?? { longitude: 0, latitude: 0, bearingDeg: 0 },
    tickMs: options.tickMs ?? tickForPeriod(period),
    levels: [{ ordinal: level, name: { zh: '地面', en: 'Floor' }, elevationM: 0, walkable: [floor] }],
    zones,
    gates: [],
    exits: [],
    doors: [],
    cameras: [
      {
        id: source,
        level,
        name: { zh: `录像 ${recording.name}`, en: `Recording ${recording.name}` },
        x: (box.minX + box.maxX) / 2,
        y: (box.minY + box.maxY) / 2,
        coverage: floor,
        framesPerSecond: Math.min(1000 / period, MAX_CAMERA_FPS),
      },
    ],
    fences: [],
  };
}

/** The box of all positions, at least MARGIN_M wider on every side, on multiples of SNAP_M. */
function boxOf({ x, y, count }: Trajectories) {
  let minX = Number.POSITIVE_INFINITY;
  let minY = Number.POSITIVE_INFINITY;
  let maxX = Number.NEGATIVE_INFINITY;
  let maxY = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    minX = Math.min(minX, x[i]!);
    maxX = Math.max(maxX, x[i]!);
    minY = Math.min(minY, y[i]!);
    maxY = Math.max(maxY, y[i]!);
  }
  const down = (v: number): number => Math.floor((v - MARGIN_M) / SNAP_M) * SNAP_M;
  const up = (v: number): number => Math.ceil((v + MARGIN_M) / SNAP_M) * SNAP_M;
  return { minX: down(minX), minY: down(minY), maxX: up(maxX), maxY: up(maxY) };
}

function parseZones(text: string): { columns: number; rows: number } {
  const match = /^grid (\d{1,3})x(\d{1,3})$/.exec(text);
  const columns = Number(match?.[1] ?? 0);
  const rows = Number(match?.[2] ?? 0);
  if (columns < 1 || rows < 1 || columns > MAX_ZONES_PER_SIDE || rows > MAX_ZONES_PER_SIDE) {
    throw new RecordingVenueError(
      `"${text}" describes no zones`,
      `write for example "grid 3x3", from 1 to ${MAX_ZONES_PER_SIDE} columns and rows`,
    );
  }
  return { columns, rows };
}

/** `parts` + 1 edges from `from` to `to`, as even as multiples of SNAP_M allow. */
function edges(from: number, to: number, parts: number, what: string, zones: string): number[] {
  const steps = Math.round((to - from) / SNAP_M);
  if (steps < parts) {
    throw new RecordingVenueError(
      `"${zones}" cuts ${to - from} m into ${parts} ${what}, narrower than ${SNAP_M} m`,
      'ask for fewer zones',
    );
  }
  return Array.from({ length: parts + 1 }, (_, i) => from + Math.round((i * steps) / parts) * SNAP_M);
}
