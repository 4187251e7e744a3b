// The simulator as a source: crowd -> cameras -> delivery, paced by a clock, as messages ready to publish.
import {
  createSimulation,
  Random,
  type SimulationOptions,
  type StadiumSimulation,
} from '#models/simulation/index.ts';
import { emptyTrackFrame, encodeTracks, tracksMessageId } from '#streams/schema/tracks.ts';
import { CLOCK_SOURCE, observationSubject } from '#streams/subjects.ts';
import { Delivery, type Outgoing } from './delivery.ts';
import { DEFAULT_NOISE, type NoiseModel } from './noise.ts';
import { Cameras } from './observe.ts';
import { TruthLog } from './truth-log.ts';

/** Where time comes from; tests give their own. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export interface ObservationOptions extends Omit<SimulationOptions, 'startMs'> {
  /** Event time of the first instant, UTC epoch ms. Default: the clock's present second. */
  readonly startMs?: number;
  /** Seconds of the evening per second of the clock; Infinity sends as fast as it is taken. Default 1. */
  readonly speed?: number;
  /** Ends after so many seconds of the evening. Default: never. */
  readonly durationS?: number;
  readonly noise?: Partial<NoiseModel>;
  /** `first`: a person is reported by the first camera of the list that covers it. `every`: by all that do. */
  readonly reportedBy?: 'first' | 'every';
  readonly truth?: TruthLog;
  readonly clock?: Clock;
  /** Stops the generator at its next message. */
  readonly signal?: AbortSignal;
}

/** A run: messages to send in order, and what was true. */
export interface Observations extends AsyncIterable<Outgoing> {
  readonly simulation: StadiumSimulation;
  readonly truth: TruthLog;
  readonly noise: NoiseModel;
}

/**
 * Messages of the venue's cameras and of its clock, in order of sending, each given when it is due.
 * The same options with the same `startMs` give the same messages, to the byte.
 * @throws SimulationError for options that cannot be simulated
 */
export function simulateObservations(options: ObservationOptions): Observations {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const startMs = options.startMs ?? Math.floor(clock.now() / 1000) * 1000;
  const simulation = createSimulation({ ...options, startMs });
  const noise: NoiseModel = { ...DEFAULT_NOISE, ...options.noise };
  const truth = options.truth ?? new TruthLog();
  // Setting up takes seconds. An evening that begins now begins when it was asked for, and catches up; one with a time of
  // its own begins when it is ready.
  const wallStart = options.startMs === undefined ? startMs : clock.now();
  const messages = generate(simulation, noise, truth, options, startMs, clock, wallStart);
  return { simulation, truth, noise, [Symbol.asyncIterator]: () => messages };
}

async function* generate(
  simulation: StadiumSimulation,
  noise: NoiseModel,
  truth: TruthLog,
  options: ObservationOptions,
  startMs: number,
  clock: Clock,
  wallStart: number,
): AsyncGenerator<Outgoing> {
  const { venue, speed = 1, durationS = Infinity, signal } = options;
  // Generators of their own: another noise model leaves the crowd as it was.
  const seed = options.seed ?? 1;
  const cameras = new Cameras(
    venue,
    simulation.crowd,
    noise,
    new Random(seed ^ 0x5eed_0001),
    options.reportedBy === 'every',
  );
  const delivery = new Delivery(noise, new Random(seed ^ 0x5eed_0002));
  const subjects = venue.cameras.map((c) =>
    observationSubject('tracks', { org: venue.org, venue: venue.id, source: c.id }),
  );
  const clockSubject = observationSubject('tracks', {
    org: venue.org,
    venue: venue.id,
    source: CLOCK_SOURCE,
  });
  const intervals = venue.cameras.map((c) => 1000 / c.framesPerSecond);
  const stepMs = simulation.stepS * 1000;
  for (let elapsed = 0; elapsed < durationS * 1000; elapsed += stepMs) {
    const epochMs = startMs + elapsed;
    if (elapsed % venue.tickMs === 0) truth.add(simulation.truth());
    if (elapsed % 1000 === 0) {
      delivery.prompt(
        clockSubject,
        emptyTrackFrame({ epochMs, level: 0, seq: elapsed / 1000, clock: true }, 0),
      );
    }
    for (const { camera, frame } of cameras.observe(epochMs, elapsed, simulation.activeIncidents)) {
      delivery.take(subjects[camera]!, frame, intervals[camera]!);
    }
    for (const message of delivery.due(epochMs + stepMs)) {
      if (Number.isFinite(speed)) {
        const wait = wallStart + (message.sendAtMs - startMs) / speed - clock.now();
        if (wait > 1) await clock.sleep(wait);
      }
      if (signal?.aborted === true) return;
      yield message;
    }
    simulation.step();
  }
  yield* delivery.due(Infinity);
}

/** Takes one message; a promise is awaited before the next, so that the publisher's bound holds the simulator back. */
export type Publish = (subject: string, payload: Uint8Array, messageId: string) => Promise<void> | void;

export interface RunFigures {
  readonly messages: number;
  readonly persons: number;
  readonly bytes: number;
}

/** Publishes a run until it ends or `signal` aborts it. */
export async function publishObservations(run: Observations, publish: Publish): Promise<RunFigures> {
  let messages = 0;
  let persons = 0;
  let bytes = 0;
  for await (const { subject, frame } of run) {
    const payload = encodeTracks(frame);
    const sent = publish(subject, payload, tracksMessageId(subject, frame));
    if (sent !== undefined) await sent;
    messages++;
    persons += frame.count;
    bytes += payload.byteLength;
  }
  return { messages, persons, bytes };
}
