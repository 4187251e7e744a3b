// Central differences: the rule at ends and gaps by hand, and PedPy's own velocities on its three scenes.
import { describe, expect, it } from 'vitest';
import { recording } from '#testing/shared-data.ts';
import { readLines } from './lines.ts';
import { readTrajectories } from './read.ts';
import { centralVelocities, commonFrameStep } from './velocity.ts';

/** Columns of tracks given as [id, frame, x]; y is 0. Sorted by frame. */
function columns(rows: readonly (readonly [number, number, number])[]) {
  const sorted = [...rows].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  return {
    count: sorted.length,
    ids: Uint32Array.from(sorted, (r) => r[0]),
    frames: Int32Array.from(sorted, (r) => r[1]),
    x: Float64Array.from(sorted, (r) => r[2]),
    y: new Float64Array(sorted.length),
  };
}

describe('central velocities', () => {
  it('is unknown at both ends and right between, at 2.5 frames/s one step each way', () => {
    const c = columns([0, 1, 4, 9, 16].map((x, i) => [1, i * 10, x] as const));
    const { vx, vy } = centralVelocities(c, 25, 10);
    expect([...vx]).toEqual([Number.NaN, 5, 10, 15, Number.NaN]); // (4-0)/0.8, (9-1)/0.8, (16-4)/0.8
    expect(vy[1]).toBe(0);
  });

  it('widens to 0.2 s and shrinks symmetrically towards an end', () => {
    // x = t^3 / 100 with t in frames: (x(t+j)-x(t-j))/2j = (3t^2 + j^2) / 100, so the j that was used shows.
    const c = columns(Array.from({ length: 13 }, (_, t) => [1, t, t ** 3 / 100] as const));
    const { vx } = centralVelocities(c, 25, 1);
    const used = [...vx].map((v, t) => Math.round(Math.sqrt((100 * v) / 25 - 3 * t * t)));
    expect(used).toEqual([Number.NaN, 1, 2, 3, 4, 5, 5, 5, 4, 3, 2, 1, Number.NaN]);
  });

  it('does not reach across a gap, into another track, or believe a jump of identity', () => {
    const c = columns([
      ...[0, 1, 2, 4, 5].map((t) => [1, t, t] as const),
      ...[0, 1, 2, 3, 4, 5].map((t) => [2, t, t === 3 ? 5000 : 0] as const),
    ]);
    const { vx } = centralVelocities(c, 1, 1);
    const of = (id: number): number[] => [...vx].filter((_, i) => c.ids[i] === id);
    expect(of(1)).toEqual([Number.NaN, 1, Number.NaN, Number.NaN, Number.NaN]);
    expect(of(2)).toEqual([Number.NaN, 0, Number.NaN, 0, Number.NaN, Number.NaN]);
  });

  it('takes the most common step within tracks', () => {
    expect(
      commonFrameStep(
        columns([
          [1, 0, 0],
          [1, 6, 0],
          [1, 12, 0],
          [1, 20, 0],
          [2, 3, 0],
        ]),
      ),
    ).toBe(6);
    expect(
      commonFrameStep(
        columns([
          [1, 0, 0],
          [2, 9, 0],
        ]),
      ),
    ).toBe(1);
  });
});

const scenes = [
  { name: 'bottleneck_040_c_56', fps: 25, reach: 5 },
  { name: 'eth_hotel', fps: 2.5, reach: 1 },
  { name: 'ucy_zara01', fps: 2.5, reach: 1 },
];
describe('against PedPy', () => {
  for (const { name, fps, reach } of scenes) {
    const file = recording('pedpy_oracle', name, 'trajectory_m.csv.gz');
    const oracle = recording('pedpy_oracle', name, 'individual_speed.csv.gz');
    it.skipIf(!file || !oracle)(
      `${name}: equal wherever ${reach} frames are known on both sides`,
      async () => {
        const t = await readTrajectories(file!, { framesPerSecond: fps, unit: 'm' });
        const expected = new Map<string, readonly [number, number]>();
        for await (const line of readLines(oracle!)) {
          const [id, frame, , vx, vy] = line.split(',');
          expected.set(`${id} ${frame}`, [Number(vx), Number(vy)]);
        }
        const known = new Set(Array.from(t.ids, (id, i) => `${id} ${t.frames[i]}`));
        let compared = 0;
        let worst = 0;
        for (let i = 0; i < t.count; i++) {
          const [id, frame] = [t.ids[i]!, t.frames[i]!];
          if (!known.has(`${id} ${frame - reach}`) || !known.has(`${id} ${frame + reach}`)) continue;
          const [vx, vy] = expected.get(`${id} ${frame}`)!;
          worst = Math.max(worst, Math.abs(vx - t.vx[i]!), Math.abs(vy - t.vy[i]!));
          compared++;
        }
        expect(compared).toBeGreaterThan(0.8 * t.count);
        // Two positions of the file are each rounded by up to 0.05 mm; the oracle is written with six decimals.
        expect(worst).toBeLessThan(1e-4 / ((2 * reach) / fps) + 5e-6);
      },
    );
  }
});
