// The stadium evening: the same seed gives the same bytes, nobody walks through walls, crowds stay possible, incidents bite.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pointInPolygon } from '#models/geometry/polygon.ts';
import { parseVenue } from '#models/venue/parse.ts';
import {
  createSimulation,
  type Incident,
  SCHEDULES,
  SimulationError,
  STATE,
  type StadiumSimulation,
} from './index.ts';

const venue = parseVenue(
  readFileSync(new URL('../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
);
const startMs = 1_800_000_000_000;

function run(sim: StadiumSimulation, seconds: number, each?: () => void): void {
  const end = sim.timeS + seconds;
  while (sim.timeS < end) {
    sim.step();
    each?.();
  }
}

function bytes(sim: StadiumSimulation): string {
  const { x, y, state, serial } = sim.crowd;
  return [x, y, state, serial].map((c) => Buffer.from(c.buffer).toString('base64')).join();
}

/** Persons in the fullest square metre of level 0. */
function fullestSquare(sim: StadiumSimulation): number {
  const { x, y, state, level, high } = sim.crowd;
  const squares = new Map<number, number>();
  let most = 0;
  for (let i = 0; i < high; i++) {
    if (state[i] === STATE.free || state[i] === STATE.stair || level[i] !== 0) continue;
    const key = Math.floor(x[i]! + 500) * 1000 + Math.floor(y[i]! + 500);
    const n = (squares.get(key) ?? 0) + 1;
    squares.set(key, n);
    if (n > most) most = n;
  }
  return most;
}

test('starts with a crowd already there, in every part of the venue', () => {
  const sim = createSimulation({ venue, startMs, seed: 1 });
  const { zones, present, phase } = sim.truth();
  expect(sim.timeS).toBe(0);
  expect(phase).toBe('ingress');
  expect(present).toBeGreaterThan(5_000);
  const inZones = Object.values(zones).reduce((n, z) => n + z.count, 0);
  expect(inZones).toBeGreaterThan(0.93 * present);
  const sum = (prefix: string) =>
    Object.entries(zones).reduce((n, [id, z]) => n + (id.startsWith(prefix) ? z.count : 0), 0);
  expect(sum('stand-')).toBeGreaterThan(3_000);
  expect(sum('concourse-')).toBeGreaterThan(50);
  expect(sum('forecourt-') + sum('plaza-') + sum('promenade-') + sum('approach-')).toBeGreaterThan(300);
});

test('the same seed gives the same bytes, another seed does not', () => {
  const [a, b, c] = [7, 7, 8].map((seed) =>
    createSimulation({ venue, startMs, seed, attendance: 3000, present: 1500 }),
  );
  for (const sim of [a!, b!, c!]) run(sim, 20);
  expect(bytes(a!)).toBe(bytes(b!));
  expect(JSON.stringify(a!.truth())).toBe(JSON.stringify(b!.truth()));
  expect(bytes(a!)).not.toBe(bytes(c!));
});

test('nobody leaves the floor, nobody crosses a wall, no square metre holds more than 8, over two minutes', () => {
  const sim = createSimulation({ venue, startMs, seed: 2 });
  const floors = venue.levels.map((l) => l.walkable);
  let fullest = 0;
  run(sim, 120, () => {
    fullest = Math.max(fullest, fullestSquare(sim));
    if (sim.timeS % 10 !== 0) return;
    const { state, level, x, y, high } = sim.crowd;
    for (let i = 0; i < high; i++) {
      if (state[i] === STATE.free || state[i] === STATE.stair) continue;
      const l = venue.levels.findIndex((v) => v.ordinal === level[i]);
      if (!floors[l]!.some((f) => pointInPolygon(f, x[i]!, y[i]!, 'include'))) {
        throw new Error(
          `person ${i} (state ${state[i]}) is off the floor of level ${level[i]}: ${x[i]}, ${y[i]}`,
        );
      }
    }
  });
  // Discs of 0.4 m fill at most 7.2 per square metre; a square's border can catch one more.
  expect(fullest).toBeLessThanOrEqual(8);
});

test('gates admit what their lanes admit: 48 lanes at 660 an hour, never above a tenth more', () => {
  const schedule = { ...SCHEDULES.demo, ingress: 900 };
  const sim = createSimulation({ venue, startMs, seed: 3, schedule, attendance: 14_000, present: 5_500 });
  const inside = () => {
    const { zones, inStairs } = sim.truth();
    const within = (id: string) => id.startsWith('concourse-') || id.startsWith('stand-');
    return Object.entries(zones).reduce((n, [id, z]) => n + (within(id) ? z.count : 0), inStairs);
  };
  run(sim, 120);
  const before = inside();
  run(sim, 60);
  const perHour = (inside() - before) * 60;
  expect(perHour).toBeLessThan(48 * 660 * 1.1);
  expect(perHour).toBeGreaterThan(48 * 660 * 0.7);
});

test('a whole short evening: all come, half-time sends people to the concourse, all go home, the next one begins', () => {
  const schedule = {
    ingress: 240,
    'first-half': 420,
    'half-time': 240,
    'second-half': 120,
    egress: 600,
    pause: 30,
  };
  const sim = createSimulation({ venue, startMs, seed: 4, schedule, attendance: 400, present: 0 });
  const seated = () => sim.crowd.state.reduce((n, s) => n + (s === STATE.seated ? 1 : 0), 0);
  run(sim, 655);
  expect(seated()).toBeGreaterThan(380);
  run(sim, 100);
  const dwelling = sim.crowd.state.reduce((n, s) => n + (s === STATE.dwell ? 1 : 0), 0);
  expect(dwelling).toBeGreaterThan(10);
  run(sim, 890);
  expect(sim.crowd.present).toBeLessThan(10);
  run(sim, 200);
  expect(sim.phase).toBe('ingress');
  expect(sim.crowd.present).toBeGreaterThan(50);
});

describe('incidents', () => {
  const base = { venue, startMs, seed: 5, attendance: 4_000, present: 2_000 };

  test('a surge fills the forecourt of its gate', () => {
    const surge: Incident = { kind: 'surge', gate: 'gate-w', atS: 0, forS: 40, perSecond: 15 };
    const [calm, wild] = [[], [surge]].map((incidents) => createSimulation({ ...base, incidents }));
    for (const sim of [calm!, wild!]) run(sim, 60);
    const west = (sim: StadiumSimulation) =>
      ['forecourt-w', 'promenade-w', 'approach-w'].reduce((n, id) => n + sim.truth().zones[id]!.count, 0);
    expect(west(wild!)).toBeGreaterThan(west(calm!) + 300);
  });

  test('through a locked gate nobody comes in', () => {
    const shut: Incident = { kind: 'locked-exit', exit: 'gate-n', atS: 0, forS: 999, noticedAfterS: 999 };
    const [open, locked] = [[], [shut]].map((incidents) => createSimulation({ ...base, incidents }));
    for (const sim of [open!, locked!]) run(sim, 120);
    const count = (sim: StadiumSimulation) => sim.truth().zones['forecourt-n']!.count;
    expect(count(locked!)).toBeGreaterThan(count(open!) + 50);
  });

  test('who falls lies still, is walked round, and gets up', () => {
    const sim = createSimulation({
      ...base,
      incidents: [{ kind: 'fall', zone: 'promenade-s', atS: 5, forS: 20 }],
    });
    run(sim, 6);
    const i = sim.crowd.state.indexOf(STATE.fallen);
    expect(i).toBeGreaterThanOrEqual(0);
    const at = [sim.crowd.x[i], sim.crowd.y[i]];
    run(sim, 15);
    expect([sim.crowd.x[i], sim.crowd.y[i]]).toEqual(at);
    run(sim, 10);
    expect(sim.crowd.state[i]).not.toBe(STATE.fallen);
  });

  test('a counterflow walks away from its gate', () => {
    const incidents: Incident[] = [{ kind: 'counterflow', gate: 'gate-s', atS: 1, forS: 60, persons: 60 }];
    const sim = createSimulation({ ...base, incidents });
    run(sim, 1);
    const before = sim.truth();
    run(sim, 30);
    expect(before.incidents).toEqual(incidents);
    expect(sim.crowd.errand.reduce((n, e) => n + (e === 5 ? 1 : 0), 0)).toBeGreaterThan(20);
  });

  test('places and options that do not exist are refused with what to give', () => {
    const bad = (more: object) => () => createSimulation({ ...base, ...more });
    expect(bad({ incidents: [{ kind: 'surge', gate: 'gate-x', atS: 0, forS: 1, perSecond: 1 }] })).toThrow(
      SimulationError,
    );
    expect(bad({ incidents: [{ kind: 'fall', zone: 'pitch', atS: -1, forS: 1 }] })).toThrow(SimulationError);
    expect(bad({ attendance: 20_001 })).toThrow(/seats/);
    expect(bad({ present: 6_001 })).toThrow(/lower present/);
    expect(bad({ startMs: 1.5 })).toThrow(/whole second/);
  });
});
