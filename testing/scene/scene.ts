// A seeded stream of what a venue's cameras and clock send, with everything that goes wrong on the way: frames out of
// order, twice, late within and beyond the bound, from clocks that run ahead, and bytes that are no frame. Endless; its
// first N messages are always the same N messages.
import { boundingBox } from '#models/geometry/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { OutgoingMessage } from '#streams/publish.ts';
import { emptyTrackFrame, encodeTracks, tracksMessageId } from '#streams/schema/tracks.ts';
import { CLOCK_SOURCE, observationSubject } from '#streams/subjects.ts';
import { type SeededRandom, seededRandom } from './random.ts';

/** What happens to a message on its way. */
export type Fate =
  | 'ordinary'
  | 'clock'
  | 'repeated'
  | 'correcting'
  | 'too-late'
  | 'from-the-future'
  | 'malformed';

/** Shares of camera frames, each in [0, 1]. */
export interface Troubles {
  readonly repeated: number;
  /** Behind their tick, but soon enough to correct it. */
  readonly correcting: number;
  readonly tooLate: number;
  readonly fromTheFuture: number;
  readonly malformed: number;
}

export const NO_TROUBLE: Troubles = {
  repeated: 0,
  correcting: 0,
  tooLate: 0,
  fromTheFuture: 0,
  malformed: 0,
};
export const USUAL_TROUBLE: Troubles = {
  repeated: 0.01,
  correcting: 0.005,
  tooLate: 0.005,
  fromTheFuture: 0.002,
  malformed: 0.002,
};

export interface SceneOptions {
  readonly seed: number;
  /** Persons per frame. */
  readonly persons: number;
  readonly troubles?: Troubles;
  /** Which cameras have troubles; default all. */
  readonly isTroubled?: (camera: string) => boolean;
  readonly startMs?: number;
  /** Whether a camera sends at an instant, ms since the start; default always. The clock always does. */
  readonly sends?: (camera: string, sinceStartMs: number) => boolean;
}

export interface SceneMessage extends OutgoingMessage {
  readonly fate: Fate;
  /** What it claims, UTC epoch ms. */
  readonly epochMs: number;
}

/** Monday 16 June 2025, 00:00 UTC: any whole second will do, as ticks and hops are counted from the epoch. */
export const SCENE_START_MS = 1_750_032_000_000;
/** Within the disorder that the density processor bears by default. */
const ORDINARY_DELAY_MS = 200;
const FUTURE_MS = 3_600_000;

interface Waiting {
  readonly dueMs: number;
  readonly order: number;
  readonly message: SceneMessage;
}

/** The messages in the order in which they arrive. */
export function* scene(venue: Venue, options: SceneOptions): Generator<SceneMessage> {
  const random = seededRandom(options.seed);
  const troubles = options.troubles ?? USUAL_TROUBLE;
  const startMs = options.startMs ?? SCENE_START_MS;
  const isTroubled = options.isTroubled ?? (() => true);
  const sends = options.sends ?? (() => true);
  const stepMs = Math.min(...venue.cameras.map(({ framesPerSecond }) => 1_000 / framesPerSecond));
  const boxes = venue.cameras.map(({ coverage }) =>
    boundingBox({ exterior: coverage.exterior, holes: [...coverage.holes] }),
  );
  let waiting: Waiting[] = [];
  let order = 0;
  const later = (delayMs: number, atMs: number, message: SceneMessage): void => {
    waiting.push({ dueMs: atMs + delayMs, order: order++, message });
  };

  for (let step = 0; ; step++) {
    const atMs = startMs + Math.round(step * stepMs);
    for (const [index, camera] of venue.cameras.entries()) {
      const every = Math.round(1_000 / camera.framesPerSecond / stepMs);
      if (step % every !== 0) continue;
      // Drawn also for a camera that is cut, so that what the others send does not depend on it.
      const draw = random.next();
      const fate = isTroubled(camera.id) ? fateOf(draw, troubles) : 'ordinary';
      const delayMs = delayOf(fate, random);
      const box = boxes[index]!;
      const epochMs = fate === 'from-the-future' ? atMs + FUTURE_MS : atMs;
      const frame = emptyTrackFrame({ epochMs, level: camera.level, seq: step }, options.persons);
      for (let k = 0; k < options.persons; k++) {
        frame.ids[k] = k;
        frame.x[k] = random.between(box.minX, box.maxX);
        frame.y[k] = random.between(box.minY, box.maxY);
        frame.vx[k] = random.between(-1, 1);
        frame.vy[k] = random.between(-1, 1);
        frame.confidence[k] = 0.9;
      }
      if (!sends(camera.id, atMs - startMs)) continue;
      const subject = observationSubject('tracks', { org: venue.org, venue: venue.id, source: camera.id });
      const bytes = encodeTracks(frame);
      const payload = fate === 'malformed' ? bytes.slice(0, bytes.byteLength - 5) : bytes;
      const message = { subject, payload, messageId: tracksMessageId(subject, frame), fate, epochMs };
      later(delayMs, atMs, message);
      if (fate === 'repeated') {
        later(delayMs + 300, atMs, { ...message, messageId: `${message.messageId}|again` });
      }
    }
    if (atMs % 1_000 === 0) later(0, atMs, clockMessage(venue, atMs));
    const due = waiting.filter(({ dueMs }) => dueMs <= atMs);
    waiting = waiting.filter(({ dueMs }) => dueMs > atMs);
    due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    for (const { message } of due) yield message;
  }
}

/** A frame of the venue's clock. */
export function clockMessage(venue: Venue, epochMs: number): SceneMessage {
  const subject = observationSubject('tracks', { org: venue.org, venue: venue.id, source: CLOCK_SOURCE });
  const frame = emptyTrackFrame(
    { epochMs, level: 0, seq: Math.floor(epochMs / 1_000) % 2 ** 32, clock: true },
    0,
  );
  const messageId = tracksMessageId(subject, frame);
  return { subject, payload: encodeTracks(frame), messageId, fate: 'clock', epochMs };
}

/** The first `count` messages. */
export function firstOf(venue: Venue, options: SceneOptions, count: number): SceneMessage[] {
  const messages: SceneMessage[] = [];
  for (const message of scene(venue, options)) {
    if (messages.length === count) break;
    messages.push(message);
  }
  return messages;
}

/** The messages of the first `ms` of event time, as far as they arrive within it. */
export function duringFirst(venue: Venue, options: SceneOptions, ms: number): SceneMessage[] {
  const endMs = (options.startMs ?? SCENE_START_MS) + ms;
  const messages: SceneMessage[] = [];
  for (const message of scene(venue, options)) {
    if (message.fate === 'clock' && message.epochMs >= endMs) break;
    messages.push(message);
  }
  return messages;
}

function fateOf(draw: number, troubles: Troubles): Fate {
  const shares: readonly (readonly [Fate, number])[] = [
    ['repeated', troubles.repeated],
    ['correcting', troubles.correcting],
    ['too-late', troubles.tooLate],
    ['from-the-future', troubles.fromTheFuture],
    ['malformed', troubles.malformed],
  ];
  let below = 0;
  for (const [fate, share] of shares) {
    below += share;
    if (draw < below) return fate;
  }
  return 'ordinary';
}

function delayOf(fate: Fate, random: SeededRandom): number {
  if (fate === 'correcting') return random.between(1_500, 8_000);
  if (fate === 'too-late') return random.between(15_000, 25_000);
  return random.between(0, ORDINARY_DELAY_MS);
}
