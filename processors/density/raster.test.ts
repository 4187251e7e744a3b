// The raster: mass, walls, order, translation; against the direct formula and against counts made by another program.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxPolygon, createPolygon, locatePoint } from '#models/geometry/index.ts';
import type { AreaM, Level } from '#models/venue/types.ts';
import { CELL_UNKNOWN, CELL_WALL, decodeGrid, encodeGrid } from '#streams/schema/grid.ts';
import { recording } from '#testing/shared-data.ts';
import { createStencils, erf, type KernelSpec, SUB_POSITIONS, UNITS_PER_PERSON } from './kernel.ts';
import { DensityRaster, type FramePositions } from './raster.ts';

const box = (minX: number, minY: number, maxX: number, maxY: number): AreaM =>
  boxPolygon({ minX, minY, maxX, maxY });
const levelOf = (...walkable: AreaM[]): Level => ({
  ordinal: 0,
  name: { zh: '层', en: 'level' },
  elevationM: 0,
  walkable,
});
const frameOf = (points: readonly (readonly [number, number])[]): FramePositions => ({
  count: points.length,
  x: Float32Array.from(points, (p) => p[0]),
  y: Float32Array.from(points, (p) => p[1]),
});
const head = { epochMs: 1000, completeness: 1, revision: 0 };
const cellsOf = (
  raster: DensityRaster,
  sources: readonly (readonly FramePositions[])[],
  known?: Uint8Array,
): Uint16Array => {
  raster.clear();
  for (const frames of sources) raster.add(frames);
  return raster.frame(head, known).cells;
};

/** A hall with a pillar, a slanted wall and a narrow neck into a second room. */
const hall = levelOf(
  createPolygon(
    [
      [0, 0],
      [12, 0],
      [12, 4],
      [13, 4],
      [13, 0],
      [20, 0],
      [20, 9.7],
      [13, 9.7],
      [13, 5],
      [12, 5],
      [12, 7.3],
      [3, 10],
      [0, 10],
    ],
    [
      [
        [5, 3],
        [5, 5.2],
        [7.1, 5.2],
        [7.1, 3],
      ],
    ],
  ),
);
const kernels: KernelSpec[] = [
  { kind: 'gaussian', sigmaM: 0.5 },
  { kind: 'gaussian', sigmaM: 0.9 },
  { kind: 'box', sideM: 1.3 },
  { kind: 'box', sideM: 0 },
];
const inHall = fc
  .tuple(fc.double({ min: 0, max: 20, noNaN: true }), fc.double({ min: 0, max: 10, noNaN: true }))
  .filter(([x, y]) => locatePoint(hall.walkable[0]!, x, y) === 1);
const crowd = fc.array(inHall, { minLength: 1, maxLength: 60 });
const anyKernel = fc.constantFrom(...kernels.slice(0, 3));

describe('kernel', () => {
  it('has unit mass at every sub-cell position, exactly', () => {
    for (const kernel of kernels) {
      const { size, weights } = createStencils(kernel, 0.5);
      for (let at = 0; at < weights.length; at += size * size) {
        const stencil = weights.subarray(at, at + size * size);
        expect(stencil.reduce((a, b) => a + b, 0)).toBe(UNITS_PER_PERSON);
        expect(Math.min(...stencil)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it('knows the error function and refuses sizes that are none', () => {
    // Abramowitz & Stegun, table 7.1
    for (const [x, y] of [
      [0.5, 0.5204998778],
      [1, 0.8427007929],
      [2, 0.995322265],
      [-1.5, -0.9661051465],
    ] as const) {
      expect(erf(x)).toBeCloseTo(y, 9);
    }
    for (const kernel of [
      { kind: 'gaussian', sigmaM: 0 },
      { kind: 'gaussian', sigmaM: Number.NaN },
      { kind: 'box', sideM: -1 },
      { kind: 'box', sideM: 1e4 },
    ] as const) {
      expect(() => createStencils(kernel, 0.5)).toThrow(RangeError);
    }
  });
});

describe('raster', () => {
  it('integrates to the number of persons over the floor, however close to walls they stand', () => {
    fc.assert(
      fc.property(crowd, anyKernel, (points, kernel) => {
        const raster = new DensityRaster(hall, { kernel });
        raster.clear();
        raster.add([frameOf(points)]);
        expect(raster.outside).toBe(0);
        expect(raster.persons).toBe(points.length);
        let integral = 0;
        for (let row = 0; row < raster.height; row++) {
          for (let column = 0; column < raster.width; column++) {
            const density = raster.density(column, row);
            if (Number.isNaN(density) !== (raster.floor[row * raster.width + column] === 0)) {
              throw new Error(`cell ${column}, ${row} is ${density}`);
            }
            if (density > 0) integral += density * 0.25;
          }
        }
        expect(Math.abs(integral - points.length)).toBeLessThan(1e-9 * points.length);
        // and on the wire, to half a unit of every cell that is not empty
        const cells = raster.frame(head).cells.filter((c) => c < CELL_UNKNOWN - 2);
        const wire = cells.reduce((sum, c) => sum + c * 0.00025, 0);
        expect(Math.abs(wire - points.length)).toBeLessThan(0.000125 * raster.floor.length);
      }),
      { numRuns: 60 },
    );
  });

  it('puts nothing in walls, marks them, and survives the wire', () => {
    const raster = new DensityRaster(hall);
    const cells = cellsOf(raster, [
      [
        frameOf([
          [4.9, 4],
          [7.2, 4],
          [12.5, 4.5],
          [0.01, 0.01],
        ]),
      ],
    ]);
    for (let row = 0; row < raster.height; row++) {
      for (let column = 0; column < raster.width; column++) {
        const at = row * raster.width + column;
        expect(cells[at] === CELL_WALL).toBe(raster.floor[at] === 0);
        // The four corners of a cell inside the pillar: certainly wall.
        const [x, y] = [0.5 * column, 0.5 * row];
        if (x >= 5 && x + 0.5 <= 7.1 && y >= 3 && y + 0.5 <= 5.2) expect(cells[at]).toBe(CELL_WALL);
      }
    }
    expect(decodeGrid(encodeGrid(raster.frame(head)))).toEqual(raster.frame(head));
  });

  it('gives the same bytes for any order of persons, frames and sources', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(crowd, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        anyKernel,
        (sources, stream, kernel) => {
          const raster = new DensityRaster(hall, { kernel });
          const shuffled = <T>(list: readonly T[]): T[] => {
            const keyed = list.map((item) => [stream.next().value ?? 0, item] as const);
            return keyed.sort((a, b) => a[0] - b[0]).map(([, item]) => item);
          };
          const before = cellsOf(
            raster,
            sources.map((frames) => frames.map(frameOf)),
          );
          const after = cellsOf(
            raster,
            shuffled(sources).map((frames) => shuffled(frames).map((points) => frameOf(shuffled(points)))),
          );
          expect(after).toEqual(before);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('moves with the crowd: persons shifted by whole cells give the raster shifted', () => {
    const open = levelOf(box(0, 0, 40, 40));
    const shift = fc.integer({ min: -10, max: 10 });
    const inner = fc.array(fc.tuple(fc.integer({ min: 0, max: 319 }), fc.integer({ min: 0, max: 319 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(inner, shift, shift, anyKernel, (steps, dx, dy, kernel) => {
        const raster = new DensityRaster(open, { kernel });
        const points = steps.map(([a, b]): [number, number] => [15 + a / 32, 15 + b / 32]);
        const here = cellsOf(raster, [[frameOf(points)]]);
        const there = cellsOf(raster, [[frameOf(points.map(([x, y]) => [x + dx / 2, y + dy / 2]))]]);
        for (let row = 12; row < 68; row++) {
          for (let column = 12; column < 68; column++) {
            if (there[(row + dy) * 80 + column + dx] !== here[row * 80 + column]) {
              throw new Error(`cell ${column}, ${row} did not move by ${dx}, ${dy}`);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is the formula: kernel integrated over the cell, divided by its integral over the floor', () => {
    fc.assert(
      fc.property(
        fc.array(inHall, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(0.5, 0.9),
        (points, sigmaM) => {
          const raster = new DensityRaster(hall, { kernel: { kind: 'gaussian', sigmaM } });
          raster.clear();
          const frame = frameOf(points);
          raster.add([frame]);
          const expected = new Float64Array(raster.floor.length);
          // Positions are told apart to a part of a cell: the person stands in the middle of that part.
          const part = raster.cellM / SUB_POSITIONS;
          const middle = (v: number): number => (Math.floor(v / part) + 0.5) * part;
          let worst = 0;
          for (let i = 0; i < frame.count; i++)
            addDirectly(expected, raster, sigmaM, middle(frame.x[i]!), middle(frame.y[i]!));
          for (let at = 0; at < expected.length; at++) {
            if (raster.floor[at] !== 1) continue;
            const got = raster.density(at % raster.width, Math.floor(at / raster.width));
            worst = Math.max(worst, Math.abs(got - expected[at]!));
          }
          expect(worst).toBeLessThan(1e-5 * points.length); // weights are whole parts of 2^-24 of a person
        },
      ),
      { numRuns: 40 },
    );
  });

  it('takes the mean over the frames of a source and the sum over sources', () => {
    const raster = new DensityRaster(levelOf(box(0, 0, 10, 10)), { kernel: { kind: 'box', sideM: 0 } });
    const [one, two, none] = [
      frameOf([[1.1, 1.1]]),
      frameOf([
        [1.1, 1.1],
        [5.1, 5.1],
      ]),
      frameOf([]),
    ];
    raster.clear();
    raster.add([one, two, none]);
    raster.add([one]);
    raster.add([]);
    expect(raster.persons).toBeCloseTo(2, 8); // (1 + 2 + 0) / 3 + 1
    expect(raster.density(2, 2)).toBeCloseTo((2 / 3 + 1) / 0.25, 6);
    expect(raster.density(10, 10)).toBeCloseTo(1 / 3 / 0.25, 6);
    expect(raster.frame(head).cells[2 * 20 + 2]).toBe(6667);
  });

  it('counts persons with no floor in reach, and brings those just off it onto it', () => {
    const raster = new DensityRaster(levelOf(box(0, 0, 10, 10)));
    raster.clear();
    raster.add([
      frameOf([
        [-0.4, 5],
        [10.9, 10.9],
        [5, -1.2],
        [5, -50],
        [Number.NaN, 5],
        [-1, -1],
      ]),
      frameOf([]),
    ]);
    expect(raster.persons).toBeCloseTo(2, 9); // four on or near the floor, in one of two frames
    expect(raster.outside).toBe(1);
  });

  it('marks floor that no live camera sees as unknown, walls still as walls', () => {
    const raster = new DensityRaster(hall);
    const known = raster.knownCells([box(0, 0, 10, 10)]);
    const cells = cellsOf(
      raster,
      [
        [
          frameOf([
            [2, 2],
            [15, 3],
          ]),
        ],
      ],
      known,
    );
    for (let row = 0; row < raster.height; row++) {
      for (let column = 0; column < raster.width; column++) {
        const at = row * raster.width + column;
        const wanted = raster.floor[at] === 0 ? 'wall' : column < 20 ? 'known' : 'unknown';
        const got = cells[at] === CELL_WALL ? 'wall' : cells[at] === CELL_UNKNOWN ? 'unknown' : 'known';
        expect(got).toBe(wanted);
      }
    }
    expect(raster.personsUnseen(known)).toBeCloseTo(1, 9);
    expect(raster.personsUnseen(raster.knownCells([]))).toBe(2);
  });

  it('says what is wrong with a floor', () => {
    expect(() => new DensityRaster(levelOf())).toThrow(/no walkable floor/);
    expect(() => new DensityRaster(levelOf(box(0, 0, 40_000, 1)))).toThrow(/larger cells/);
  });
});

/** One person by the formula alone: no stencil, no sub-cell positions, no whole numbers. */
function addDirectly(out: Float64Array, raster: DensityRaster, sigma: number, x: number, y: number): void {
  const share = (from: number, at: number): number => {
    const clip = (v: number): number => Math.max(-3, Math.min(3, (v - at) / sigma)) / Math.SQRT2;
    return (erf(clip(from + 0.5)) - erf(clip(from))) / 2;
  };
  const mass = new Float64Array(out.length);
  let onFloor = 0;
  for (let row = 0, at = 0; row < raster.height; row++) {
    for (let column = 0; column < raster.width; column++, at++) {
      if (raster.floor[at] !== 1) continue;
      mass[at] = share(raster.originX + column / 2, x) * share(raster.originY + row / 2, y);
      onFloor += mass[at]!;
    }
  }
  for (let at = 0; at < out.length; at++) out[at]! += mass[at]! / onFloor / 0.25;
}

describe('counts per cell made by another program', () => {
  for (const scene of ['bottleneck_040_c_56', 'eth_hotel', 'ucy_zara01']) {
    const file = recording('pedpy_oracle', scene, 'trajectory_m.csv.gz');
    const oracle = recording('pedpy_oracle', scene, 'grid_counts_numpy.json');
    it.skipIf(!file || !oracle)(
      `${scene}: a box of no size is the number of persons in each 0.5 m cell`,
      async () => {
        const grid = JSON.parse(await readFile(oracle!, 'utf8')) as {
          box: [number, number, number, number];
          counts: Record<string, number[][]>;
        };
        const raster = new DensityRaster(levelOf(box(...grid.box)), { kernel: { kind: 'box', sideM: 0 } });
        const rows = gunzipSync(await readFile(file!))
          .toString()
          .split('\n')
          .slice(1);
        let compared = 0;
        for (const [frame, counts] of Object.entries(grid.counts)) {
          const points = rows.map((row) => row.split(',')).filter((f) => f[1] === frame);
          raster.clear();
          raster.add([
            { count: points.length, x: points.map((f) => Number(f[2])), y: points.map((f) => Number(f[3])) },
          ]);
          const ours = counts.map((row, j) => row.map((_, i) => raster.density(i, j) * 0.25));
          expect(ours).toEqual(counts);
          compared += points.length;
        }
        expect(compared).toBeGreaterThan(0);
      },
    );
  }
});
