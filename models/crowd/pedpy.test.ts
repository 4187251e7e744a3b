// Reference tests: every published value of three real scenes computed by PedPy, frame by frame.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { recording } from '#testing/shared-data.ts';
import { createTrajectories, measureScene, parseScene, type SceneMeasures } from './index.ts';

function csv(file: string): number[][] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(1);
  return lines.map((line) => line.split(',').map((cell) => (cell === '' ? Number.NaN : Number(cell))));
}

/** id, frame, x, y with all the digits the reference was computed from. */
function positions(folder: string, original: string | undefined): number[][] {
  if (!original) return csv(path.join(folder, 'trajectory_m.csv.gz'));
  const lines = gunzipSync(readFileSync(original)).toString('utf8').trim().split('\n');
  // frame, id, x, z, y, vx, vz, vy; one annotated frame in ten, the first numbered 1
  return lines.map((line) => {
    const [frame, id, x, , y] = line.trim().split(/\s+/).map(Number);
    return [id, (frame - 1) / 10, x, y];
  });
}

function measure(folder: string, rows: number[][]): SceneMeasures {
  const scene = parseScene(JSON.parse(readFileSync(path.join(folder, 'meta.json'), 'utf8')));
  const column = (k: number): number[] => rows.map((r) => r[k]);
  const t = createTrajectories({
    id: column(0),
    frame: column(1),
    x: column(2),
    y: column(3),
    frameRate: scene.frameRate,
  });
  return measureScene(t, scene);
}

/** Largest difference after rounding to the six decimals of the file; an empty cell must meet NaN. */
function worst(values: ArrayLike<number>, expected: readonly number[]): number {
  expect(values.length).toBe(expected.length);
  let max = 0;
  for (let i = 0; i < expected.length; i++) {
    const rounded = Number(values[i].toFixed(6));
    const d = Number.isNaN(expected[i]) && Number.isNaN(rounded) ? 0 : Math.abs(rounded - expected[i]);
    max = d <= max ? max : d;
  }
  return max;
}

const scenes = [
  { name: 'bottleneck_040_c_56', original: undefined },
  { name: 'eth_hotel', original: ['eth_ucy', 'seq_hotel', 'obsmat.txt.gz'] },
  { name: 'ucy_zara01', original: ['eth_ucy', 'zara01', 'obsmat.txt.gz'] },
];

describe.each(scenes)('PedPy, $name', ({ name, original }) => {
  const folder = recording('pedpy_oracle', name);
  const source = original ? recording(...original) : undefined;
  const absent = !folder || (original !== undefined && !source);
  const reference = (file: string, column: number): number[] =>
    csv(path.join(folder ?? '', `${file}.csv.gz`)).map((r) => r[column]);

  it.skipIf(absent)('counts, classic density, crossings, N-t and grid counts are equal', () => {
    const m = measure(folder!, positions(folder!, source));
    expect(worst(m.classicDensity, reference('classic_density', 1))).toBe(0);
    expect(Array.from(m.classicDensity.keys(), (k) => m.firstFrame + k)).toEqual(
      reference('classic_density', 0),
    );
    expect(Array.from(m.cumulative)).toEqual(reference('n_t', 1));
    expect(m.crossings.map((c) => [c.id, c.frame])).toEqual(csv(path.join(folder!, 'crossings.csv.gz')));
    const grid: unknown = JSON.parse(readFileSync(path.join(folder!, 'grid_counts_numpy.json'), 'utf8'));
    const { columns, rows, box } = m.grid;
    const counts = [...m.gridCounts].map(([frame, cells]) => [
      String(frame),
      Array.from({ length: rows }, (_, r) => [...cells.subarray(r * columns, (r + 1) * columns)]),
    ]);
    expect({
      cell: m.grid.cell,
      box: [box.minX, box.minY, box.maxX, box.maxY],
      rows_are: 'y ascending',
      counts: Object.fromEntries(counts),
    }).toEqual(grid);
  });

  it.skipIf(absent)('Voronoi density and every speed agree in all six decimals of every frame', () => {
    const m = measure(folder!, positions(folder!, source));
    expect(worst(m.voronoiDensity, reference('voronoi_density', 1))).toBeLessThan(1e-6);
    expect(worst(m.voronoiSpeed, reference('voronoi_speed', 1))).toBeLessThan(1e-6);
    expect(worst(m.meanSpeed, reference('mean_speed', 1))).toBeLessThan(1e-6);
    expect(worst(m.velocities.speed, reference('individual_speed', 2))).toBeLessThan(1e-6);
    expect(worst(m.velocities.vx, reference('individual_speed', 3))).toBeLessThan(1e-6);
    expect(worst(m.velocities.vy, reference('individual_speed', 4))).toBeLessThan(1e-6);
  });

  it.skipIf(absent || !original)(
    'from positions rounded to 0.1 mm differs by no more than that rounding allows',
    () => {
      // each coordinate is off by up to 5e-5 m; over the shortest window of one frame (0.4 s) a velocity
      // component by up to 1e-4 / 0.4 = 2.5e-4 m/s, a speed by sqrt(2) times that
      const m = measure(folder!, positions(folder!, undefined));
      const component = (2 * 5e-5) / 0.4 + 1e-6;
      expect(worst(m.velocities.vx, reference('individual_speed', 3))).toBeLessThan(component);
      expect(worst(m.velocities.vy, reference('individual_speed', 4))).toBeLessThan(component);
      expect(worst(m.meanSpeed, reference('mean_speed', 1))).toBeLessThan(Math.SQRT2 * component);
      expect(worst(m.voronoiDensity, reference('voronoi_density', 1))).toBeLessThan(1e-5);
    },
  );
});
