// Observations against ground truth: within the stated noise, and with the faults that were asked for, no others.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pointInPolygon } from '#models/geometry/polygon.ts';
import { parseVenue } from '#models/venue/index.ts';
import { decodeTracks, encodeTracks } from '#streams/schema/tracks.ts';
import { parseObservationSubject } from '#streams/subjects.ts';
import {
  countBounds,
  NO_NOISE,
  type ObservationOptions,
  type Outgoing,
  publishObservations,
  simulateObservations,
  TruthLog,
} from './index.ts';

const venue = parseVenue(
  readFileSync(new URL('../../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
);
const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-simulator-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const startMs = 1_800_000_000_000;
const base = { venue, startMs, seed: 1, attendance: 3000, present: 1500, speed: Infinity, durationS: 5 };

async function collect(options: Partial<ObservationOptions> = {}) {
  const run = simulateObservations({ ...base, ...options });
  const messages: Outgoing[] = [];
  for await (const m of run) messages.push(m);
  return { run, messages };
}

/** Persons that the frames of one instant put into each zone. */
function zoneCounts(messages: readonly Outgoing[], epochMs: number): Map<string, number> {
  const counts = new Map(venue.zones.map((z) => [z.id, 0]));
  for (const { frame } of messages) {
    if (frame.epochMs !== epochMs) continue;
    for (let k = 0; k < frame.count; k++) {
      for (const z of venue.zones) {
        if (z.level === frame.level && pointInPolygon(z.area, frame.x[k]!, frame.y[k]!)) {
          counts.set(z.id, counts.get(z.id)! + 1);
        }
      }
    }
  }
  return counts;
}

test('perfect cameras: every zone count of every tick equals the ground truth, nobody counted twice', async () => {
  const { run, messages } = await collect({ noise: NO_NOISE, durationS: 2 });
  const ticks = run.truth.all();
  expect(ticks.map((t) => t.epochMs - startMs)).toEqual([0, 500, 1000, 1500]);
  for (const tick of ticks) {
    const seen = zoneCounts(messages, tick.epochMs);
    // Columns are f32: a person within a micrometre of an edge may fall on its other side.
    for (const [id, { count }] of Object.entries(tick.zones)) {
      expect(Math.abs(seen.get(id)! - count), `${id} at ${tick.epochMs}`).toBeLessThanOrEqual(0);
    }
  }
});

test('noisy cameras: counts of all zones together lie within four sigma of the binomial of the misses', async () => {
  const { run, messages } = await collect({ noise: { duplicateRate: 0 } });
  for (const tick of run.truth.all()) {
    const onFloors = tick.present - tick.inStairs;
    const seen = messages.reduce((n, { frame }) => n + (frame.epochMs === tick.epochMs ? frame.count : 0), 0);
    const { low, high } = countBounds(onFloors, run.noise);
    expect(seen).toBeGreaterThanOrEqual(low);
    expect(seen).toBeLessThanOrEqual(high);
  }
});

test('position error has the stated deviation; tracks keep their id in a view; velocities are finite differences', async () => {
  const { messages } = await collect({ noise: { missRate: 0 } });
  const { messages: exact } = await collect({ noise: { ...NO_NOISE } });
  const exactBy = new Map(exact.map((m) => [`${m.subject} ${m.frame.epochMs}`, m.frame]));
  let sum = 0;
  let n = 0;
  const last = new Map<string, { x: number; y: number; t: number }>();
  const inOrder = messages
    .filter((m, i) => messages.findIndex((o) => o.frame === m.frame) === i)
    .sort((a, b) => a.frame.epochMs - b.frame.epochMs);
  for (const { subject, frame } of inOrder) {
    const truth = exactBy.get(`${subject} ${frame.epochMs}`);
    if (frame.clock || truth === undefined) continue;
    expect(truth.count).toBe(frame.count);
    expect(new Set(frame.ids).size).toBe(frame.count);
    for (let k = 0; k < frame.count; k++) {
      sum += (frame.x[k]! - truth.x[k]!) ** 2 + (frame.y[k]! - truth.y[k]!) ** 2;
      n += 2;
      expect(frame.ids[k]).toBe(truth.ids[k]);
      const key = `${subject} ${frame.ids[k]}`;
      const was = last.get(key);
      if (was === undefined) expect(frame.vx[k]).toBeNaN();
      else expect(frame.vx[k]).toBeCloseTo(((frame.x[k]! - was.x) * 1000) / (frame.epochMs - was.t), 2);
      last.set(key, { x: frame.x[k]!, y: frame.y[k]!, t: frame.epochMs });
    }
  }
  expect(Math.sqrt(sum / n)).toBeCloseTo(0.15, 2);
});

test('the same options give the same bytes; order of sending never goes back', async () => {
  const [a, b] = [await collect(), await collect()];
  expect(a.messages.map((m) => m.sendAtMs)).toEqual(b.messages.map((m) => m.sendAtMs));
  for (const [i, m] of a.messages.entries()) {
    expect(encodeTracks(m.frame)).toEqual(encodeTracks(b.messages[i]!.frame));
  }
  for (let i = 1; i < a.messages.length; i++) {
    expect(a.messages[i]!.sendAtMs).toBeGreaterThanOrEqual(a.messages[i - 1]!.sendAtMs);
  }
});

describe('delivery', () => {
  test('a clock frame each second, every camera at its rate, all decodable', async () => {
    const { messages } = await collect({ noise: NO_NOISE });
    const by = new Map<string, number>();
    for (const { subject, frame } of messages) {
      const { source, org, venue: place } = parseObservationSubject(subject);
      expect([org, place]).toEqual([venue.org, venue.id]);
      by.set(source, (by.get(source) ?? 0) + 1);
      expect(decodeTracks(encodeTracks(frame)).clock).toBe(source === 'clock');
    }
    expect(by.get('clock')).toBe(5);
    for (const c of venue.cameras) expect(by.get(c.id)).toBe(5 * c.framesPerSecond);
  });

  test('late, swapped and doubled frames come as often as asked', async () => {
    const noise = { duplicateRate: 0.2, lateRate: 0.1, reorderRate: 0.1 };
    const { messages } = await collect({ durationS: 20, attendance: 200, present: 100, noise });
    const unique = new Set(messages.map((m) => m.frame));
    const cameras = [...unique].filter((f) => !f.clock).length;
    const within = (n: number, p: number) => {
      expect(Math.abs(n - p * cameras)).toBeLessThan(4 * Math.sqrt(cameras * p * (1 - p)));
    };
    within(messages.length - unique.size, 0.2);
    within(
      messages
        .filter((m, i) => messages.indexOf(messages.find((o) => o.frame === m.frame)!) === i)
        .filter((m) => m.sendAtMs - m.frame.epochMs > 125).length,
      0.2,
    );
  });

  test('a dead camera is silent from its time on, and only that one', async () => {
    const incidents = [{ kind: 'dead-camera', camera: 'cam-gate-n', atS: 2, forS: 60 } as const];
    const { messages } = await collect({ incidents, noise: NO_NOISE });
    const of = (id: string) => messages.filter((m) => m.subject.endsWith(`.${id}`));
    expect(of('cam-gate-n').every((m) => m.frame.epochMs < startMs + 2000)).toBe(true);
    expect(of('cam-gate-n')).toHaveLength(4);
    expect(of('cam-gate-s')).toHaveLength(10);
  });

  test('where every camera reports, places seen twice are reported twice', async () => {
    const count = (ms: readonly Outgoing[]) => ms.reduce((n, m) => n + m.frame.count, 0);
    const once = await collect({ noise: NO_NOISE });
    const all = await collect({ noise: NO_NOISE, reportedBy: 'every' });
    expect(count(all.messages)).toBeGreaterThan(1.02 * count(once.messages));
  });

  test('messages are paced by the clock and the speed; the signal ends the run', async () => {
    let now = 5_000_000;
    const slept: number[] = [];
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        slept.push(ms);
        now += ms;
      },
    };
    const stop = new AbortController();
    const run = simulateObservations({
      ...base,
      noise: NO_NOISE,
      speed: 10,
      durationS: 1e6,
      clock,
      signal: stop.signal,
    });
    let last = 0;
    for await (const m of run) {
      expect(now - 5_000_000).toBeGreaterThanOrEqual((m.sendAtMs - startMs) / 10 - 1);
      last = m.sendAtMs;
      if (last - startMs >= 3000) stop.abort();
    }
    expect(slept.reduce((a, b) => a + b, 0)).toBeLessThan(400);
    expect(last).toBeLessThan(startMs + 4000);
  });

  test('publishing waits for the publisher; the truth file has one line a tick', async () => {
    const file = path.join(folder, 'truth.jsonl');
    const truth = new TruthLog(2, file);
    const run = simulateObservations({ ...base, durationS: 3, truth });
    let open = 0;
    const ids = new Set<string>();
    const figures = await publishObservations(run, async (subject, payload, id) => {
      expect(open++).toBe(0);
      await Promise.resolve();
      open--;
      ids.add(id);
      expect(payload.byteLength).toBeGreaterThan(0);
      expect(id.startsWith(subject)).toBe(true);
    });
    truth.close();
    expect(figures.messages).toBeGreaterThanOrEqual(ids.size);
    const lines = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(lines.map((l) => l.epochMs - startMs)).toEqual([0, 500, 1000, 1500, 2000, 2500]);
    expect(lines[5]).toEqual(JSON.parse(JSON.stringify(truth.at(startMs + 2500))));
    expect(truth.at(startMs)).toBeUndefined();
  });
});
