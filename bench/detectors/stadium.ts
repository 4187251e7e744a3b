// Scenes of the simulated stadium with its own incidents, seen by its cameras with their ordinary noise, misses, late and
// doubled frames. Unlike the scripts, nobody says how people move: the walking model does, and what an incident looks like in
// the figures is found out.
import { readFileSync } from 'node:fs';
import { type Incident, Random } from '#models/simulation/index.ts';
import { parseVenue, type Venue } from '#models/venue/index.ts';
import type { TracksInput } from '#processors/shared/input.ts';
import { encodeTracks } from '#streams/schema/tracks.ts';
import { type NoiseModel, simulateObservations } from '#streams/sources/simulator/index.ts';
import { CLOCK_SOURCE, parseObservationSubject } from '#streams/subjects.ts';

export const STADIUM_KINDS = ['calm', 'surge', 'counterflow', 'locked-exit'] as const;
export type StadiumKind = (typeof STADIUM_KINDS)[number];

export interface StadiumScene {
  readonly kind: StadiumKind;
  readonly seed: number;
  readonly inputs: readonly TracksInput[];
  readonly startMs: number;
  /** When the incident begins, ms; never for `calm`. */
  readonly onsetMs: number;
  readonly endMs: number;
  /** Zones and lines where the incident can be seen. */
  readonly places: readonly string[];
}

const START_MS = 1_800_000_000_000;
const QUARTERS = ['e', 'n', 'w', 's'] as const;
/** Length of a scene, s, and how far into it something may go wrong. */
const SCENE_S = 240;
const ONSET_S = [40, 80] as const;
/** Those who turn back meet a crowd: their gate is fed from the beginning, and they turn later. */
const TURNING_S = [130, 160] as const;

const stadium = parseVenue(
  readFileSync(new URL('../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
);

/** The stadium's ground floor as the processors see it: the stands, where nobody walks in a crowd, are left out. */
export const GROUND: Venue = {
  ...stadium,
  levels: stadium.levels.filter(({ ordinal }) => ordinal === 0),
  zones: stadium.zones.filter(({ level, use }) => level === 0 && use !== 'pitch'),
  cameras: stadium.cameras.filter(({ level, id }) => level === 0 && !id.startsWith('cam-pitch')),
  stairs: [],
};

/** Every magnitude is drawn from the seed, weak cases among them. */
export async function stadiumScene(
  kind: StadiumKind,
  seed: number,
  noise: Partial<NoiseModel> = {},
): Promise<StadiumScene> {
  const random = new Random(seed * 1000 + 500 + STADIUM_KINDS.indexOf(kind));
  const between = (from: number, to: number): number => from + (to - from) * random.uniform();
  const quarter = QUARTERS[random.below(4)]!;
  const gate = `gate-${quarter}`;
  const [from, to] = kind === 'counterflow' ? TURNING_S : ONSET_S;
  const atS = Math.round(between(from, to));
  const forS = SCENE_S - atS;
  // From gates that keep up with those who come to gates that are fed a little more than they admit.
  const attendance = Math.round(between(6_000, 10_000));
  const present = Math.round(attendance * between(0.35, 0.6));
  const perSecond = between(3, 8);
  const persons = Math.round(between(100, 250));
  const incidents: Record<StadiumKind, readonly Incident[]> = {
    calm: [],
    surge: [{ kind: 'surge', gate, atS, forS, perSecond }],
    counterflow: [
      { kind: 'surge', gate, atS: 0, forS: SCENE_S, perSecond: perSecond / 2 },
      { kind: 'counterflow', gate, atS, forS, persons },
    ],
    'locked-exit': [{ kind: 'locked-exit', exit: gate, atS, forS, noticedAfterS: forS }],
  };
  const run = simulateObservations({
    venue: stadium,
    startMs: START_MS,
    seed,
    attendance,
    present,
    speed: Number.POSITIVE_INFINITY,
    durationS: SCENE_S,
    incidents: incidents[kind],
    noise,
  });
  const sources = new Map(GROUND.cameras.map(({ id }, k) => [id, k]));
  sources.set(CLOCK_SOURCE, GROUND.cameras.length);
  const inputs: TracksInput[] = [];
  for await (const { subject, frame } of run) {
    const source = sources.get(parseObservationSubject(subject).source);
    if (source !== undefined) inputs.push({ source, payload: encodeTracks(frame) });
  }
  return {
    kind,
    seed,
    inputs,
    startMs: START_MS,
    onsetMs: kind === 'calm' ? Number.POSITIVE_INFINITY : START_MS + atS * 1000,
    endMs: START_MS + SCENE_S * 1000,
    places: [...['forecourt', 'promenade', 'approach'].map((zone) => `${zone}-${quarter}`), gate],
  };
}
