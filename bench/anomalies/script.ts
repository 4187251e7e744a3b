// What goes wrong, where and when: incidents that the walking model plays, and others driven into the windows of an
// ordinary evening. Each is known with the zones and lines at which an alarm would be about it.
import { type Incident, type Random, SCHEDULES } from '#models/simulation/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { DensityWindow, FlowWindow } from '#streams/schema/window.ts';

type AnyWindow = DensityWindow | FlowWindow;

export const TYPES = [
  'surge',
  'locked-exit',
  'counterflow',
  'fall',
  'dead-camera',
  'crowd',
  'emptying',
  'stopped-flow',
] as const;
export type IncidentType = (typeof TYPES)[number];

/** Seconds are since the evening's start. */
export interface Scripted {
  readonly type: IncidentType;
  readonly fromS: number;
  readonly toS: number;
  /** Zones and lines at which an alarm counts as about it. */
  readonly places: ReadonlySet<string>;
  /** Until then it is felt everywhere: alarms at other places are counted apart, neither as right nor as false. */
  readonly feltUntilS?: number;
}

/** Zones and lines this near a place belong to it, m. */
const NEAR_M = 60;
const { ingress, 'first-half': first, 'half-time': half, 'second-half': second } = SCHEDULES.demo;
const EGRESS = ingress + first + half + second;

/** One incident of each kind that the walking model plays, at random places and times of one evening. */
export function playedScript(
  venue: Venue,
  attendance: number,
  random: Random,
): { incidents: Incident[]; scripted: Scripted[] } {
  const gates = random.permutation(venue.gates.length);
  const [surgeGate, counterGate] = [venue.gates[gates[0]!]!, venue.gates[gates[1]!]!];
  const exit = venue.exits[random.below(venue.exits.length)]!;
  const camera = venue.cameras[random.below(venue.cameras.length)]!;
  const walked = venue.zones.filter(({ id }) => /^(concourse|plaza|forecourt)/.test(id));
  const zone = walked[random.below(walked.length)]!;
  const between = (from: number, to: number): number => Math.round(from + (to - from) * random.uniform());
  const incidents: Incident[] = [
    { kind: 'surge', gate: surgeGate.id, atS: between(600, 900), forS: 180, perSecond: 2 },
    { kind: 'counterflow', gate: counterGate.id, atS: between(1000, 1300), forS: 180, persons: 40 },
    { kind: 'fall', zone: zone.id, atS: between(900, 1400), forS: 240 },
    { kind: 'dead-camera', camera: camera.id, atS: between(1500, 2600), forS: 300 },
    { kind: 'locked-exit', exit: exit.id, atS: EGRESS, forS: 480, noticedAfterS: 240 },
  ];
  const middle = ({ a, b }: { a: readonly [number, number]; b: readonly [number, number] }) =>
    [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as const;
  const scripted = incidents.map((incident): Scripted => {
    const time = { fromS: incident.atS, toS: incident.atS + incident.forS };
    const { kind } = incident;
    if (kind === 'fall') return { type: kind, ...time, places: new Set([incident.zone]) };
    // Filled in from the windows that name the camera as silent.
    if (kind === 'dead-camera')
      return { type: kind, ...time, places: new Set([`camera:${incident.camera}`]) };
    const name = kind === 'locked-exit' ? incident.exit : incident.gate;
    const passage = [...venue.gates, ...venue.exits].find(({ id }) => id === name)!;
    const places = near(venue, middle(passage));
    if (kind !== 'surge') return { type: kind, ...time, places };
    const persons = incident.forS * incident.perSecond;
    return { type: kind, ...time, places, feltUntilS: caughtUpS(incident.atS, persons, attendance) };
  });
  return { incidents, scripted };
}

/**
 * The simulator takes the persons of a surge from those who would have come later, and they go to seats all around: until
 * the ordinary arrivals have caught up and walked in, the whole site differs from an ordinary evening.
 */
function caughtUpS(atS: number, persons: number, attendance: number): number {
  const WALK_IN_S = 300;
  const come = (s: number): number => attendance * normalShare((s / ingress - 0.6) / 0.2);
  let s = atS;
  while (s < ingress && come(s) - come(atS) < persons) s += 5;
  return s + WALK_IN_S;
}

/** Standard normal distribution function, by its logistic approximation (error below 0.001). */
function normalShare(z: number): number {
  return 1 / (1 + Math.exp(-1.5976 * z - 0.07056 * z ** 3));
}

function near(venue: Venue, [x, y]: readonly [number, number]): Set<string> {
  const close = (px: number, py: number): boolean => Math.hypot(px - x, py - y) <= NEAR_M;
  const places = new Set<string>();
  for (const { id, level, area } of venue.zones) {
    const ring = area.exterior;
    for (let k = 0; level === 0 && k < ring.length; k += 2) if (close(ring[k]!, ring[k + 1]!)) places.add(id);
  }
  for (const { id, a, b } of [...venue.gates, ...venue.exits])
    if (close((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)) places.add(id);
  return places;
}

/** Zones and lines that lose a camera: those whose windows name it as silent. */
export function withSilentPlaces(scripted: readonly Scripted[], windows: readonly AnyWindow[]): Scripted[] {
  return scripted.map((one) => {
    if (one.type !== 'dead-camera') return one;
    const camera = [...one.places][0]!.slice('camera:'.length);
    return {
      ...one,
      places: new Set(windows.filter(({ silent }) => silent.includes(camera)).map(({ key }) => key)),
    };
  });
}

/** Persons below whom an emptying, and persons per minute below which a stop, would be nothing. */
const FEWEST_TO_EMPTY = 20;
const FEWEST_TO_STOP = 15;
const DRIVEN_S = 240;
const RAMP_S = 60;

/**
 * An ordinary evening with three incidents driven in: a crowd of `0.4 persons/m2` (30 to 80 persons) gathers where none
 * should within a minute, a zone of at least 20 persons empties to a twentieth, a line over which at least 15 a minute pass
 * stands still. Each lasts four minutes.
 */
export function driven(
  venue: Venue,
  startMs: number,
  windows: readonly AnyWindow[],
  random: Random,
): { windows: AnyWindow[]; scripted: Scripted[] } {
  const means = minuteMeans(windows, startMs);
  const used = new Set<string>();
  const scripted: Scripted[] = [];
  const pick = (type: IncidentType, fits: (key: string, minute: number) => boolean): Scripted | undefined => {
    const choices = [...means].flatMap(([key, values]) =>
      used.has(key) ? [] : values.flatMap((_, minute) => (fits(key, minute) ? [{ key, minute }] : [])),
    );
    if (choices.length === 0) return undefined;
    const { key, minute } = choices[random.below(choices.length)]!;
    used.add(key);
    const fromS = 60 * minute + random.below(60);
    const one = { type, fromS, toS: fromS + DRIVEN_S, places: new Set([key]) };
    scripted.push(one);
    return one;
  };
  const zones = new Map(venue.zones.map((zone) => [zone.id, zone]));
  const whole = (key: string, minute: number, least: number): boolean =>
    [0, 1, 2, 3, 4].every((k) => (means.get(key)![minute + k] ?? 0) >= least);
  const latest = EGRESS / 60 + 6;
  const crowd = pick(
    'crowd',
    (key, minute) => zones.has(key) && zones.get(key)!.level === 0 && minute >= 5 && minute < latest,
  );
  const empty = pick('emptying', (key, minute) => zones.has(key) && whole(key, minute, FEWEST_TO_EMPTY));
  const stop = pick('stopped-flow', (key, minute) => !zones.has(key) && whole(key, minute, FEWEST_TO_STOP));
  const share = (one: Scripted | undefined, key: string, endMs: number): number => {
    if (one === undefined || !one.places.has(key)) return 0;
    const at = (endMs - startMs) / 1000 - one.fromS;
    return at < 0 || at > DRIVEN_S ? 0 : Math.min(1, at / RAMP_S, (DRIVEN_S - at) / 10 + 0.01);
  };
  const changed = windows.map((window): AnyWindow => {
    if (window.metric === 'flow') {
      const on = share(stop, window.key, window.end);
      if (on === 0 || window.flow === null || window.count === null) return window;
      const none = { in: 0, out: 0 };
      return { ...window, flow: none, count: none };
    }
    const more = share(crowd, window.key, window.end);
    const fewer = share(empty, window.key, window.end);
    if ((more === 0 && fewer === 0) || window.count === null) return window;
    const { areaM2 } = zones.get(window.key)!;
    const extra = more * Math.min(80, Math.max(30, 0.4 * areaM2));
    const count = window.count.mean * (1 - 0.95 * fewer) + extra;
    return { ...window, count: { mean: count, max: Math.max(count, window.count.max) } };
  });
  return { windows: changed, scripted };
}

/** Persons of each zone and persons per minute over each line, by minute of the evening. */
function minuteMeans(windows: readonly AnyWindow[], startMs: number): Map<string, number[]> {
  const sums = new Map<string, { sum: number; n: number }[]>();
  for (const window of windows) {
    const value =
      window.metric === 'density'
        ? window.count?.mean
        : window.flow && 60 * (window.flow.in + window.flow.out);
    if (value === undefined || value === null) continue;
    const of = sums.get(window.key) ?? [];
    sums.set(window.key, of);
    const minute = Math.floor((window.end - startMs - 1) / 60_000);
    if (minute < 0) continue;
    of[minute] ??= { sum: 0, n: 0 };
    of[minute].sum += value;
    of[minute].n++;
  }
  return new Map(
    [...sums].map(([key, of]) => [key, Array.from(of, (one) => (one === undefined ? 0 : one.sum / one.n))]),
  );
}
