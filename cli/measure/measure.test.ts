// The measure command's edges: reading CSV with faults named, and numbers printed as other programs print them.
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { measureScene, parseScene } from '#models/crowd/index.ts';
import { recording } from '#testing/shared-data.ts';
import { readForScene } from './read.ts';
import { parseTrajectoryCsv } from './read-csv.ts';
import { fixed, sceneFiles } from './write.ts';

it.each([
  ['frame,x,y\n1,2,3', /no column "id"/],
  ['id,frame,x,y\n1,0,1.0,2.0\n1,1,oops,2.0', /walk\.csv:3: x is "oops"/],
  ['id,frame,x,y\n1,0,1.0', /walk\.csv:2: y is ""/],
  ['id,frame,x,y\n1,0.5,1.0,1.0', /whole numbers/],
  ['id,frame,x,y\n1,0,1,1\n1,0,2,2', /twice in frame 0/],
])('refuses %j', (text, reason) => {
  expect(() => parseTrajectoryCsv(text, 'walk.csv', 10)).toThrow(reason);
});

it('reads columns in any order, with further columns, any order of rows and Windows line ends', () => {
  const t = parseTrajectoryCsv('\uFEFFy,x,frame,id,z\r\n2,1,1,7,0\r\n4,3,0,7,0\r\n', 'walk.csv', 10);
  expect([...t.frame]).toEqual([0, 1]);
  expect([...t.x]).toEqual([3, 1]);
  expect([...t.y]).toEqual([4, 2]);
});

it('prints ties to even, keeps the sign of zero, and leaves unknown empty', () => {
  expect(fixed(0.0078125, 6)).toBe('0.007812'); // 1/128, an exact tie
  expect(fixed(0.0234375, 6)).toBe('0.023438'); // 3/128
  expect(fixed(-0.0078125, 6)).toBe('-0.007812');
  expect(fixed(0.0000005, 6)).toBe('0.000000'); // no tie: the double is a hair below
  expect(fixed(1 / 3, 6)).toBe('0.333333');
  expect(fixed(-0, 4)).toBe('-0.0000');
  expect(fixed(Number.NaN, 6)).toBe('');
});

it('writes frames without persons as zeros, a one-row track without speed, and the same bytes twice', () => {
  const scene = parseScene({
    name: 'two',
    frame_rate: 10,
    walkable: 'POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))',
    area: 'POLYGON ((0 0, 5 0, 5 10, 0 10, 0 0))',
    line: [
      [5, 0],
      [5, 10],
    ],
    speed_frame_step: 1,
  });
  const t = parseTrajectoryCsv('id,frame,x,y\n1,3,2,5\n2,6,8,5\n', 'walk.csv', 10);
  const files = sceneFiles(t, scene, measureScene(t, scene));
  const text = (name: string): string => gunzipSync(files.get(name)!).toString();
  expect(text('classic_density.csv.gz')).toBe(
    'frame,density\n3,0.020000\n4,0.000000\n5,0.000000\n6,0.000000\n',
  );
  // one person owns the whole floor: half of it lies in the area
  expect(text('voronoi_density.csv.gz')).toBe(
    'frame,density\n3,0.010000\n4,0.000000\n5,0.000000\n6,0.010000\n',
  );
  expect(text('mean_speed.csv.gz')).toBe('frame,speed\n3,\n4,0.000000\n5,0.000000\n6,0.000000\n');
  expect(text('individual_speed.csv.gz')).toBe('id,frame,speed,v_x,v_y\n1,3,,,\n2,6,,,\n');
  expect(text('n_t.csv.gz')).toContain('\n6,0,0.600000\n');
  expect(sceneFiles(t, scene, measureScene(t, scene))).toEqual(files);
});

it('says which key of a scene is wrong', () => {
  expect(() => parseScene({ frame_rate: 10 })).toThrow(/walkable/);
  expect(() =>
    parseScene({
      frame_rate: 10,
      walkable: 'POLYGON ((0 0, 1 1, 2 2))',
      area: 'POLYGON ((0 0, 5 0, 5 10))',
      line: [
        [0, 0],
        [1, 0],
      ],
      speed_frame_step: 1,
    }),
  ).toThrow(/walkable: .*no area/);
});

const obsmat = recording('eth_ucy', 'zara01', 'obsmat.txt.gz');
const reference = recording('pedpy_oracle', 'ucy_zara01', 'trajectory_m.csv.gz');
it.skipIf(!obsmat || !reference)('reads video frame numbers onto the frames of the scene', async () => {
  const video = await readForScene(obsmat!, 2.5);
  const scene = await readForScene(reference!, 2.5);
  expect(video.id).toEqual(scene.id);
  expect(video.frame).toEqual(scene.frame);
  expect(Math.max(...video.x.map((x, i) => Math.abs(x - scene.x[i])))).toBeLessThan(5.1e-5);
  await expect(readForScene(obsmat!, 10)).rejects.toThrow(/but the scene says 10/);
});

const laboratory = recording('jpsreport_bottleneck', 'traj.txt.gz');
it.skipIf(!laboratory)(
  'reads a recording that says its own unit and rate, and holds the scene to it',
  async () => {
    const t = await readForScene(laboratory!, 16);
    expect([t.id[0], t.frame[0], t.x[0], t.y[0]]).toEqual([1, 0, -1.8891, -3.7952]);
    await expect(readForScene(laboratory!, 25)).rejects.toThrow(/has 16 frames per second/);
  },
);
