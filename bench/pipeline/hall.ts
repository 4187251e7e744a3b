// The scene of the pipeline benches: a hall of 80 m x 50 m in 20 zones under 40 cameras at 25 frames per second, 100 persons
// in every frame. Persons walk at random within their camera's view; the same seed gives the same bytes.
import { type Polygon, polygonArea } from '#models/geometry/index.ts';
import type { Venue } from '#models/venue/index.ts';
import { emptyTrackFrame, encodeTracks, tracksMessageId } from '#streams/schema/tracks.ts';
import { observationSubject } from '#streams/subjects.ts';

export const PERSONS = 100;
export const FRAMES_PER_SECOND = 25;
const COLUMNS = 8;
const ROWS = 5;
const TILE_M = 10;
const START_MS = 1_750_000_000_000;

function box(x: number, y: number, width: number, height: number): Polygon {
  return { exterior: Float64Array.of(x, y, x + width, y, x + width, y + height, x, y + height), holes: [] };
}

/** The hall, under a venue id of its own per run. */
export function hall(id: string): Venue {
  const name = { zh: id, en: id };
  const zones: Venue['zones'][number][] = [];
  const cameras: Venue['cameras'][number][] = [];
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const coverage = box(column * TILE_M, row * TILE_M, TILE_M, TILE_M);
      const [x, y] = [(column + 0.5) * TILE_M, (row + 0.5) * TILE_M];
      cameras.push({
        id: `cam-${row}-${column}`,
        level: 0,
        name,
        x,
        y,
        coverage,
        framesPerSecond: FRAMES_PER_SECOND,
      });
      if (column % 2 === 1) continue;
      const area = box(column * TILE_M, row * TILE_M, 2 * TILE_M, TILE_M);
      zones.push({
        id: `zone-${row}-${column}`,
        level: 0,
        name,
        area,
        areaM2: polygonArea(area),
        use: 'moving',
      });
    }
  }
  return {
    org: 'bench',
    id,
    name,
    version: 1,
    kind: 'hall',
    timeZone: 'UTC',
    anchor: { longitude: 0, latitude: 0, bearingDeg: 0 },
    tickMs: 500,
    levels: [{ ordinal: 0, name, elevationM: 0, walkable: [box(0, 0, COLUMNS * TILE_M, ROWS * TILE_M)] }],
    zones,
    gates: [],
    exits: [],
    doors: [],
    cameras,
    fences: [],
  };
}

export interface HallMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly messageId: string;
}

/** `count` frames of the hall's cameras in turn, in order of time. */
export function* hallMessages(venue: Venue, count: number, startMs = START_MS): Generator<HallMessage> {
  let state = 12345;
  const random = (): number => {
    // A 32-bit linear congruential generator is random enough for where people stand.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const subjects = venue.cameras.map(({ id }) =>
    observationSubject('tracks', { org: venue.org, venue: venue.id, source: id }),
  );
  for (let i = 0; i < count; i++) {
    const camera = venue.cameras[i % venue.cameras.length]!;
    const seq = Math.floor(i / venue.cameras.length);
    const epochMs = startMs + Math.round((seq * 1000) / FRAMES_PER_SECOND);
    const frame = emptyTrackFrame({ epochMs, level: 0, seq }, PERSONS);
    for (let k = 0; k < PERSONS; k++) {
      frame.ids[k] = k;
      frame.x[k] = camera.x + (random() - 0.5) * TILE_M;
      frame.y[k] = camera.y + (random() - 0.5) * TILE_M;
      frame.vx[k] = random() * 2 - 1;
      frame.vy[k] = random() * 2 - 1;
      frame.confidence[k] = 0.9;
    }
    const subject = subjects[i % subjects.length]!;
    yield { subject, payload: encodeTracks(frame), messageId: tracksMessageId(subject, frame) };
  }
}
