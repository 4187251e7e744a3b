// The gates of the demo stadium, counted from noisy simulated tracks, against the true change of persons behind them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { flowPartition } from '#processors/flow/index.ts';
import { flowKind } from '#streams/schema/registry.ts';
import { encodeTracks } from '#streams/schema/tracks.ts';
import { simulateObservations } from '#streams/sources/simulator/index.ts';
import { CLOCK_SOURCE, parseObservationSubject } from '#streams/subjects.ts';

const START_MS = 1_700_000_000_000;
const FROM_MS = START_MS + 5_000;
const file = path.join(import.meta.dirname, '../../venues/harbour-stadium.geojson');

it('agrees within 5 % with who got in', { timeout: 120_000 }, async () => {
  const venue = parseVenue(JSON.parse(readFileSync(file, 'utf8')));
  const sources = new Map([...venue.cameras.map(({ id }) => id), CLOCK_SOURCE].map((id, k) => [id, k]));
  const partition = flowPartition(venue);
  const clock = { now: () => START_MS, sleep: () => Promise.resolve() };
  const run = simulateObservations({
    venue,
    seed: 1,
    startMs: START_MS,
    durationS: 50,
    speed: Number.POSITIVE_INFINITY,
    clock,
  });
  const gates = new Map(venue.gates.map(({ id }) => [`win.flow-now.${venue.org}.${venue.id}.${id}`, id]));
  let [entered, left, lastEnd] = [0, 0, 0];
  for await (const { subject, frame } of run) {
    const source = sources.get(parseObservationSubject(subject).source)!;
    for (const output of partition.onBatch([{ source, payload: encodeTracks(frame) }])) {
      if (!gates.has(output.subject)) continue;
      const { count, start, end } = flowKind.codec.decode(output.payload);
      // The crowd as placed at the start has people in the gates; they settle within a few ticks.
      if (start < FROM_MS) continue;
      entered += count!.in;
      left += count!.out;
      lastEnd = end;
    }
  }
  const inside = (epochMs: number): number => {
    const { zones, inStairs } = run.truth.at(epochMs)!;
    const behind = Object.entries(zones).filter(([id]) => /^(concourse|stand|pitch)/.test(id));
    return behind.reduce((sum, [, { count }]) => sum + count, inStairs);
  };
  const truth = inside(lastEnd) - inside(FROM_MS);
  console.log(`gates: ${entered} in, ${left} out; ${truth} more persons inside`);
  expect(truth).toBeGreaterThan(200);
  expect(Math.abs(entered - left - truth) / truth).toBeLessThan(0.05);
});
