// Reference test: a laboratory bottleneck against the published output of JPSreport (three decimals).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { recording } from '#testing/shared-data.ts';
import { createTrajectories, intervalFlows, measureScene, parseScene, type SceneMeasures } from './index.ts';

const folder = recording('jpsreport_bottleneck');
const results = path.join(folder ?? '', 'results', 'Fundamental_Diagram');

function numbers(text: string): number[][] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map((line) => line.trim().split(/\s+/).map(Number));
}

function table(...file: string[]): number[][] {
  return numbers(readFileSync(path.join(results, ...file), 'utf8'));
}

function measure(cutOff: { radius: number; quad_segments: number } | null): SceneMeasures {
  const rows = numbers(gunzipSync(readFileSync(path.join(folder!, 'traj.txt.gz'))).toString('utf8'));
  const column = (k: number): number[] => rows.map((r) => r[k]);
  const scene = parseScene({
    name: 'bottleneck of 3 m',
    frame_rate: 16,
    // geo.xml and ini.xml of the recording
    walkable:
      'POLYGON ((4 6.25, 4 0.53, 2.4 0.53, 2.4 -0.53, 4 -0.53, 4 -8.5, -2.25 -8.5, -2.25 -0.53, -0.6 -0.53, -0.6 0.53, -2.25 0.53, -2.25 6.25, 4 6.25))',
    area: 'POLYGON ((2.4 0.53, 2.4 -0.53, -0.6 -0.53, -0.6 0.53))',
    line: [
      [-2.25, 0.5],
      [4, 0.5],
    ],
    speed_frame_step: 5,
    voronoi_cutoff: cutOff,
  });
  const [id, frame, x, y] = [column(0), column(1), column(2), column(3)];
  return measureScene(createTrajectories({ id, frame, x, y, frameRate: 16 }), scene);
}

function errors(values: ArrayLike<number>, firstFrame: number, expected: number[][]): number[] {
  return expected.map(([frame, value]) => Math.abs(values[frame - firstFrame] - value));
}

/** Three printed decimals: the published value is within half a thousandth of the computed one. */
const printed = 0.0005 + 1e-9;

describe.skipIf(!folder)('JPSreport, bottleneck', () => {
  it('classic density agrees to the printed decimals in every frame, N-t exactly', () => {
    const m = measure(null);
    const classic = table('Classical_Voronoi', 'rho_v_Classic_traj.txt_id_1.dat');
    expect(classic).toHaveLength(959);
    expect(Math.max(...errors(m.classicDensity, m.firstFrame, classic))).toBeLessThan(printed);
    const nt = table('FlowVelocity', 'Flow_NT_traj_AO_300.txt_id_4.dat').map((r) => [r[0], r[2]]);
    expect(Math.max(...errors(m.cumulative, m.firstFrame, nt))).toBe(0);
  });

  it('Voronoi density agrees to the printed decimals, without and with a cut-off', () => {
    const open = measure(null);
    const plain = table('Classical_Voronoi', 'rho_v_Voronoi_Voronoi_traj.txt_id_1.dat');
    expect(Math.max(...errors(open.voronoiDensity, open.firstFrame, plain))).toBeLessThan(printed);
    const cut = measure({ radius: 0.8, quad_segments: 3 });
    const round = table('Classical_Voronoi', 'rho_v_Voronoi_Voronoi_traj.txt_id_1_blind_points_cut_off.dat');
    expect(Math.max(...errors(cut.voronoiDensity, cut.firstFrame, round))).toBeLessThan(printed);
  });

  it('differs from the run with blind points only where fewer than three persons are on the floor', () => {
    // JPSreport then adds far points so that a diagram exists; their borders cut the cells. Ours need none.
    const m = measure(null);
    const blind = table('Classical_Voronoi', 'rho_v_Voronoi_Voronoi_traj.txt_id_1_blind_points.dat');
    const off = errors(m.voronoiDensity, m.firstFrame, blind).filter((e) => e >= printed);
    expect(off.length).toBeLessThanOrEqual(28);
    expect(Math.max(...off)).toBeLessThan(0.02);
  });

  it('flow in intervals of 150 frames agrees from the second on', () => {
    const m = measure(null);
    const flows = intervalFlows(m.cumulative, m.firstFrame, 16, 150).map((f) => f.flow);
    const published = table('FlowVelocity', 'FDFlowVelocity_traj_AO_300.txt_id_4.dat').map((r) => r[0]);
    expect(flows).toHaveLength(published.length);
    published.slice(1).forEach((flow, k) => {
      expect(Math.abs(flows[k + 1] - flow)).toBeLessThan(printed);
    });
    // JPSreport does not count the person who opens the first interval: 76 in 150 frames, ours 77 in 151
    expect(published[0]).toBeCloseTo((76 / 150) * 16, 3);
    expect(flows[0]).toBeCloseTo((77 / 151) * 16, 10);
  });
});
