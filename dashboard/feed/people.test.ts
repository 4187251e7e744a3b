import { describe, expect, it } from 'vitest';
import { emptyTrackFrame, type TrackFrame } from '#streams/schema/tracks.ts';
import { PeopleMerger, SOURCE_TIMEOUT_MS } from './people.ts';

function frame(epochMs: number, at: readonly (readonly [number, number])[], level = 0): TrackFrame {
  const result = emptyTrackFrame({ epochMs, level, seq: 0 }, at.length);
  at.forEach(([x, y], i) => {
    result.x[i] = x;
    result.y[i] = y;
  });
  return result;
}

function drawn(merger: PeopleMerger): number[] {
  const { people } = merger.merge();
  return [...people.positions.subarray(0, 2 * people.count)];
}

describe('PeopleMerger', () => {
  it('draws the last frame of each source of its level', () => {
    const merger = new PeopleMerger(0);
    merger.put('a', frame(1000, [[1, 2]]));
    merger.put('a', frame(1100, [[3, 4]]));
    merger.put('b', frame(1050, [[5, 6]]));
    merger.put('c', frame(1100, [[7, 8]], 1));
    expect(drawn(merger)).toEqual([3, 4, 5, 6]);
  });

  it('forgets the people of a source that fell silent, and passes over late frames', () => {
    const merger = new PeopleMerger(0);
    merger.put('dead', frame(1000, [[1, 1]]));
    merger.put('live', frame(1000 + SOURCE_TIMEOUT_MS + 1, [[2, 2]]));
    merger.put('live', frame(1500, [[9, 9]]));
    expect(drawn(merger)).toEqual([2, 2]);
  });

  it('counts frames replaced before they were shown', () => {
    const merger = new PeopleMerger(0);
    merger.put('a', frame(1000, []));
    merger.put('a', frame(1100, []));
    merger.put('a', frame(1200, []));
    expect(merger.merge().superseded).toBe(2);
    merger.put('a', frame(1300, []));
    expect(merger.merge().superseded).toBe(0);
  });

  it('draws a person seen by two sources once', () => {
    const merger = new PeopleMerger(0, (source, x) => (x < 10 ? source === 'a' : source === 'b'));
    merger.put(
      'a',
      frame(1000, [
        [9, 0],
        [11, 0],
      ]),
    );
    merger.put(
      'b',
      frame(1000, [
        [9, 0],
        [11, 0],
      ]),
    );
    expect(drawn(merger)).toEqual([9, 0, 11, 0]);
  });

  it('starts again when a recording does', () => {
    const merger = new PeopleMerger(0);
    merger.put('a', frame(1_000_000, [[1, 1]]));
    merger.put('a', frame(2000, [[2, 2]]));
    expect(drawn(merger)).toEqual([2, 2]);
  });
});
