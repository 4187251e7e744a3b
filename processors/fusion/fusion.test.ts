// The fusion processor: one count per person through overlaps and dead cameras, corrected for what is not seen, unknown
// where too little is seen; the same in any order and through a restart.
import { describe, expect, it } from 'vitest';
import { boxPolygon } from '#models/geometry/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import type { TracksInput } from '#processors/shared/input.ts';
import { fusedDensityKind, fusedKind } from '#streams/schema/registry.ts';
import { emptyTrackFrame, encodeTracks } from '#streams/schema/tracks.ts';
import { fusionPartition, fusionProcessor } from './index.ts';

const name = { zh: '区', en: 'area' };
const box = (minX: number, maxX: number) => boxPolygon({ minX, minY: 0, maxX, maxY: 10 });
const START = 1_700_000_000_000;

/** Zone `west` 0-20 m and `east` 20-40 m; cameras see 0-20, 0-30 and 10-30: a quarter of the floor is seen by none. */
const venue: Venue = {
  org: 'o',
  id: 'v',
  name,
  version: 1,
  kind: 'hall',
  timeZone: 'UTC',
  anchor: { longitude: 0, latitude: 0, bearingDeg: 0 },
  tickMs: 500,
  levels: [{ ordinal: 0, name, elevationM: 0, walkable: [box(0, 40)] }],
  zones: [
    { id: 'west', level: 0, name, area: box(0, 20), areaM2: 200, use: 'moving' },
    { id: 'east', level: 0, name, area: box(20, 40), areaM2: 200, use: 'moving' },
  ],
  gates: [],
  exits: [],
  doors: [],
  cameras: [
    [0, 20],
    [0, 30],
    [10, 30],
  ].map(([from, to], c) => ({
    id: `cam-${c}`,
    level: 0,
    name,
    x: 0,
    y: 0,
    coverage: box(from, to),
    framesPerSecond: 2,
  })),
  fences: [],
};

/** 16 persons on a line across the floor, 2 m apart, up to x = 31: 10 in the west, 5 in the seen part of the east. */
const persons = Array.from({ length: 16 }, (_, i) => 1 + 2 * i);

function frames(
  seconds: number,
  dead: (camera: number, epochMs: number) => boolean = () => false,
): TracksInput[] {
  const inputs: TracksInput[] = [];
  for (let k = 0; k < 2 * seconds; k++) {
    const epochMs = START + 500 * k;
    venue.cameras.forEach(({ coverage }, camera) => {
      if (dead(camera, epochMs)) return;
      const [from, to] = [coverage.exterior[0], Math.max(...coverage.exterior.filter((_, i) => i % 2 === 0))];
      const seen = persons.flatMap((x, i) => (x >= Math.min(from, to) && x < to ? [[x, i] as const] : []));
      const frame = emptyTrackFrame({ epochMs, level: 0, seq: k }, seen.length);
      seen.forEach(([x, i], at) => {
        frame.ids[at] = 100 * camera + i;
        frame.x[at] = x + 0.1 * (camera - 1);
        frame.y[at] = 5 + 0.1 * Math.sin(i + camera);
        frame.vx[at] = 0;
        frame.vy[at] = 0;
      });
      inputs.push({ source: camera, payload: encodeTracks(frame) });
    });
    if (k % 2 === 0) {
      const clock = emptyTrackFrame({ epochMs, level: 0, seq: k, clock: true }, 0);
      inputs.push({ source: venue.cameras.length, payload: encodeTracks(clock) });
    }
  }
  return inputs;
}

const windows = (outputs: readonly Output[], metric: string, key: string) =>
  outputs
    .filter(({ subject }) => subject === `win.${metric}.o.v.${key}`)
    .map(({ payload }) => fusedDensityKind.codec.decode(payload))
    // Those that end before the first frame are unknown.
    .filter(({ end }) => end > START);
const texts = (outputs: readonly Output[]) =>
  outputs.map((o) => `${o.messageId} ${Buffer.from(o.payload).toString('hex')}`);

describe('fusion', () => {
  it('counts each person once and corrects a zone for the half that nobody sees', () => {
    const outputs = fusionPartition(venue).onBatch(frames(12));
    for (const window of windows(outputs, 'density-fused-now', 'west')) {
      expect(window).toMatchObject({
        count: { mean: 10, max: 10 },
        observedShare: 1,
        corrected: false,
        seen: 10,
      });
    }
    const east = windows(outputs, 'density-fused-now', 'east');
    expect(east.length).toBeGreaterThan(15);
    for (const window of east) {
      expect(window).toMatchObject({ seen: 5, observedShare: 0.5, corrected: true, count: { mean: 10 } });
      expect(window.density!.mean).toBeCloseTo(0.05, 9);
    }
    const fused = outputs
      .filter(({ subject }) => subject === 'fused.o.v.0')
      .map((o) => fusedKind.codec.decode(o.payload));
    expect(fused.map(({ count }) => count)).toEqual(fused.map(() => 15));
    expect(new Set(fused.flatMap(({ ids }) => [...ids])).size).toBe(15);
  });

  it('hands the places of a dead camera to those that see them, and calls what is left too small unknown', () => {
    const from = START + 6_000;
    const outputs = fusionPartition(venue).onBatch(frames(16, (camera, ms) => camera > 0 && ms >= from));
    const west = windows(outputs, 'density-fused-now', 'west');
    expect(west.at(-1)).toMatchObject({ end: expect.any(Number), count: { mean: 10 }, observedShare: 1 });
    expect(west.at(-1)!.end).toBeGreaterThan(from + 4_000);
    expect(west.at(-1)!.silent).toEqual(['cam-1', 'cam-2']);
    const east = windows(outputs, 'density-fused-now', 'east').at(-1)!;
    expect(east).toMatchObject({
      count: null,
      density: null,
      observedShare: null,
      seen: null,
      levelOfService: null,
    });
    // Camera 0 dead as well as 2: camera 1 answers for all that it covers.
    const one = fusionPartition(venue).onBatch(frames(12, (camera) => camera !== 1));
    expect(windows(one, 'density-fused-now', 'west').at(-1)).toMatchObject({
      count: { mean: 10 },
      observedShare: 1,
    });
    expect(windows(one, 'density-fused-now', 'east').at(-1)).toMatchObject({ seen: 5, observedShare: 0.5 });
  });

  it('gives the same bytes however frames are mixed within the bound, cut into batches, and through a restart', () => {
    const inputs = frames(8);
    const straight = texts(fusionPartition(venue).onBatch(inputs));
    // Four messages and a clock are half a second to a second: each pair of neighbours is swapped.
    const mixed = inputs.map((_, i) => inputs[i % 2 === 0 ? Math.min(i + 1, inputs.length - 1) : i - 1]);
    if (inputs.length % 2 === 1) mixed[inputs.length - 1] = inputs[inputs.length - 1];
    const byOne = fusionPartition(venue);
    expect(mixed.flatMap((input) => texts(byOne.onBatch([input])))).toEqual(straight);
    for (const cut of [1, 9, 20]) {
      const before = fusionPartition(venue);
      const first = texts(before.onBatch(inputs.slice(0, cut)));
      const after = fusionPartition(venue);
      after.restore(before.snapshot());
      expect([...first, ...texts(after.onBatch(inputs.slice(cut)))]).toEqual(straight);
    }
  });

  it('declares every subject it publishes', () => {
    const { outputs } = fusionProcessor(venue);
    expect(outputs).toEqual([
      'win.density-fused-now.o.v.*',
      'win.density-fused.o.v.*',
      'win.density-fused-60s.o.v.*',
      'win.density-fused-15m.o.v.*',
      'fused.o.v.0',
      'fused.o.v.tick',
      'late.fusion.o.v.*',
    ]);
  });
});
