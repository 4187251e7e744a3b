// Lines: the conventions by hand, antisymmetry and mass conservation as properties, recordings against live counting.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxPolygon, pointInPolygon, type Segment } from '#models/geometry/index.ts';
import {
  createTrajectories,
  crossingSign,
  cumulativeCrossings,
  firstCrossings,
  LineCounter,
  lineFlow,
} from './index.ts';

/** The line from (0,0) to (0,4), pointing up: its left is x < 0. */
const gate: Segment = { ax: 0, ay: 0, bx: 0, by: 4 };

function crossed(path: [number, number][], frames = path.map((_, k) => k)): number[] {
  const t = createTrajectories({
    id: path.map(() => 1),
    frame: frames,
    x: path.map((p) => p[0]),
    y: path.map((p) => p[1]),
    frameRate: 10,
  });
  return firstCrossings(t, gate).map((c) => c.frame);
}

describe('first crossings, as PedPy counts them', () => {
  it('at the frame that ends beyond the line', () =>
    expect(
      crossed([
        [1, 1],
        [0.5, 1],
        [-0.5, 1],
        [-1, 1],
      ]),
    ).toEqual([2]));
  it('once, at the frame that leaves the line, when a frame ends on it', () =>
    expect(
      crossed([
        [1, 1],
        [0, 1],
        [-1, 1],
        [-2, 1],
      ]),
    ).toEqual([2]));
  it('ends on the line within the tolerance', () =>
    expect(
      crossed([
        [1, 1],
        [-1e-6, 1],
        [-1, 1],
        [-2, 1],
      ]),
    ).toEqual([]));
  it('counts a person who touches the line and turns back', () =>
    expect(
      crossed([
        [1, 1],
        [0, 1],
        [1, 1],
        [2, 1],
      ]),
    ).toEqual([2]));
  it('counts only the first of several', () =>
    expect(
      crossed([
        [1, 1],
        [-1, 1],
        [1, 1],
        [-1, 1],
        [-2, 1],
      ]),
    ).toEqual([1]));
  it('does not count past the end of the line', () =>
    expect(
      crossed([
        [1, 5],
        [-1, 5],
        [-2, 5],
      ]),
    ).toEqual([]));
  it('counts over the very end of the line', () =>
    expect(
      crossed([
        [1, 4],
        [-1, 4],
        [-2, 4],
      ]),
    ).toEqual([1]));
  it('does not look at the movement into the last frame, nor across a gap', () => {
    expect(
      crossed([
        [2, 1],
        [1, 1],
        [-1, 1],
      ]),
    ).toEqual([]);
    expect(
      crossed(
        [
          [1, 1],
          [-1, 1],
          [-2, 1],
        ],
        [0, 2, 3],
      ),
    ).toEqual([]);
  });
  it('cumulates over all frames', () =>
    expect([
      ...cumulativeCrossings(
        [
          { id: 1, frame: 4 },
          { id: 2, frame: 4 },
          { id: 3, frame: 6 },
        ],
        3,
        7,
      ),
    ]).toEqual([0, 2, 2, 3, 3]));
});

const lattice = fc.integer({ min: -4, max: 4 });
const fine = fc.double({ min: -4, max: 4, noNaN: true });
const point = fc.oneof(fc.tuple(lattice, lattice), fc.tuple(fine, fine));

describe('signed crossings', () => {
  it('are +1 from the right of the line to its left', () => {
    expect(crossingSign(gate, 1, 1, -1, 1)).toBe(1);
    expect(crossingSign(gate, -1, 1, 1, 1)).toBe(-1);
    expect(crossingSign(gate, 1, 1, 2, 1)).toBe(0);
    expect(crossingSign(gate, 1, 9, -1, 9)).toBe(0);
  });

  it('flip when the movement is reversed', () => {
    fc.assert(
      fc.property(point, point, point, point, (a, b, p, q) => {
        fc.pre(a[0] !== b[0] || a[1] !== b[1]);
        const line: Segment = { ax: a[0], ay: a[1], bx: b[0], by: b[1] };
        const there = crossingSign(line, p[0], p[1], q[0], q[1]);
        expect(crossingSign(line, q[0], q[1], p[0], p[1]) + there).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('net to the change of side over any walk along an endless line, on-line stops included', () => {
    const endless: Segment = { ax: 0, ay: -100, bx: 0, by: 100 };
    fc.assert(
      fc.property(fc.array(point, { minLength: 2, maxLength: 40 }), (walk) => {
        let net = 0;
        for (let k = 1; k < walk.length; k++) net += crossingSign(endless, ...walk[k - 1], ...walk[k]);
        const left = ([x]: [number, number]): number => (x <= 0 ? 1 : 0);
        expect(net).toBe(left(walk[walk.length - 1]) - left(walk[0]));
      }),
      { numRuns: 1000 },
    );
  });

  it('conserve mass: net inflow over the four sides of a room is the change of its occupancy', () => {
    const room = boxPolygon({ minX: -2, minY: -2, maxX: 2, maxY: 2 });
    const r = room.exterior;
    const sides: Segment[] = [0, 2, 4, 6].map((k) => ({
      ax: r[k],
      ay: r[k + 1],
      bx: r[(k + 2) % 8],
      by: r[(k + 3) % 8],
    }));
    const generic = fc
      .double({ min: -4, max: 4, noNaN: true })
      .filter((v) => Math.abs(Math.abs(v) - 2) > 1e-9);
    const walks = fc.array(fc.array(fc.tuple(generic, generic), { minLength: 5, maxLength: 5 }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(walks, (people) => {
        const counter = new LineCounter(sides);
        const ids = people.map((_, i) => i);
        let net = 0;
        for (let f = 0; f < 5; f++) {
          const x = people.map((p) => p[f][0]);
          const y = people.map((p) => p[f][1]);
          for (const { direction } of counter.update(f / 10, ids, x, y)) net += direction;
        }
        const inside = (f: number): number =>
          people.filter((p) => pointInPolygon(room, p[f][0], p[f][1])).length;
        expect(net).toBe(inside(4) - inside(0));
      }),
      { numRuns: 500 },
    );
  });
});

describe('live counting', () => {
  it('joins a short gap, not a long one, and forgets who is gone', () => {
    const counter = new LineCounter([gate], { gap: 1 });
    counter.update(0, [1, 2], [1, 1], [1, 1]);
    expect(counter.update(0.9, [1], [-1], [1])).toEqual([{ line: 0, id: 1, direction: 1 }]);
    expect(counter.update(2, [2], [-1], [1])).toEqual([]);
  });
  it('refuses frames out of order and lines without length', () => {
    const counter = new LineCounter([gate]);
    counter.update(1, [], [], []);
    expect(() => counter.update(1, [], [], [])).toThrow(/comes after/);
    expect(() => new LineCounter([{ ax: 1, ay: 1, bx: 1, by: 1 }])).toThrow(/two different ends/);
  });
  it('flow is net persons over time, and per metre of line', () => {
    expect(lineFlow(30, 6, 10, gate)).toEqual({ forward: 30, backward: 6, net: 2.4, specific: 0.6 });
    expect(() => lineFlow(1, 0, 0, gate)).toThrow(/duration/);
  });
});
