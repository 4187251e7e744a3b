// One simulated evening at the demonstration stadium as the density and flow windows of its zones and lines.
//
// Every camera is asked for its picture once in 10 s (twice, a second apart, so that persons have a speed), which the real
// density partition counts: a minute's mean rests on 6 pictures instead of 600. Lines are counted exactly by the walking
// model at every second, because no track can be followed from picture to picture over 10 s.
import {
  type Crowd,
  createSimulation,
  type Incident,
  Random,
  SCHEDULES,
  STATE,
  type StadiumSimulation,
} from '#models/simulation/index.ts';
import type { Passage, Venue } from '#models/venue/index.ts';
import { DEFAULT_BOUNDS, densityPartition } from '#processors/density/index.ts';
import type { PhaseSpanMessage } from '#streams/schema/events.ts';
import { densityKind } from '#streams/schema/registry.ts';
import { emptyTrackFrame, encodeTracks } from '#streams/schema/tracks.ts';
import type { DensityWindow, FlowWindow } from '#streams/schema/window.ts';
import { DEFAULT_NOISE, eveningPhases } from '#streams/sources/simulator/index.ts';
import { Cameras } from '../../streams/sources/simulator/observe.ts';

const PICTURE_MS = 10_000;
const SCHEDULE = SCHEDULES.demo;

/** Length of an evening, s. */
export const lengthS = Object.values(SCHEDULE).reduce((sum, s) => sum + s, 0);

/** The phases of an evening that begins at `startMs`. */
export const phasesOf = (startMs: number): PhaseSpanMessage[] => eveningPhases(SCHEDULE, startMs);

export interface EveningOptions {
  readonly venue: Venue;
  readonly seed: number;
  readonly startMs: number;
  readonly attendance: number;
  readonly incidents?: readonly Incident[];
}

/** Windows in the order of their ends. */
export interface Evening {
  readonly startMs: number;
  readonly endMs: number;
  readonly windows: readonly (DensityWindow | FlowWindow)[];
}

/** The evening from its first arrival to the end of the pause behind it. */
export function simulateEvening(options: EveningOptions): Evening {
  const { seed, startMs, attendance, incidents = [] } = options;
  const venue = withRate(options.venue, PICTURE_MS);
  const simulation = createSimulation({
    venue,
    seed,
    startMs,
    attendance,
    present: 0,
    schedule: SCHEDULE,
    incidents,
  });
  const cameras = new Cameras(
    withRate(options.venue, 1000),
    simulation.crowd,
    DEFAULT_NOISE,
    new Random(seed ^ 0x5eed_0001),
    true,
  );
  const density = densityPartition(venue, {
    ...DEFAULT_BOUNDS,
    idleMs: 2 * PICTURE_MS,
    futureMs: 2 * PICTURE_MS,
  });
  const lines = new LineCounts(venue, simulation.crowd);
  const windows: (DensityWindow | FlowWindow)[] = [];
  const clock = venue.cameras.length;
  for (let second = 0; second <= lengthS; second++) {
    const picture = second % (PICTURE_MS / 1000);
    const epochMs = startMs + 1000 * second;
    // A picture a second before the one that counts: a speed needs two.
    if (picture === PICTURE_MS / 1000 - 1)
      cameras.observe(epochMs, 1000 * second, simulation.activeIncidents);
    if (picture === 0) {
      const seen = cameras.observe(epochMs, 1000 * second, simulation.activeIncidents);
      const frames = seen.map(({ camera, frame }) => ({ source: camera, payload: encodeTracks(frame) }));
      frames.push({
        source: clock,
        payload: encodeTracks(emptyTrackFrame({ epochMs, level: 0, seq: second, clock: true }, 0)),
      });
      for (const { subject, payload } of density.onBatch(frames))
        if (subject.startsWith('win.density.')) windows.push(densityKind.codec.decode(payload));
      if (second > 0) windows.push(...lines.take(epochMs, dead(simulation)));
    }
    for (let step = 0; step < 1 / simulation.stepS; step++) simulation.step();
    lines.look();
  }
  windows.sort((a, b) => a.end - b.end);
  return { startMs, endMs: startMs + 1000 * lengthS, windows };
}

const dead = (simulation: StadiumSimulation): ReadonlySet<string> =>
  new Set(simulation.activeIncidents.flatMap((n) => (n.kind === 'dead-camera' ? [n.camera] : [])));

function withRate(venue: Venue, everyMs: number): Venue {
  return {
    ...venue,
    tickMs: everyMs,
    cameras: venue.cameras.map((camera) => ({ ...camera, framesPerSecond: 1000 / everyMs })),
  };
}

/** Persons over gates and exits since the last look, from where they truly are. */
class LineCounts {
  readonly #venue: Venue;
  readonly #crowd: Crowd;
  readonly #lines: readonly { passage: Passage; kind: FlowWindow['line']; cameras: readonly string[] }[];
  readonly #serial: Uint32Array;
  readonly #x: Float32Array;
  readonly #y: Float32Array;
  readonly #in: Float64Array;
  readonly #out: Float64Array;

  constructor(venue: Venue, crowd: Crowd) {
    this.#venue = venue;
    this.#crowd = crowd;
    const covering = ({ a, b }: Passage): string[] => {
      const [x, y] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      return venue.cameras
        .filter(({ level, coverage }) => level === 0 && contains(coverage.exterior, x, y))
        .map(({ id }) => id);
    };
    this.#lines = [
      ...venue.gates.map((passage) => ({ passage, kind: 'gate' as const, cameras: covering(passage) })),
      ...venue.exits.map((passage) => ({ passage, kind: 'exit' as const, cameras: covering(passage) })),
    ];
    this.#serial = new Uint32Array(crowd.capacity);
    this.#x = new Float32Array(crowd.capacity);
    this.#y = new Float32Array(crowd.capacity);
    this.#in = new Float64Array(this.#lines.length);
    this.#out = new Float64Array(this.#lines.length);
  }

  look(): void {
    const { high, state, x, y, serial } = this.#crowd;
    for (let i = 0; i < high; i++) {
      const s = state[i]!;
      if (s !== STATE.walk && s !== STATE.fallen) {
        this.#serial[i] = 0;
        continue;
      }
      const known = this.#serial[i] === serial[i]! + 1;
      if (known) this.#cross(this.#x[i]!, this.#y[i]!, x[i]!, y[i]!);
      this.#serial[i] = serial[i]! + 1;
      this.#x[i] = x[i]!;
      this.#y[i] = y[i]!;
    }
  }

  #cross(x0: number, y0: number, x1: number, y1: number): void {
    this.#lines.forEach(({ passage: { a, b } }, k) => {
      const side0 = (b[0] - a[0]) * (y0 - a[1]) - (b[1] - a[1]) * (x0 - a[0]);
      const side1 = (b[0] - a[0]) * (y1 - a[1]) - (b[1] - a[1]) * (x1 - a[0]);
      if (side0 >= 0 === side1 >= 0) return;
      const t = side0 / (side0 - side1);
      const x = x0 + t * (x1 - x0);
      const y = y0 + t * (y1 - y0);
      const along =
        ((x - a[0]) * (b[0] - a[0]) + (y - a[1]) * (b[1] - a[1])) / ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2);
      if (along < 0 || along > 1) return;
      // In is from the left of a->b to its right.
      (side0 >= 0 ? this.#in : this.#out)[k]!++;
    });
  }

  /** The windows that end at `end`. */
  take(end: number, silent: ReadonlySet<string>): FlowWindow[] {
    const { org, id } = this.#venue;
    const out = this.#lines.map(({ passage, kind, cameras }, k): FlowWindow => {
      const gone = cameras.filter((camera) => silent.has(camera));
      const unseen = gone.length === cameras.length;
      const seconds = PICTURE_MS / 1000;
      const both = (inward: number, outward: number) => (unseen ? null : { in: inward, out: outward });
      return {
        metric: 'flow',
        org,
        venue: id,
        key: passage.id,
        level: 0,
        start: end - PICTURE_MS,
        end,
        hopMs: PICTURE_MS,
        revision: 0,
        completeness: cameras.length === 0 ? null : 1 - gone.length / cameras.length,
        silent: gone,
        line: kind,
        count: both(this.#in[k]!, this.#out[k]!),
        flow: both(this.#in[k]! / seconds, this.#out[k]! / seconds),
        specific: null,
        levelOfService: null,
        density: null,
        saturated: null,
        stopAndGo: null,
      };
    });
    this.#in.fill(0);
    this.#out.fill(0);
    return out;
  }
}

function contains(ring: ArrayLike<number>, x: number, y: number): boolean {
  let within = false;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}
