// The files of one measured scene: gzip CSV with six decimals, counts per grid cell, and a summary.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Scene, SceneMeasures, Trajectories } from '#models/crowd/index.ts';
import { formatWktPolygon, polygonArea } from '#models/geometry/index.ts';

/**
 * Fixed decimals as C and Python print them (exact ties to even); an unknown value is an empty cell.
 */
export function fixed(value: number, decimals: number): string {
  if (Number.isNaN(value)) return '';
  const text = Object.is(value, -0) ? `-${value.toFixed(decimals)}` : value.toFixed(decimals);
  // An exact tie at d decimals is an odd multiple of 2^-(d+1): toFixed rounds it away from zero.
  const scale = 2 ** (decimals + 1);
  if (!Number.isInteger(value * scale) || Number.isInteger((value * scale) / 2)) return text;
  if (Number(text[text.length - 1]) % 2 === 0) return text;
  const step = 10 ** -decimals;
  return (Number(text) - Math.sign(value) * step).toFixed(decimals);
}

function csv(header: string, rows: number, row: (i: number) => string): Buffer {
  const lines = [header];
  for (let i = 0; i < rows; i++) lines.push(row(i));
  lines.push('');
  // no name or time in the gzip header: the same input gives the same bytes
  return gzipSync(lines.join('\n'));
}

/** Names and contents of every file. Pure, so that the streamed and the in-memory run can be compared. */
export function sceneFiles(t: Trajectories, scene: Scene, m: SceneMeasures): Map<string, Buffer> {
  const { speed, vx, vy } = m.velocities;
  const series = (header: string, values: Float64Array): Buffer =>
    csv(header, values.length, (i) => `${m.firstFrame + i},${fixed(values[i], 6)}`);
  return new Map([
    [
      'trajectory_m.csv.gz',
      csv(
        'id,frame,x,y',
        t.id.length,
        (i) => `${t.id[i]},${t.frame[i]},${fixed(t.x[i], 4)},${fixed(t.y[i], 4)}`,
      ),
    ],
    ['classic_density.csv.gz', series('frame,density', m.classicDensity)],
    ['voronoi_density.csv.gz', series('frame,density', m.voronoiDensity)],
    ['mean_speed.csv.gz', series('frame,speed', m.meanSpeed)],
    ['voronoi_speed.csv.gz', series('frame,speed', m.voronoiSpeed)],
    [
      'individual_speed.csv.gz',
      csv(
        'id,frame,speed,v_x,v_y',
        t.id.length,
        (i) => `${t.id[i]},${t.frame[i]},${fixed(speed[i], 6)},${fixed(vx[i], 6)},${fixed(vy[i], 6)}`,
      ),
    ],
    [
      'n_t.csv.gz',
      csv('frame,cumulative_pedestrians,time', m.cumulative.length, (i) => {
        const frame = m.firstFrame + i;
        return `${frame},${m.cumulative[i]},${fixed(frame / t.frameRate, 6)}`;
      }),
    ],
    [
      'crossings.csv.gz',
      csv('id,frame', m.crossings.length, (i) => `${m.crossings[i].id},${m.crossings[i].frame}`),
    ],
    ['grid_counts_numpy.json', Buffer.from(gridJson(m))],
    ['meta.json', Buffer.from(JSON.stringify(summary(t, scene, m), null, 1))],
  ]);
}

function gridJson({ grid, gridCounts }: SceneMeasures): string {
  const { minX, minY, maxX, maxY } = grid.box;
  const counts: Record<string, number[][]> = {};
  for (const [frame, cells] of gridCounts)
    counts[frame] = Array.from({ length: grid.rows }, (_, r) => [
      ...cells.subarray(r * grid.columns, (r + 1) * grid.columns),
    ]);
  return JSON.stringify({ cell: grid.cell, box: [minX, minY, maxX, maxY], rows_are: 'y ascending', counts });
}

function summary(t: Trajectories, scene: Scene, m: SceneMeasures): Record<string, unknown> {
  const known = m.velocities.speed.filter((v) => !Number.isNaN(v));
  const max = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 0);
  const { ax, ay, bx, by } = scene.line;
  return {
    name: scene.name,
    frame_rate: scene.frameRate,
    walkable: formatWktPolygon(scene.walkable),
    area: formatWktPolygon(scene.area),
    area_m2: polygonArea(scene.area),
    line: [
      [ax, ay],
      [bx, by],
    ],
    speed_frame_step: scene.speedFrameStep,
    n_ids: new Set(t.id).size,
    n_frames: new Set(t.frame).size,
    rows: t.id.length,
    crossings: m.crossings.length,
    max_classic_density: max(m.classicDensity),
    mean_speed: known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : null,
    voronoi_cutoff: scene.cutOff
      ? { radius: scene.cutOff.radius, quad_segments: scene.cutOff.quadSegments }
      : null,
    max_voronoi_density: max(m.voronoiDensity),
  };
}

/** Write every file of the scene into a folder, made if absent. */
export async function writeSceneFiles(folder: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await writeFile(path.join(folder, name), bytes);
}
