// Flow against counts known by construction, and the promise that order, doubles, cuts and restarts change no byte.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowKind } from '#streams/schema/registry.ts';
import { emptyTrackFrame, encodeTracks } from '#streams/schema/tracks.ts';
import type { FlowWindow } from '#streams/schema/window.ts';
import { drawnWalkers, expectSameForAnyDelivery } from '../shared/fixtures/any-delivery.ts';
import {
  deliver,
  framesOf,
  messagesOf,
  runOut,
  START_MS,
  smallVenue,
  straight,
  type Walker,
} from '../shared/fixtures/small-venue.ts';
import type { TracksInput } from '../shared/input.ts';
import { FLOW_BOUNDS, flowLines, flowPartition } from './index.ts';

const venue = smallVenue();
const create = () => flowPartition(venue);
const run = (inputs: readonly TracksInput[]) => deliver(create, inputs);
const of = (outputs: ReturnType<typeof run>, metric: string, key: string): FlowWindow[] =>
  messagesOf(outputs, `win.${metric}.o.small.${key}`, flowKind.codec.decode);
const total = (windows: readonly FlowWindow[], way: 'in' | 'out') =>
  windows.reduce((sum, { count }) => sum + (count?.[way] ?? 0), 0);

describe('counts', () => {
  it('a->b points to +y: walking to +x is in, back is out, once each, whoever sees it', () => {
    const there = (id: number, y: number) => straight(id, { x: 5, y, vx: 1, vy: 0 });
    const back = (id: number, y: number) => straight(id, { x: 15, y, vx: -1, vy: 0 });
    const outputs = run([
      ...framesOf(venue, [there(1, 3), there(2, 5), there(3, 9), back(4, 7)], 12),
      ...runOut(venue, 12),
    ]);
    // person 3 passes beside the line; both cameras see x = 10, and the first of the list answers for it
    expect([
      total(of(outputs, 'flow-now', 'exit'), 'in'),
      total(of(outputs, 'flow-now', 'exit'), 'out'),
    ]).toEqual([2, 1]);
    expect(total(of(outputs, 'flow-now', 'gate'), 'in')).toBe(2);
  });

  it('a track that is lost for a frame is joined; one that changes its id is not', () => {
    const holed: Walker = {
      id: 1,
      at: (s) => (Math.abs(s - 1) < 0.1 ? undefined : straight(1, { x: 15.1, y: 5, vx: 1, vy: 0 }).at(s)),
    };
    const renamed = [
      straight(2, { x: 15, y: 3, vx: 1, vy: 0 }, 0, 0.9),
      straight(3, { x: 16.1, y: 3, vx: 1, vy: 0 }, 1.1, 3),
    ];
    const outputs = run([...framesOf(venue, [holed, ...renamed], 4), ...runOut(venue, 4)]);
    expect(total(of(outputs, 'flow-now', 'gate'), 'in')).toBe(1);
  });

  it('windows hold what happened in [start, end), flow is per second and per metre and minute', () => {
    // one person a second through the gate from second 5 on
    const walkers = Array.from({ length: 60 }, (_, i) =>
      straight(i + 1, { x: 15, y: 5, vx: 1, vy: 0 }, 4.1 + i, 6.5 + i),
    );
    const outputs = run([...framesOf(venue, walkers, 60), ...runOut(venue, 60)]);
    const at = (ms: number) => of(outputs, 'flow-30s', 'gate').find(({ end }) => end === START_MS + ms)!;
    const full = at(48_000);
    expect(full.end - full.start).toBe(30_000);
    expect(full.count).toEqual({ in: 30, out: 0 });
    expect(full.flow!.in).toBe(1);
    expect(full.specific!.in).toBeCloseTo(10, 12);
    expect([full.levelOfService, full.saturated, full.stopAndGo]).toEqual(['A', false, false]);
    expect(of(outputs, 'flow', 'gate')[0]!.saturated).toBeNull();
  });

  it('says saturated above 82 p/(m min) sustained, and stop-and-go when a packed exit gives way to few', () => {
    // 9 abreast each second over 6 m: 90 p/(m min)
    const stream = Array.from({ length: 60 * 9 }, (_, i) =>
      straight(
        i + 1,
        { x: 15, y: 2.3 + 0.6 * (i % 9), vx: 1, vy: 0 },
        Math.floor(i / 9),
        Math.floor(i / 9) + 2.5,
      ),
    );
    const busy = of(run([...framesOf(venue, stream, 60), ...runOut(venue, 60)]), 'flow-60s', 'gate');
    expect(busy.some(({ saturated }) => saturated === true)).toBe(true);
    // 4.2 persons per m2 standing on both sides
    const packed = Array.from({ length: 100 }, (_, i) =>
      straight(i + 1, { x: 14.2 + (i % 10) * 0.4, y: 2.2 + Math.floor(i / 10) * 0.6, vx: 0, vy: 0 }),
    );
    const stuck = of(run([...framesOf(venue, packed, 40), ...runOut(venue, 40)]), 'flow-30s', 'gate');
    const last = stuck.find(({ end }) => end === START_MS + 36_000)!;
    expect(last.density!.mean).toBeCloseTo(100 / 24, 6);
    expect([last.stopAndGo, last.saturated]).toEqual([true, false]);
  });

  it('is unknown, not zero, when nobody looks: a dead camera, a line without one', () => {
    const quiet = framesOf(venue, [], 20).filter(({ source }) => source !== 1);
    const outputs = run([...quiet, ...runOut(venue, 20)]);
    const gate = of(outputs, 'flow', 'gate').at(-1)!;
    expect(gate).toMatchObject({ count: null, flow: null, density: null, completeness: 0, silent: ['east'] });
    const exit = of(outputs, 'flow', 'exit').find(({ end }) => end === START_MS + 16_000)!;
    expect(exit).toMatchObject({ count: { in: 0, out: 0 }, completeness: 0.5, silent: ['east'] });

    const blind = { ...venue, cameras: venue.cameras.slice(0, 1) };
    const partition = flowPartition(blind);
    const some = [...framesOf(blind, [], 20), ...runOut(blind, 20)];
    const [first] = messagesOf(partition.onBatch(some), 'win.flow.o.small.gate', flowKind.codec.decode);
    expect(first).toMatchObject({ count: null, completeness: null });
    expect(partition.figures!()).toMatchObject({ lines_unseen: 1 });
  });

  it('does not count to and fro a person who stands on the line and trembles', () => {
    const trembling: Walker = { id: 1, at: (s) => ({ x: 16 + 0.2 * Math.sin(9 * s), y: 5, vx: 0, vy: 0 }) };
    const through: Walker = {
      id: 2,
      at: (s) => ({
        x: s < 3 ? 14 + s / 2 : s < 9 ? 15.9 + 0.2 * Math.sin(9 * s) : 16 + (s - 8.4) / 2,
        y: 3,
        vx: 0,
        vy: 0,
      }),
    };
    const frames = [...framesOf(venue, [trembling, through], 12), ...runOut(venue, 12)];
    const banded = of(run(frames), 'flow-now', 'gate');
    expect([total(banded, 'in'), total(banded, 'out')]).toEqual([1, 0]);
    const naive = of(
      deliver(() => flowPartition(venue, FLOW_BOUNDS, 0), frames),
      'flow-now',
      'gate',
    );
    expect(total(naive, 'out')).toBeGreaterThan(5);
  });

  it('lets the next camera answer for a line when the first is dead', () => {
    const walkers = [straight(1, { x: 5, y: 5, vx: 1, vy: 0 })];
    const blinded = framesOf(venue, walkers, 12).filter(({ source }) => source !== 0);
    const exit = of(run([...blinded, ...runOut(venue, 12)]), 'flow-now', 'exit');
    expect(total(exit, 'in')).toBe(1);
  });

  it('names a frame that comes after its tick has come out, and counts nothing of it', () => {
    const frames = framesOf(venue, [straight(1, { x: 5, y: 5, vx: 1, vy: 0 })], 12);
    const late = frames.splice(21, 1)[0]!;
    const outputs = run([...frames, late, late, ...runOut(venue, 12)]);
    const notices = outputs.filter(({ subject }) => subject.startsWith('late.flow.'));
    expect(notices).toHaveLength(1);
    expect(JSON.parse(new TextDecoder().decode(notices[0]!.payload))).toMatchObject({ reason: 'late' });
    expect(total(of(outputs, 'flow-now', 'exit'), 'in')).toBe(1);
  });
});

it('refuses two lines of one name', () => {
  const clash = { ...venue, gates: [...venue.gates, { ...venue.gates[0]!, id: 'exit' }] };
  expect(() => flowLines(clash)).toThrow(/two lines are called "exit"/);
});

const bounds = { vx: 2, startS: 6, forS: 8 };

it('gives the same bytes in any order within the bound, with doubles, however it is cut and restored', () => {
  expectSameForAnyDelivery({
    venue,
    create,
    walkers: drawnWalkers({ ...bounds, maxLength: 8 }),
    seconds: 10,
    disorderMs: FLOW_BOUNDS.disorderMs,
    numRuns: 25,
    // in order of their windows' ends too, which is what a reader of the stream relies on
    also: (lines) => {
      const ends = lines.map((line) => Number(line.split('|')[2]));
      expect(ends.every((end, i) => i === 0 || end >= ends[i - 1]!)).toBe(true);
    },
  });
});

it('counts what brute force counts', () => {
  fc.assert(
    fc.property(drawnWalkers({ ...bounds, minLength: 1, maxLength: 10 }), (walkers) => {
      const exact = () => flowPartition(venue, FLOW_BOUNDS, 0);
      const outputs = deliver(exact, [...framesOf(venue, walkers, 14), ...runOut(venue, 14)]);
      let [goneIn, goneOut] = [0, 0];
      for (const { at } of walkers) {
        for (let k = 1; k < 56; k++) {
          const [p, q] = [at((k - 1) / 4), at(k / 4)];
          if (!p || !q) continue;
          const [px, qx] = [Math.fround(p.x), Math.fround(q.x)];
          if (px < 10 === qx < 10) continue;
          const y = p.y + ((10 - p.x) / (q.x - p.x)) * (q.y - p.y);
          if (y <= 2.001 || y >= 7.999) return; // too near an end of the line for this arithmetic
          // west sees to x = 12 and answers for the line
          if (qx > 10 || (qx === 10 && px < 10)) goneIn++;
          else goneOut++;
        }
      }
      const now = of(outputs, 'flow-now', 'exit');
      expect([total(now, 'in'), total(now, 'out')]).toEqual([goneIn, goneOut]);
    }),
    { numRuns: 40 },
  );
});

it('begins with the tick of the first frame, however far the bounds reach back', () => {
  const outputs = run([...framesOf(venue, [], 4), ...runOut(venue, 4)]);
  const [first] = of(outputs, 'flow-now', 'gate');
  expect(first).toMatchObject({ start: START_MS, count: { in: 0, out: 0 } });
});

it('a frame of nobody is a frame', () => {
  const empty = encodeTracks(emptyTrackFrame({ epochMs: START_MS, level: 0, seq: 0 }, 0));
  expect(() => create().onBatch([{ source: 0, payload: empty }])).not.toThrow();
});
