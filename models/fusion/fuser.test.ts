// What fusing views promises: one person once whatever the number of views, never two of one camera in one, the same result
// in any order, through a restart, and ids that stay.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FusionError, type View, ViewFuser } from './index.ts';

type Person = { x: number; y: number; vx?: number; vy?: number; id: number };
const view = (camera: number, epochMs: number, persons: readonly Person[]): View => ({
  camera,
  epochMs,
  count: persons.length,
  ids: persons.map((p) => p.id),
  x: persons.map((p) => p.x),
  y: persons.map((p) => p.y),
  vx: persons.map((p) => p.vx ?? Number.NaN),
  vy: persons.map((p) => p.vy ?? Number.NaN),
});
const fuser = (
  cameras: number,
  sigma = 0.2,
  covers: (x: number) => number[] = () => [...Array(cameras).keys()],
) => new ViewFuser({ sigmaM: Array<number>(cameras).fill(sigma), covering: covers });
const live = (n: number) => Array<boolean>(n).fill(true);

const person = fc.record({
  x: fc.double({ min: 0, max: 8, noNaN: true }),
  y: fc.double({ min: 0, max: 8, noNaN: true }),
  id: fc.integer({ min: 1, max: 40 }),
});
const frame = fc.uniqueArray(person, { selector: (p) => p.id, maxLength: 12 });
const steps = fc.array(fc.array(frame, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 6 });

describe('fused views', () => {
  it('counts at least the persons of any one camera and at most the sum, with ids of their own', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const fused = fuser(3);
        all.forEach((frames, k) => {
          const epochMs = 1000 + 5000 * k; // apart: nothing is remembered from the step before
          const { count, ids } = fused.step(
            epochMs,
            frames.map((f, c) => view(c, epochMs, f)),
            live(3),
          );
          expect(count).toBeGreaterThanOrEqual(Math.max(...frames.map((f) => f.length)));
          expect(count).toBeLessThanOrEqual(frames.reduce((sum, f) => sum + f.length, 0));
          expect(new Set(ids).size).toBe(count);
        });
      }),
    );
  });

  it('gives the same in any order of views and detections, and through a snapshot at any step', () => {
    fc.assert(
      fc.property(steps, fc.integer(), fc.nat(6), (all, salt, cut) => {
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((value, i) => [Math.imul(i + 1, salt | 1) >>> 0, value] as const)
            .sort((a, b) => a[0] - b[0])
            .map(([, value]) => value);
        const straight = fuser(3);
        let other = fuser(3);
        all.forEach((frames, k) => {
          const epochMs = 1000 + 500 * k;
          if (k === cut) {
            const next = fuser(3);
            next.restore(other.snapshot());
            other = next;
          }
          const one = straight.step(
            epochMs,
            frames.map((f, c) => view(c, epochMs, f)),
            live(3),
          );
          const two = other.step(
            epochMs,
            shuffle(frames.map((f, c) => view(c, epochMs, shuffle(f)))),
            live(3),
          );
          expect(two).toEqual(one);
        });
        expect(other.snapshot()).toEqual(straight.snapshot());
      }),
    );
  });

  it('keeps one person one person through three views, a miss in every view in turn, and a hand-over', () => {
    // Camera 0 sees x < 12, 1 all, 2 x > 8: the person walks through.
    const fused = fuser(3, 0.2, (x) => [...(x < 12 ? [0] : []), 1, ...(x > 8 ? [2] : [])]);
    const ids = new Set<number>();
    for (let k = 0; k < 30; k++) {
      const epochMs = 1000 + 500 * k;
      const x = 2 + 0.6 * k;
      const covered = [x < 12, true, x > 8];
      const views = [0, 1, 2].map((c) => {
        const missed = k % 3 === c;
        return view(
          c,
          epochMs,
          covered[c] && !missed ? [{ x: x + 0.05 * (c - 1), y: 5, vx: 1.2, vy: 0, id: 7 + c }] : [],
        );
      });
      const out = fused.step(epochMs, views, live(3));
      expect([k, out.count]).toEqual([k, 1]);
      expect(out.x[0]).toBeCloseTo(x, 0.5);
      ids.add(out.ids[0]);
    }
    expect([...ids]).toEqual([1]);
  });

  it('keeps two who stand side by side two, in three views that each miss one of them at times', () => {
    const fused = fuser(3);
    for (let k = 0; k < 20; k++) {
      const epochMs = 1000 + 500 * k;
      const pair = [
        { x: 5, y: 5, id: 1 },
        { x: 5.5, y: 5, id: 2 },
      ];
      const views = [0, 1, 2].map((c) =>
        view(
          c,
          epochMs,
          pair.filter((_, i) => (k + c) % 4 !== 3 * i),
        ),
      );
      const out = fused.step(epochMs, views, live(3));
      if (k > 0) expect([k, out.count]).toEqual([k, 2]);
    }
  });

  it('keeps two on either side of a seam two, and one on the seam one', () => {
    // Camera 0 sees x < 10.5, camera 1 x > 9.5; with 0.4 m of deviation 1.8 m are within the gate.
    const covers = (x: number) => [...(x < 10.5 ? [0] : []), ...(x > 9.5 ? [1] : [])];
    const seam = fuser(2, 0.4, covers);
    const ids = new Set<number>();
    for (let k = 0; k < 10; k++) {
      const epochMs = 1000 + 500 * k;
      const views = [
        view(0, epochMs, [
          { x: 9.1, y: 5, id: 1 },
          { x: 10.2, y: 1, id: 2 },
        ]),
        view(1, epochMs, [
          { x: 10.9, y: 5, id: 1 },
          { x: 9.8, y: 1, id: 2 },
        ]),
      ];
      const out = seam.step(epochMs, views, live(2));
      expect([k, out.count]).toEqual([k, 3]);
      for (const id of out.ids) ids.add(id);
    }
    expect(ids.size).toBe(3);
  });

  it('leaves the id with who walks out of one view into the next, though somebody new comes in there', () => {
    const covers = (x: number) => [...(x < 10.5 ? [0] : []), ...(x > 9.5 ? [1] : [])];
    const fused = fuser(2, 0.2, covers);
    const idsOf = new Map<string, Set<number>>();
    for (let k = 0; k < 24; k++) {
      const epochMs = 1000 + 500 * k;
      const there = { x: 6 + 0.6 * k, y: 5, vx: 1.2, vy: 0 };
      const back = { x: 16 - 0.6 * k, y: 5.9, vx: -1.2, vy: 0 };
      const seen = (c: number) =>
        [
          { ...there, id: 1 },
          { ...back, id: 2 },
        ].filter(({ x }) => covers(x).includes(c));
      const out = fused.step(epochMs, [view(0, epochMs, seen(0)), view(1, epochMs, seen(1))], live(2));
      expect([k, out.count]).toEqual([k, 2]);
      out.ids.forEach((id, i) => {
        const who = out.y[i] < 5.45 ? 'there' : 'back';
        idsOf.set(who, (idsOf.get(who) ?? new Set()).add(id));
      });
    }
    expect([...idsOf.values()].map(({ size }) => size)).toEqual([1, 1]);
  });

  it('estimates how far cameras err from persons whom two of them see, and keeps what it was given', () => {
    let state = 7;
    const chance = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    // A sum of twelve is normal enough, of deviation 1.
    const normal = (): number => Array.from({ length: 12 }, chance).reduce((a, b) => a + b, -6);
    const fused = new ViewFuser({ sigmaM: [undefined, undefined, 0.3], covering: () => [0, 1] });
    expect(fused.sigmaM(0)).toBeCloseTo(0.25, 12);
    for (let k = 0; k < 40; k++) {
      const epochMs = 1000 + 500 * k;
      const noisy = () =>
        Array.from({ length: 100 }, (_, i) => ({
          x: 3 * (i % 10) + 0.1 * normal(),
          y: 3 * Math.floor(i / 10) + 0.1 * normal(),
          id: i + 1,
        }));
      fused.step(epochMs, [view(0, epochMs, noisy()), view(1, epochMs, noisy())], live(3));
    }
    // 1.3 times as large, by intention; the default of before weighs as 200 of the pairs of 39 steps.
    const expected = Math.sqrt((200 * 0.25 ** 2 + 3_900 * 0.13 ** 2) / 4_100);
    for (const camera of [0, 1]) expect(fused.sigmaM(camera) / expected).toBeCloseTo(1, 1);
    expect(fused.sigmaM(2)).toBe(0.3);
  });

  it('forgets whom nobody sees after the coasting time, and at once where no live camera covers the place', () => {
    const at = (k: number) => 1000 + 500 * k;
    const fused = fuser(1);
    expect(fused.step(at(0), [view(0, at(0), [{ x: 1, y: 1, id: 1 }])], live(1)).count).toBe(1);
    expect([1, 2, 3].map((k) => fused.step(at(k), [view(0, at(k), [])], live(1)).count)).toEqual([1, 1, 0]);
    const dead = fuser(1);
    dead.step(at(0), [view(0, at(0), [{ x: 1, y: 1, id: 1 }])], live(1));
    expect(dead.step(at(1), [], [false]).count).toBe(0);
  });

  it('estimates miss rates from gaps, and with them the persons that k views miss: p^k', () => {
    const fused = fuser(2);
    let state = 1;
    const chance = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const persons = Array.from({ length: 400 }, (_, i) => ({
      x: 2 * (i % 20),
      y: 2 * Math.floor(i / 20),
      id: i + 1,
    }));
    let out = fused.step(500, [], live(2));
    for (let k = 1; k < 40; k++) {
      const epochMs = 500 + 500 * k;
      out = fused.step(
        epochMs,
        [0, 1].map((c) =>
          view(
            c,
            epochMs,
            persons.filter(() => chance() > 0.2),
          ),
        ),
        live(2),
      );
    }
    expect(fused.missRate(0)).toBeCloseTo(0.2, 1);
    const q = fused.missRate(0) * fused.missRate(1);
    expect(out.missed[0]).toBeCloseTo(q / (1 - q), 9);
    expect(out.count).toBeGreaterThanOrEqual(398);
    expect(out.count).toBeLessThanOrEqual(400);
  });

  it('refuses what cannot be', () => {
    const fused = fuser(2);
    fused.step(1000, [], live(2));
    expect(() => fused.step(1000, [], live(2))).toThrow(FusionError);
    expect(() => fused.step(2000, [view(0, 2000, []), view(0, 2000, [])], live(2))).toThrow(FusionError);
    expect(() => fuser(1, 0)).toThrow(FusionError);
    expect(() => fuser(3).restore(fuser(2).snapshot())).toThrow(FusionError);
    expect(() => fused.restore(fused.snapshot().subarray(1))).toThrow(FusionError);
  });
});
