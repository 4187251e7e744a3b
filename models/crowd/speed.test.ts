// Border rules of the individual speed on tracks small enough to reckon by hand.
import { describe, expect, it } from 'vitest';
import { parseWktPolygon } from '#models/geometry/index.ts';
import { createTrajectories, individualVelocities, meanSpeed, type SpeedBorder } from './index.ts';

/** One person at x = frame^2 on the given frames, 10 frames per second. */
function track(frames: number[]) {
  return createTrajectories({
    id: frames.map(() => 1),
    frame: frames,
    x: frames.map((f) => f * f),
    y: frames.map(() => 0),
    frameRate: 10,
  });
}

function speeds(frames: number[], step: number, border: SpeedBorder): number[] {
  return [...individualVelocities(track(frames), step, border).speed];
}

const none = Number.NaN;

describe('five frames, step 2: (x(f+2) - x(f-2)) / 0.4 s in the middle', () => {
  const frames = [0, 1, 2, 3, 4];
  it('exclude leaves the borders out', () =>
    expect(speeds(frames, 2, 'exclude')).toEqual([none, none, 40, none, none]));
  it('single-sided uses the present position there', () =>
    expect(speeds(frames, 2, 'single-sided')).toEqual([20, 40, 40, 40, 60]));
  it('adaptive shrinks the window to what is there', () =>
    expect(speeds(frames, 2, 'adaptive')).toEqual([none, 20, 40, 60, none]));
});

it('a track of one row has no speed under any rule', () => {
  for (const border of ['exclude', 'single-sided', 'adaptive'] as const)
    expect(speeds([7], 1, border)).toEqual([none]);
});

it('a track not longer than the step has none single-sided where neither side is there', () =>
  expect(speeds([0, 1, 2], 2, 'single-sided')).toEqual([20, none, 60 - 40]));

it('counts rows across a gap single-sided, frames when adaptive', () => {
  // rows at frames 0, 1, 5: the window of the middle row spans five frames
  expect(speeds([0, 1, 5], 1, 'single-sided')).toEqual([10, 50, 60]);
  expect(speeds([0, 1, 5], 1, 'adaptive')).toEqual([none, none, none]);
  expect(speeds([0, 1, 2, 5], 1, 'adaptive')).toEqual([none, 20, none, none]);
});

it('velocity has the sign of the motion and speed its length', () => {
  const t = createTrajectories({ id: [1, 1], frame: [0, 1], x: [3, 0], y: [0, -4], frameRate: 2 });
  const v = individualVelocities(t, 1, 'single-sided');
  expect([...v.vx]).toEqual([-6, -6]);
  expect([...v.vy]).toEqual([-8, -8]);
  expect([...v.speed]).toEqual([10, 10]);
});

it('refuses a frame step that is no whole number from 1', () =>
  expect(() => individualVelocities(track([0]), 0)).toThrow(/frame step/));

it('mean speed leaves unknown speeds and boundary persons out; nobody is 0, nobody known is NaN', () => {
  const area = parseWktPolygon('POLYGON ((0 0, 4 0, 4 4, 0 4))');
  expect(meanSpeed(area, [1, 2, 4, 9], [1, 1, 1, 1], [1, 3, 100, 100])).toBe(2);
  expect(meanSpeed(area, [1, 2], [1, 1], [none, 3])).toBe(3);
  expect(meanSpeed(area, [9], [9], [1])).toBe(0);
  expect(meanSpeed(area, [1], [1], [none])).toBeNaN();
});
