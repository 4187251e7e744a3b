// A recorded scene as the messages a live source would have sent: one frame of tracks per recorded frame with exact
// positions, a clock frame each second, delivered out of order and twice within bounds. Pure.
import { MeasureError, type Scene, type Trajectories } from '#models/crowd/index.ts';
import { SCENE_CAMERA, type StreamedScene } from '#processors/scene/index.ts';
import { emptyTrackFrame, encodeTracks, MAX_COORDINATE_M } from '#streams/schema/tracks.ts';
import { CLOCK_SOURCE, observationSubject } from '#streams/subjects.ts';

export interface SceneMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly messageId: string;
}

export interface SceneStream {
  readonly streamed: StreamedScene;
  /** Messages in the order of their arrival. */
  readonly messages: readonly SceneMessage[];
  /** Frames with persons: as many results must come. */
  readonly frames: number;
  /** Ids of the recording by the number they travel under. */
  readonly ids: Float64Array;
  readonly firstFrame: number;
}

/** Recordings have no date; any instant serves. 2001-01-01T00:00:00Z. */
const START_MS = 978_307_200_000;
const BOUNDS = { disorderMs: 2_000, latenessMs: 10_000, idleMs: 3_000, futureMs: 10_000 };
/** Of all frames, this share comes twice. */
const DOUBLED = 0.05;

/**
 * @param address organisation and venue, tokens
 * @param random in [0, 1): decides the order of arrival. Frames come up to just under the bound late.
 * @throws MeasureError when frames are closer than 1 ms or positions too far out for the wire
 */
export function sceneMessages(
  t: Trajectories,
  scene: Scene,
  address: { readonly org: string; readonly venue: string },
  random: () => number,
): SceneStream {
  if (scene.frameRate > 1000)
    throw new MeasureError(
      `${scene.frameRate} frames per second: event time has milliseconds; measure without --stream`,
    );
  const far = t.x.findIndex((x, i) => Math.max(Math.abs(x), Math.abs(t.y[i])) > MAX_COORDINATE_M);
  if (far >= 0)
    throw new MeasureError(
      `person ${t.id[far]} in frame ${t.frame[far]} is at (${t.x[far]}, ${t.y[far]}), beyond ${MAX_COORDINATE_M} m; ` +
        'give coordinates relative to a point of the scene',
    );
  const ids = Float64Array.from(new Set(t.id)).sort();
  const numberOf = new Map([...ids].map((id, k) => [id, k]));
  const firstFrame = t.frame[0];
  const count = t.frame[t.frame.length - 1] - firstFrame + 1;
  const epochOf = (k: number): number => START_MS + Math.round((k * 1000) / scene.frameRate);

  const arrivals: { due: number; message: SceneMessage }[] = [];
  const send = (source: string, epochMs: number, payload: Uint8Array, copy: string): void => {
    const subject = observationSubject('tracks', { ...address, source });
    const due = epochMs + random() * (BOUNDS.disorderMs - 1);
    arrivals.push({ due, message: { subject, payload, messageId: `${subject}:${epochMs}${copy}` } });
  };
  let frames = 0;
  for (let k = 0, from = 0; k < count; k++) {
    let to = from;
    while (to < t.frame.length && t.frame[to] === firstFrame + k) to++;
    const frame = emptyTrackFrame({ epochMs: epochOf(k), level: 0, seq: k }, to - from);
    const exact = { x: t.x.slice(from, to), y: t.y.slice(from, to) };
    for (let i = from; i < to; i++) frame.ids[i - from] = numberOf.get(t.id[i])!;
    frame.x.set(exact.x);
    frame.y.set(exact.y);
    for (const unknown of [frame.vx, frame.vy, frame.confidence]) unknown.fill(Number.NaN);
    const payload = encodeTracks({ ...frame, exact });
    send(SCENE_CAMERA, frame.epochMs, payload, '');
    if (random() < DOUBLED) send(SCENE_CAMERA, frame.epochMs, payload, ':again');
    if (to > from) frames++;
    from = to;
  }
  const trackGapMs = longestGap(t, scene.frameRate);
  const end = epochOf(count) + trackGapMs + 2 * BOUNDS.disorderMs + BOUNDS.idleMs;
  for (let ms = START_MS; ms <= end + 1000; ms += 1000) {
    const clock = emptyTrackFrame({ epochMs: ms, level: 0, seq: 0, clock: true }, 0);
    send(CLOCK_SOURCE, ms, encodeTracks(clock), '');
  }
  arrivals.sort((a, b) => a.due - b.due);
  return {
    streamed: { ...address, scene, bounds: BOUNDS, trackGapMs },
    messages: arrivals.map(({ message }) => message),
    frames,
    ids,
    firstFrame,
  };
}

/** The longest time between two rows of one track, and some more, ms. */
function longestGap(t: Trajectories, frameRate: number): number {
  const last = new Map<number, number>();
  let longest = 1;
  for (let i = 0; i < t.id.length; i++) {
    longest = Math.max(longest, t.frame[i] - (last.get(t.id[i]) ?? t.frame[i]));
    last.set(t.id[i], t.frame[i]);
  }
  return Math.ceil(((longest + 1) * 1000) / frameRate) + 1;
}
