// On the density processor's own rasters: the persons are those who walk there, a speed read off two rasters is theirs, and
// floor of a dead camera is unknown.
import { describe, expect, it } from 'vitest';
import type { Output } from '#processors/runtime/index.ts';
import { rasterAnomalyKind } from '#streams/schema/registry.ts';
import { densityPartition } from '../density/index.ts';
import { framesOf, runOut, smallVenue, type Walker } from '../shared/fixtures/small-venue.ts';
import { rasterAnomalyProcessor } from './index.ts';

const venue = smallVenue();
const SPEED = 1.2;
const PERSONS = 30;
const STOP_S = 400;

/** To and fro along the hall at SPEED, each on a lane of its own; all stand still from `stopS` on. */
const walker = (id: number): Walker => ({
  id,
  at(seconds) {
    const moving = seconds < STOP_S;
    const way = SPEED * Math.min(seconds, STOP_S) + 7.31 * id;
    const there = way % 36;
    const x = 1 + (there < 18 ? there : 36 - there);
    return { x, y: 0.7 + (8.6 * id) / PERSONS, vx: moving ? (there < 18 ? SPEED : -SPEED) : 0, vy: 0 };
  },
});
const walkers = Array.from({ length: PERSONS }, (_, id) => walker(id));

function judge(frames: ReturnType<typeof framesOf>) {
  const grids = densityPartition(venue)
    .onBatch(frames)
    .filter(({ subject }) => subject.startsWith('grid.'));
  const processor = rasterAnomalyProcessor(venue);
  return processor
    .create()
    .onBatch(grids.map(({ subject, payload }: Output) => processor.decode({ subject, data: payload })))
    .map(({ payload }) => rasterAnomalyKind.codec.decode(payload));
}

describe('rasters of the density processor', () => {
  it('have the persons who are there, and their speed when they stop', () => {
    const messages = judge([...framesOf(venue, walkers, STOP_S + 60), ...runOut(venue, STOP_S + 60)]);
    // The first slots begin with the cameras, the last ones are of cameras that have ended.
    const whole = messages.filter(({ completeness }) => completeness === 1);
    expect(whole.length).toBeGreaterThanOrEqual(44);
    for (const { persons } of whole) expect(Math.abs(persons! / PERSONS - 1)).toBeLessThan(0.03);
    const stops = messages.flatMap(({ findings }) => findings).filter(({ kind }) => kind === 'stopped-flow');
    expect(stops.length).toBeGreaterThan(0);
    expect(Math.abs(stops[0]!.usualSpeed! / SPEED - 1)).toBeLessThan(0.12);
    expect(stops.at(-1)!.speed!).toBeLessThan(0.3);
    expect(stops[0]!.zones.length).toBeGreaterThan(0);
  });

  it('of a camera that has died leave its floor unknown: fewer persons seen, and no emptying', () => {
    const frames = framesOf(venue, walkers, STOP_S).filter(
      ({ source, payload }) =>
        source !== 1 ||
        new DataView(payload.buffer, payload.byteOffset).getFloat64(16, true) < 1_700_000_000_000 + 360_000,
    );
    const messages = judge([...frames, ...runOut(venue, STOP_S, 5)]);
    const last = messages.filter(({ end }) => end > 1_700_000_000_000 + 375_000);
    expect(last.length).toBeGreaterThanOrEqual(2);
    for (const { completeness, findings } of last.slice(0, 2)) {
      // West sees x < 12 of 20.
      expect(completeness).toBeCloseTo(0.6, 2);
      expect(findings.filter(({ kind }) => kind === 'emptying')).toEqual([]);
    }
    expect(messages.flatMap(({ findings }) => findings).filter(({ kind }) => kind === 'emptying')).toEqual(
      [],
    );
  });
});
