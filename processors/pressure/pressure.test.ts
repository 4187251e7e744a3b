// Pressure against closed forms on made crowds, and the promise that order, doubles, cuts and restarts change no byte.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pressureKind } from '#streams/schema/registry.ts';
import type { PressureWindow } from '#streams/schema/window.ts';
import { DEFAULT_BOUNDS } from '../density/config.ts';
import { drawnWalkers, expectSameForAnyDelivery } from '../shared/fixtures/any-delivery.ts';
import {
  deliver,
  framesOf,
  messagesOf,
  runOut,
  START_MS,
  smallVenue,
  straight,
  type Walker,
} from '../shared/fixtures/small-venue.ts';
import type { TracksInput } from '../shared/input.ts';
import { DEFAULT_PRESSURE, pressurePartition } from './index.ts';

const venue = smallVenue();
const create = () => pressurePartition(venue);
const run = (inputs: readonly TracksInput[]) => deliver(create, inputs);
const of = (outputs: ReturnType<typeof run>, metric: string, key: string): PressureWindow[] =>
  messagesOf(outputs, `win.${metric}.o.small.${key}`, pressureKind.codec.decode);
const at = (windows: readonly PressureWindow[], ms: number): PressureWindow =>
  windows.find(({ end }) => end === START_MS + ms)!;

/** A lattice of half-metre squares (4 p/m2) over the whole floor, each person moving as `of` says. */
function lattice(of: (column: number, row: number, s: number) => readonly [number, number]): Walker[] {
  return Array.from({ length: 800 }, (_, i): Walker => {
    const [column, row] = [i % 40, Math.floor(i / 40)];
    return {
      id: i,
      at(s) {
        const [vx, vy] = of(column, row, s);
        return { x: 0.25 + column * 0.5, y: 0.25 + row * 0.5, vx, vy };
      },
    };
  });
}
const seen = (walkers: readonly Walker[], seconds: number) =>
  run([...framesOf(venue, walkers, seconds), ...runOut(venue, seconds)]);

describe('figures of a lattice of 4 p/m2', () => {
  it('has the density of the lattice, and no pressure when all move as one', () => {
    const window = at(
      of(
        seen(
          lattice(() => [0.5, 0]),
          8,
        ),
        'pressure',
        'west',
      ),
      7_000,
    );
    expect(window.density!.mean).toBeCloseTo(4, 3);
    expect(window.density!.max).toBeCloseTo(4, 3);
    expect(window.pressure).toEqual({ mean: 0, max: 0, window: 0 });
    expect(window.counterflow).toBe(0);
    expect([window.oscillation, window.completeness, window.silent]).toEqual([null, 1, []]);
    expect(window.samples).toBe(10 * 400);
    expect(window.dispersal).toEqual({ mean: 0, max: 0 });
    expect(window.packed).toEqual({
      persons: { mean: 400, max: 400 },
      fullest: expect.closeTo(4, 3),
      pressure: 0,
      common: 0,
      opposing: 0,
    });
  });

  it('has pressure rho v^2 where neighbours move at +v and -v, and full counterflow', () => {
    const opposed = lattice((column, row) => [(column + row) % 2 === 0 ? 0.25 : -0.25, 0]);
    const window = at(of(seen(opposed, 8), 'pressure', 'east'), 7_000);
    expect(window.pressure!.mean).toBeCloseTo(4 * 0.0625, 4);
    expect(window.pressure!.max).toBeCloseTo(4 * 0.0625, 4);
    expect(window.pressure!.window).toBeCloseTo(4 * 0.0625, 3);
    expect(window.counterflow).toBeCloseTo(1, 3);
    // 16 persons in a cell, of whose variance one sixteenth is lost to their own mean
    expect(window.packed!.pressure).toBeCloseTo((4 * 0.0625 * 16) / 15, 3);
    expect(window.packed!.common).toBe(0);
    expect(window.packed!.opposing).toBeCloseTo(1, 3);
  });

  it('says that a crowd swings as one, at its frequency; cells show no pressure then, the window does', () => {
    const omega = 2 * Math.PI * 0.0625;
    const swinging = lattice((_, __, s) => [0.2 * Math.sin(omega * s), 0.2 * Math.cos(omega * s)]);
    const outputs = seen(swinging, 80);
    const window = at(of(outputs, 'pressure-60s', 'west'), 79_000);
    expect(window.oscillation!.state).toBe('oscillating');
    expect(window.oscillation!.frequency).toBeCloseTo(0.0625, 2);
    expect(window.oscillation!.amplitude).toBeCloseTo(0.2 * Math.SQRT2, 1);
    expect(window.pressure!.mean).toBe(0);
    expect(window.pressure!.window).toBeGreaterThan(4 * 0.03);
    // over 60 s nearly four periods: 2 (0.2 / sqrt 2)^2 about a mean near 0
    expect(window.packed!.common! / (4 * 0.04)).toBeCloseTo(1, 1);
    expect(window.packed!.pressure).toBe(0);
    // too short a past is unknown, not still
    expect(at(of(outputs, 'pressure-60s', 'west'), 10_000).oscillation!.state).toBe('unknown');
  }, 30_000);

  it('has the rate at which people move apart', () => {
    const apart = lattice((column, row) => [0.02 * (column % 20), 0.02 * row]);
    const window = at(of(seen(apart, 4), 'pressure', 'west'), 3_000);
    // 0.02 m/s per half metre
    expect(window.dispersal!.mean).toBeCloseTo(0.04, 3);
  });

  it('takes stated noise off what is packed without inventing pressure, and off the way people go', () => {
    let seed = 5;
    const uniform = (): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return (seed + 0.5) / 2 ** 31;
    };
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const standing = lattice(() => [0.1 * normal(), 0.1 * normal()]);
    const frames = [...framesOf(venue, standing, 8), ...runOut(venue, 8)];
    const options = { ...DEFAULT_PRESSURE, noiseVariance: 0.02 };
    const told = deliver(() => pressurePartition(venue, DEFAULT_BOUNDS, options), frames);
    const window = at(of(told, 'pressure', 'west'), 7_000);
    expect(window.packed!.pressure).toBeLessThan(0.005);
    expect(window.packed!.common).toBeLessThan(0.001);
    expect(window.packed!.opposing).toBeLessThan(0.1);
    // not told of it, the same crowd at rest has four times the threshold of turbulence
    expect(at(of(run(frames), 'pressure', 'west'), 7_000).packed!.pressure).toBeCloseTo(0.08, 1);
  });

  it('has nothing packed below contact, and knows that', () => {
    const sparse = lattice(() => [1, 0]).filter((_, i) => i % 2 === 0);
    const window = at(of(seen(sparse, 4), 'pressure', 'west'), 3_000);
    expect(window.packed).toEqual({
      persons: { mean: 0, max: 0 },
      // 2 p/m2; beside the wall half of the next row is missing
      fullest: expect.closeTo(16 / 7, 3),
      pressure: null,
      common: null,
      opposing: 0,
    });
  });

  it('has a congestion number that grows with the spread of the rotor', () => {
    const shear = (rate: number) => lattice((_, row) => [0.5 + rate * Math.abs(row - 10) * 0.5, 0]);
    const number = (rate: number) => at(of(seen(shear(rate), 3), 'pressure-now', 'west'), 2_000).congestion!;
    expect(number(0)).toBe(0);
    expect(number(0.2)).toBeGreaterThan(number(0.1));
  });
});

describe('what is not known', () => {
  it('is null: no live camera, nobody with a velocity, too few persons', () => {
    const some: Walker[] = [{ id: 1, at: () => ({ x: 3, y: 3, vx: Number.NaN, vy: Number.NaN }) }];
    const outputs = run([
      ...framesOf(venue, some, 20).filter(({ source }) => source === 0),
      ...runOut(venue, 20),
    ]);
    const west = at(of(outputs, 'pressure', 'west'), 15_000);
    expect(west.density!.mean).toBeCloseTo(0.01, 3);
    expect(west.pressure).toEqual({ mean: null, max: null, window: null });
    expect([west.congestion, west.counterflow, west.samples]).toEqual([null, null, 0]);
    const dead = at(of(outputs, 'pressure', 'east'), 15_000);
    // west's camera sees two of its ten metres: that is known, and said to be half of what should come
    expect(dead).toMatchObject({ completeness: 0.5, silent: ['east'] });
    const gone = of(outputs, 'pressure', 'west').at(-1)!;
    expect(gone).toMatchObject({ density: null, pressure: null, completeness: 0 });
  });

  it('a velocity that nobody runs is unknown, and counted', () => {
    const jump = Array.from({ length: 9 }, (_, i) =>
      straight(
        i,
        { x: 3 + (i % 3) * 0.4, y: 3 + Math.floor(i / 3) * 0.4, vx: i === 0 ? 90 : 1, vy: 0 },
        0,
        9,
      ),
    ).map((walker) => ({ id: walker.id, at: () => ({ ...walker.at(0)! }) }));
    const partition = create();
    const outputs = partition.onBatch([...framesOf(venue, jump, 4), ...runOut(venue, 4)]);
    const window = at(of([...outputs], 'pressure-now', 'west'), 2_000);
    expect(window.pressure!.max).toBe(0);
    expect(partition.figures!().implausible_velocities_total).toBeGreaterThan(0);
  });
});

it('gives the same bytes in any order within the bound, with doubles, however it is cut and restored', () => {
  expectSameForAnyDelivery({
    venue,
    create,
    walkers: drawnWalkers({ vx: 1, startS: 3, forS: 6, maxLength: 40 }),
    seconds: 6,
    disorderMs: DEFAULT_BOUNDS.disorderMs,
    numRuns: 20,
  });
});

it('reads messages of before the packed part was looked at: it is unknown there', () => {
  const hex = readFileSync(
    new URL('../../streams/schema/golden/win.pressure.v1.hex', import.meta.url),
    'utf8',
  );
  const old = pressureKind.codec.decode(Buffer.from(hex.replaceAll('\n', ''), 'hex'));
  expect(old).toMatchObject({ metric: 'pressure', packed: null, dispersal: null });
});

it('takes the finest tick a venue may have', () => {
  expect(() => pressurePartition({ ...venue, tickMs: 100 })).not.toThrow();
});
