// The scene that tests of replay share: a small hall with two cameras and half an hour of a crowd that comes and goes, as
// the network delivers it: out of order within the bound, some frames late, some far too late, a camera silent for a
// minute, bytes that are no frame; and a door that counts who comes and goes. Built from a seed; what is sent is the same every time.
import { type Venue, writeVenue } from '#models/venue/index.ts';
import type { OutgoingMessage } from '#streams/publish.ts';
import { countsKind } from '#streams/schema/registry.ts';
import { emptyTrackFrame, encodeTracks } from '#streams/schema/tracks.ts';
import { observationSubject } from '#streams/subjects.ts';

export const START_MS = 1_750_000_000_000;
const FRAME_MS = 500;

const box = (x: number, y: number, width: number, height: number): Float64Array =>
  Float64Array.of(x, y, x + width, y, x + width, y + height, x, y + height);

/** A hall of 20 m x 10 m; camera a sees its west 12 m, camera b its east 12 m. */
export function smallHall(id: string): { venue: Venue; document: string } {
  const name = { zh: id, en: id };
  const area = (x: number, width: number) => ({ exterior: box(x, 0, width, 10), holes: [] });
  const venue: Venue = {
    org: 'lab',
    id,
    name,
    version: 1,
    kind: 'hall',
    timeZone: 'UTC',
    anchor: { longitude: 0, latitude: 0, bearingDeg: 0 },
    tickMs: 500,
    levels: [{ ordinal: 0, name, elevationM: 0, walkable: [area(0, 20)] }],
    zones: [
      { id: 'west', level: 0, name, area: area(0, 5), areaM2: 50, use: 'moving' },
      { id: 'middle', level: 0, name, area: area(5, 10), areaM2: 100, use: 'moving' },
      { id: 'east', level: 0, name, area: area(15, 5), areaM2: 50, use: 'standing' },
    ],
    gates: [{ id: 'door', level: 0, name, a: [6, 0], b: [6, 10], widthM: 10 }],
    exits: [],
    doors: [],
    cameras: [
      { id: 'a', level: 0, name, x: 1, y: 5, coverage: area(0, 12), framesPerSecond: 2 },
      { id: 'b', level: 0, name, x: 19, y: 5, coverage: area(8, 12), framesPerSecond: 2 },
    ],
    fences: [],
    stairs: [],
    edges: [],
  };
  return { venue, document: JSON.stringify(writeVenue(venue)) };
}

interface Sent {
  readonly arrivesMs: number;
  readonly message: OutgoingMessage;
}

/** `seconds` of the hall, in order of arrival, with up to `most` persons in a camera's view. */
export function hallTraffic(venue: Venue, seconds: number, seed = 7, most = 780): OutgoingMessage[] {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const sent: Sent[] = [];
  const send = (source: string, atMs: number, delayMs: number, payload: Uint8Array): void => {
    const subject = observationSubject('tracks', { org: venue.org, venue: venue.id, source });
    sent.push({ arrivesMs: atMs + delayMs, message: { subject, payload, messageId: `${subject}:${atMs}` } });
  };
  for (let second = 0; second < seconds; second++) {
    const epochMs = START_MS + second * 1000;
    send(
      'clock',
      epochMs,
      0,
      encodeTracks(emptyTrackFrame({ epochMs, level: 0, seq: second, clock: true }, 0)),
    );
    if (second % 97 === 13) send('a', epochMs + 7, 0, Uint8Array.of(1, 2, 3));
  }
  for (let i = 0; i < (seconds * 1000) / FRAME_MS; i++) {
    const epochMs = START_MS + i * FRAME_MS + 100;
    const second = (i * FRAME_MS) / 1000;
    for (const [index, source] of ['a', 'b'].entries()) {
      // Camera b is silent for a minute in every ten.
      if (source === 'b' && second % 600 >= 300 && second % 600 < 360) continue;
      // A crowd that fills and empties the hall every four minutes, up to 6.5 p/m2 in the camera's half.
      const crowd = Math.round((most / 2) * (1 - Math.cos((second / 240) * 2 * Math.PI)));
      const frame = emptyTrackFrame({ epochMs, level: 0, seq: i }, crowd);
      for (let p = 0; p < crowd; p++) {
        frame.ids[p] = p;
        frame.x[p] = index * 8 + random() * 12;
        frame.y[p] = random() * 10;
        frame.vx[p] = random() - 0.5;
        frame.vy[p] = random() - 0.5;
        frame.confidence[p] = 1;
      }
      const late = random();
      const delayMs = late < 0.002 ? 40_000 : late < 0.01 ? 6_000 : random() * 400;
      send(source, epochMs, delayMs, encodeTracks(frame));
    }
  }
  return sent.sort((x, y) => x.arrivesMs - y.arrivesMs).map(({ message }) => message);
}

/** What the hall's door says every ten seconds: a counter that only rises, and began again once. */
export function hallCounts(venue: Venue, seconds: number): OutgoingMessage[] {
  const subject = observationSubject('counts', { org: venue.org, venue: venue.id, source: 'door' });
  let total = { in: 0, out: 0 };
  return Array.from({ length: Math.floor(seconds / 10) }, (_, i) => {
    const epochMs = START_MS + i * 10_000 + 250;
    if (i === 70) total = { in: 0, out: 0 };
    total = { in: total.in + (i % 7), out: total.out + (i % 5) };
    const payload = countsKind.codec.encode({ epochMs, at: 'door', mode: 'cumulative', ...total });
    return { subject, payload, messageId: `${subject}:${epochMs}` };
  });
}
