// The recordings themselves, against figures counted with other programs and against one another.
import { describe, expect, it } from 'vitest';
import { recording } from '#testing/shared-data.ts';
import { project, readHomography } from './homography.ts';
import { detectFormat, readTrajectories } from './read.ts';
import type { Trajectories } from './types.ts';

function figures(t: Trajectories) {
  const perFrame = new Map<number, number>();
  for (const frame of t.frames) perFrame.set(frame, (perFrame.get(frame) ?? 0) + 1);
  return {
    format: t.format,
    points: t.count,
    people: new Set(t.ids).size,
    frames: perFrame.size,
    first: t.frames[0],
    last: t.frames[t.count - 1],
    most: Math.max(...perFrame.values()),
    step: t.frameStep,
    fps: t.framesPerSecond,
  };
}

// Figures counted with another program (awk and Python over the raw text), not with this reader.
const recorded = [
  [
    'grand_central/grand_central.csv.gz',
    {},
    {
      format: 'grand-central',
      points: 456_410,
      people: 12_684,
      frames: 5741,
      first: 0,
      last: 120_000,
      most: 289,
      step: 20,
      fps: 25,
    },
  ],
  [
    'madras/topview_1A.csv.gz',
    {},
    {
      format: 'madras',
      points: 13_968,
      people: 85,
      frames: 297,
      first: 2,
      last: 298,
      most: 51,
      step: 1,
      fps: 30,
    },
  ],
  [
    'madras/topview_1B.csv.gz',
    {},
    {
      format: 'madras',
      points: 13_803,
      people: 87,
      frames: 297,
      first: 2,
      last: 298,
      most: 59,
      step: 1,
      fps: 30,
    },
  ],
  [
    'fzj_trajectories/040_c_56_h-.txt.gz',
    {},
    {
      format: 'text',
      points: 63_110,
      people: 75,
      frames: 1657,
      first: 0,
      last: 1656,
      most: 75,
      step: 1,
      fps: 25,
    },
  ],
  [
    'fzj_trajectories/uo-180-180-095.txt.gz',
    { framesPerSecond: 16, unit: 'cm' },
    {
      format: 'text',
      points: 72_484,
      people: 159,
      frames: 1589,
      first: 111,
      last: 1699,
      most: 73,
      step: 1,
      fps: 16,
    },
  ],
  [
    'jpsreport_bottleneck/traj.txt.gz',
    {},
    {
      format: 'text',
      points: 128_783,
      people: 348,
      frames: 959,
      first: 0,
      last: 958,
      most: 224,
      step: 1,
      fps: 16,
    },
  ],
  [
    'pedpy_oracle/eth_hotel/trajectory_m.csv.gz',
    { framesPerSecond: 2.5, unit: 'm' },
    {
      format: 'csv',
      points: 6544,
      people: 390,
      frames: 1168,
      first: 0,
      last: 1806,
      most: 18,
      step: 1,
      fps: 2.5,
    },
  ],
  [
    'eth_ucy/zara01/obsmat.txt.gz',
    {},
    {
      format: 'obsmat',
      points: 5024,
      people: 148,
      frames: 866,
      first: 1,
      last: 9011,
      most: 20,
      step: 10,
      fps: 25,
    },
  ],
  [
    'eth_ucy/seq_hotel/obsmat.txt.gz',
    {},
    {
      format: 'obsmat',
      points: 6544,
      people: 390,
      frames: 1168,
      first: 1,
      last: 18_061,
      most: 18,
      step: 10,
      fps: 25,
    },
  ],
  [
    'eth_ucy/seq_eth/obsmat.txt.gz',
    {},
    {
      format: 'obsmat',
      points: 8908,
      people: 360,
      frames: 1448,
      first: 780,
      last: 12_381,
      most: 27,
      step: 6,
      fps: 15,
    },
  ],
  [
    'mot_metrics/TUD-Stadtmitte/gt.txt',
    { framesPerSecond: 25, unit: 'm' },
    { format: 'mot', points: 1156, people: 10, frames: 179, first: 1, last: 179, most: 8, step: 1, fps: 25 },
  ],
  [
    'vtest/vtest_gt_open.csv',
    {},
    { format: 'vtest', points: 2396, people: 10, frames: 400, first: 0, last: 399, most: 8, step: 1, fps: 7 },
  ],
] as const;

describe('recordings', () => {
  for (const [name, options, expected] of recorded) {
    const file = recording(...name.split('/'));
    it.skipIf(!file)(`${name}: counts, frames, step and rate`, async () => {
      expect(figures(await readTrajectories(file!, options))).toEqual(expected);
    });
  }

  const hotel = recording('eth_ucy', 'seq_hotel', 'obsmat.txt.gz');
  const hotelPedpy = recording('pedpy_oracle', 'eth_hotel', 'trajectory_m.csv.gz');
  it.skipIf(!hotel || !hotelPedpy)('obsmat agrees with the same scene as PedPy wrote it', async () => {
    const ours = await readTrajectories(hotel!);
    const theirs = await readTrajectories(hotelPedpy!, { framesPerSecond: 2.5, unit: 'm' });
    expect(ours.count).toBe(theirs.count);
    for (let i = 0; i < ours.count; i++) {
      expect(ours.ids[i]).toBe(theirs.ids[i]);
      expect((ours.frames[i]! - 1) / 10).toBe(theirs.frames[i]);
      expect(Math.abs(ours.x[i]! - theirs.x[i]!)).toBeLessThan(1e-4);
      expect(Math.abs(ours.y[i]! - theirs.y[i]!)).toBeLessThan(1e-4);
    }
  });

  const station = recording('grand_central', 'grand_central.csv.gz');
  const stationH = recording('grand_central', 'H.json');
  it.skipIf(!station || !stationH)(
    "Grand Central's pixels through its homography are its metres",
    async () => {
      const homography = await readHomography(stationH!);
      // First data row of the file: pixel (525, 122) is (54.73, 49.00) m.
      const point = project(homography, 525, 122);
      expect(point.x).toBeCloseTo(54.73, 2);
      expect(point.y).toBeCloseTo(49.0, 2);
    },
  );

  const detections = recording('vtest', 'det.txt');
  it.skipIf(!detections)('public detections have no identity', async () => {
    const homography = [0.01, 0, 0, 0, 0.01, 0, 0, 0, 1] as const;
    const t = await readTrajectories(detections!, { homography, framesPerSecond: 7 });
    expect([t.count, t.identified]).toEqual([4359, false]);
    expect(await detectFormat(detections!)).toBe('mot');
  });
});
