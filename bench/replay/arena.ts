// The scene of the replay bench: an arena of 50 m x 40 m in 10 zones, each under a camera that sees 100 persons ten times a
// second, and the venue's clock. The same seed gives the same bytes.
import { polygonArea } from '#models/geometry/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { OutgoingMessage } from '#streams/publish.ts';
import { emptyTrackFrame, encodeTracks, tracksMessageId } from '#streams/schema/tracks.ts';
import { CLOCK_SOURCE, observationSubject } from '#streams/subjects.ts';

export const CAMERAS = 10;
export const PERSONS = 100;
export const FRAMES_PER_SECOND = 10;
export const START_MS = 1_750_000_000_000;
const TILE_M = 10;
const DEPTH_M = 20;
const COLUMNS = 5;

const area = (x: number, y: number, width: number, height: number) => ({
  exterior: Float64Array.of(x, y, x + width, y, x + width, y + height, x, y + height),
  holes: [],
});

export function arena(): Venue {
  const name = { zh: 'arena', en: 'Arena' };
  const tiles = Array.from({ length: CAMERAS }, (_, i) =>
    area((i % COLUMNS) * TILE_M, Math.floor(i / COLUMNS) * DEPTH_M, TILE_M, DEPTH_M),
  );
  return {
    org: 'bench',
    id: 'arena',
    name,
    version: 1,
    kind: 'hall',
    timeZone: 'UTC',
    anchor: { longitude: 0, latitude: 0, bearingDeg: 0 },
    tickMs: 500,
    levels: [{ ordinal: 0, name, elevationM: 0, walkable: [area(0, 0, COLUMNS * TILE_M, 2 * DEPTH_M)] }],
    zones: tiles.map((tile, i) => ({
      id: `zone-${i}`,
      level: 0,
      name,
      area: tile,
      areaM2: polygonArea(tile),
      use: 'moving',
    })),
    gates: [],
    exits: [],
    doors: [],
    cameras: tiles.map((coverage, i) => ({
      id: `cam-${i}`,
      level: 0,
      name,
      x: coverage.exterior[0]! + TILE_M / 2,
      y: coverage.exterior[1]! + DEPTH_M / 2,
      coverage,
      framesPerSecond: FRAMES_PER_SECOND,
    })),
    fences: [],
  };
}

/** `seconds` of every camera and the clock, in order of time. */
export function* arenaMessages(venue: Venue, seconds: number): Generator<OutgoingMessage> {
  let state = 2024;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const subjectOf = (source: string): string =>
    observationSubject('tracks', { org: venue.org, venue: venue.id, source });
  const clock = subjectOf(CLOCK_SOURCE);
  const subjects = venue.cameras.map(({ id }) => subjectOf(id));
  for (let seq = 0; seq < seconds * FRAMES_PER_SECOND; seq++) {
    const epochMs = START_MS + (seq * 1000) / FRAMES_PER_SECOND;
    if (seq % FRAMES_PER_SECOND === 0) {
      const frame = emptyTrackFrame({ epochMs, level: 0, seq, clock: true }, 0);
      yield { subject: clock, payload: encodeTracks(frame), messageId: tracksMessageId(clock, frame) };
    }
    for (const [i, camera] of venue.cameras.entries()) {
      const frame = emptyTrackFrame({ epochMs, level: 0, seq }, PERSONS);
      for (let k = 0; k < PERSONS; k++) {
        frame.ids[k] = k;
        frame.x[k] = camera.x + (random() - 0.5) * TILE_M;
        frame.y[k] = camera.y + (random() - 0.5) * DEPTH_M;
        frame.vx[k] = random() * 2 - 1;
        frame.vy[k] = random() * 2 - 1;
        frame.confidence[k] = 0.9;
      }
      const subject = subjects[i]!;
      yield { subject, payload: encodeTracks(frame), messageId: tracksMessageId(subject, frame) };
    }
  }
}
