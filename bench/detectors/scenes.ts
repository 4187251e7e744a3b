// Scripted crowds in a corridor, with the instant at which something goes wrong. Kinematic: the script says how people move,
// no walking model does. (The walking simulator has surges and counterflow at gates, but neither waves, nor turbulence, nor
// oscillation; a scene of one kind from each would not compare.)
import { boxPolygon } from '#models/geometry/index.ts';
import { Random } from '#models/simulation/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { TracksInput } from '#processors/shared/input.ts';
import { emptyTrackFrame, encodeTracks } from '#streams/schema/tracks.ts';

export const KINDS = ['calm', 'surge', 'stop-and-go', 'turbulence', 'oscillation', 'counterflow'] as const;
export type Kind = (typeof KINDS)[number];

export interface ScriptedScene {
  readonly kind: Kind;
  readonly seed: number;
  readonly inputs: readonly TracksInput[];
  /** When the script changes, ms; never for `calm`. */
  readonly onsetMs: number;
}

export const START_MS = 1_700_000_000_000;
export const SECONDS = 150;
const FRAME_MS = 500;
const [LENGTH_M, WIDTH_M] = [20, 4];
/** Standard deviations per axis of what cameras report; positions err for NOISE_MEMORY_S, as the simulator's do. */
export interface Noise {
  readonly positionM: number;
  /** m/s; stated to the processor, see `noiseVariance`. */
  readonly velocity: number;
}
/** Tracks of overhead cameras, and those of the simulator's default cameras for people at rest. */
export const NOISES = {
  fine: { positionM: 0.03, velocity: 0.05 },
  coarse: { positionM: 0.15, velocity: 0.094 },
} as const satisfies Record<string, Noise>;
/** Persons per metre and second that a dense crowd in good order still passes (Helbing 2007 saw up to 1.4). */
const ORDERLY_FLOW = 1.3;

const name = { zh: '通道', en: 'corridor' };
const floor = boxPolygon({ minX: 0, minY: 0, maxX: LENGTH_M, maxY: WIDTH_M });

export const CORRIDOR: Venue = {
  org: 'bench',
  id: 'corridor',
  name,
  version: 1,
  kind: 'other',
  timeZone: 'UTC',
  anchor: { longitude: 0, latitude: 0, bearingDeg: 0 },
  tickMs: FRAME_MS,
  levels: [{ ordinal: 0, name, elevationM: 0, walkable: [floor] }],
  zones: [{ id: 'corridor', level: 0, name, area: floor, areaM2: LENGTH_M * WIDTH_M, use: 'moving' }],
  gates: [],
  exits: [{ id: 'exit', level: 0, name, a: [15, 0], b: [15, WIDTH_M], widthM: WIDTH_M }],
  doors: [],
  cameras: [{ id: 'camera', level: 0, name, x: 0, y: 0, coverage: floor, framesPerSecond: 1000 / FRAME_MS }],
  fences: [],
};

const NOISE_MEMORY_S = 10;

interface Person {
  /** Error of the reported position, m. */
  ex: number;
  ey: number;
  x: number;
  y: number;
  /** Own random velocity, m/s: first-order autoregression. */
  ux: number;
  uy: number;
  readonly reverses: boolean;
  id: number;
}

/**
 * People enter evenly until the corridor is too full (or, in a calm scene, stays below 4.6 p/m2) and walk through it in good
 * order; at a density drawn from 3.6 to 4.4 p/m2 the script takes over. Every magnitude is drawn from the seed, from about the
 * cited threshold of its sign upwards, weak cases among them.
 */
export function scriptedScene(kind: Kind, seed: number, noise: Noise): ScriptedScene {
  const random = new Random(seed * 1000 + KINDS.indexOf(kind));
  const between = (from: number, to: number): number => from + (to - from) * random.uniform();
  const first = between(1.8, 2.4);
  const last = kind === 'calm' ? between(4.2, 4.6) : between(5.8, 6.3);
  const densityAt = (s: number): number => first + ((last - first) * s) / SECONDS;
  const onsetS =
    kind === 'calm' ? Number.POSITIVE_INFINITY : ((between(3.6, 4.4) - first) / (last - first)) * SECONDS;
  const script = {
    waveFlow: between(0.3, 0.75),
    waveLength: between(6, 12),
    wavePeriod: between(8, 15),
    turbulence: between(0.06, 0.2),
    swing: between(0.03, 0.3),
    frequency: between(0.04, 0.07),
    reversing: between(0.2, 0.5),
    push: between(0.2, 1),
  };
  const most = Math.ceil(last * LENGTH_M * WIDTH_M);
  const places = random.permutation(most);
  const perRow = Math.ceil(Math.sqrt((most * LENGTH_M) / WIDTH_M));
  const rows = Math.ceil(most / perRow);
  const persons: Person[] = [];
  const inputs: TracksInput[] = [];
  const dt = FRAME_MS / 1000;
  let nextId = 1;
  for (let frame = 0; frame * dt <= SECONDS; frame++) {
    const s = frame * dt;
    const density = densityAt(s);
    while (persons.length < Math.min(most, Math.floor(density * LENGTH_M * WIDTH_M))) {
      const place = places[persons.length]!;
      persons.push({
        x: (((place % perRow) + 0.5 + between(-0.2, 0.2)) * LENGTH_M) / perRow,
        y: ((Math.floor(place / perRow) + 0.5 + between(-0.2, 0.2)) * WIDTH_M) / rows,
        ex: noise.positionM * random.normal(),
        ey: noise.positionM * random.normal(),
        ux: 0,
        uy: 0,
        reverses: random.uniform() < script.reversing,
        id: nextId++,
      });
    }
    const on = s >= onsetS;
    const wide = emptyTrackFrame(
      { epochMs: START_MS + frame * FRAME_MS, level: 0, seq: frame },
      persons.length,
    );
    persons.forEach((person, i) => {
      const [vx, vy] = velocity(person, s);
      wide.ids[i] = person.id;
      wide.x[i] = inside(person.x + person.ex, LENGTH_M);
      wide.y[i] = inside(person.y + person.ey, WIDTH_M);
      wide.vx[i] = vx + noise.velocity * random.normal();
      wide.vy[i] = vy + noise.velocity * random.normal();
      wide.confidence[i] = 1;
      const keep = Math.exp(-dt / NOISE_MEMORY_S);
      const fresh = noise.positionM * Math.sqrt(1 - keep * keep);
      person.ex = keep * person.ex + fresh * random.normal();
      person.ey = keep * person.ey + fresh * random.normal();
      person.x += vx * dt;
      person.y = inside(person.y + vy * dt, WIDTH_M);
      // Who leaves at one end comes in at the other as somebody else.
      if (person.x < 0 || person.x >= LENGTH_M) {
        person.x -= Math.floor(person.x / LENGTH_M) * LENGTH_M;
        person.id = nextId++;
      }
    });
    inputs.push({ source: 0, payload: encodeTracks(wide) });
    if (s % 1 === 0) inputs.push(clock(START_MS + s * 1000));

    function velocity(person: Person, time: number): readonly [number, number] {
      const orderly = ORDERLY_FLOW / density;
      if (!on) return [orderly, 0];
      const since = time - onsetS;
      switch (kind) {
        case 'stop-and-go': {
          const phase = 2 * Math.PI * (person.x / script.waveLength + since / script.wavePeriod);
          return [(script.waveFlow / density) * (1 + Math.cos(phase)), 0];
        }
        case 'turbulence': {
          // An own velocity that forgets itself in 2 s, of the script's deviation per axis.
          const keep = Math.exp(-dt / 2);
          const fresh = script.turbulence * Math.sqrt(1 - keep * keep);
          person.ux = keep * person.ux + fresh * random.normal();
          person.uy = keep * person.uy + fresh * random.normal();
          return [orderly + person.ux, person.uy];
        }
        case 'oscillation': {
          const phase = 2 * Math.PI * script.frequency * since;
          return [script.swing * Math.sin(phase), script.swing * Math.cos(phase)];
        }
        case 'counterflow':
          return [person.reverses ? -orderly : orderly, 0];
        case 'surge':
          // A push of two seconds, again every twenty.
          return [orderly + (since % 20 < 2 ? script.push : 0), 0];
        default:
          return [orderly, 0];
      }
    }
  }
  for (let k = 1; k <= 8; k++) inputs.push(clock(START_MS + (SECONDS + k) * 1000));
  return { kind, seed, inputs, onsetMs: START_MS + onsetS * 1000 };
}

function inside(value: number, size: number): number {
  return Math.min(size - 1e-3, Math.max(1e-3, value));
}

function clock(epochMs: number): TracksInput {
  return {
    source: 1,
    payload: encodeTracks(emptyTrackFrame({ epochMs, level: 0, seq: 0, clock: true }, 0)),
  };
}
