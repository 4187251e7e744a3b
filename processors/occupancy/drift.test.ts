// Drift of gates against zone counts: the gate that counts a tenth too many is named, through the results of the ledger itself.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { counterKind, densityKind, driftKind, gateKind, occupancyKind } from '#streams/schema/registry.ts';
import { countedZones, type DriftInput, driftPartition } from './drift.ts';
import { gatesPartition, occupancyPartition } from './index.ts';

const venue = parseVenue(
  readFileSync(new URL('../../venues/harbour-stadium.geojson', import.meta.url), 'utf8'),
);
const START = 1_700_000_000_000 - (1_700_000_000_000 % 60_000);

// Polygon clipping of the whole stadium takes a second: once.
const watched = countedZones(venue);

function run(minutes: number, unknownAt = -1, cut = -1) {
  const zones = watched.slice(0, 2);
  const gates = gatesPartition(venue);
  const ledger = occupancyPartition(venue);
  let drift = driftPartition(venue, zones);
  let state = 7;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  let real = 0;
  const outputs = [];
  for (let k = 1; k <= minutes; k++) {
    const epochMs = START + 60_000 * k;
    const inputs: DriftInput[] = [];
    venue.gates.forEach(({ id }, g) => {
      const through = Math.floor(80 * random());
      real += through;
      const counted = g === 1 ? Math.round(1.1 * through) : through;
      const reading = {
        epochMs: epochMs - 1,
        at: id,
        mode: 'delta',
        in: counted,
        out: 0,
        sinceMs: epochMs - 60_000,
      } as const;
      const [message] = gates.onBatch([{ kind: 'counts', event: reading }]);
      for (const { subject, payload } of ledger.onBatch([counterKind.codec.decode(message!.payload)])) {
        inputs.push(
          subject.startsWith('win.gate.')
            ? gateKind.codec.decode(payload)
            : occupancyKind.codec.decode(payload),
        );
      }
    });
    zones.forEach((key, i) => {
      const mean = i === 0 ? real / 2 + 2 * random() : real / 2;
      const count = k === unknownAt ? null : { mean, max: mean };
      inputs.push({ ...densityKind.example, key, start: epochMs - 5_000, end: epochMs, revision: 0, count });
    });
    if (k === cut) {
      const next = driftPartition(venue, zones);
      next.restore(drift.snapshot());
      drift = next;
    }
    outputs.push(...drift.onBatch(inputs));
  }
  return { results: outputs.map(({ payload }) => driftKind.codec.decode(payload)), real };
}

it('names the gate that counts a tenth too many, and by how much', () => {
  const { results } = run(40);
  expect(results.length).toBe(40);
  const last = results.at(-1)!;
  expect(last.culprit).toMatchObject({ device: venue.gates[1].id, direction: 'in' });
  expect(last.culprit!.share).toBeCloseTo(0.1 / 1.1, 1);
  expect(last.residual).toBeCloseTo(last.gates - last.zones, 6);
  expect(last.perHour).toBeGreaterThan(0);
});

it('strikes no balance of a minute that is not known, and goes on alike through a restart', () => {
  expect(run(10, 4).results.length).toBe(9);
  expect(run(20, -1, 12).results).toEqual(run(20).results);
});

it('counts no floor twice', () => {
  const zones = watched;
  expect(zones.length).toBeGreaterThan(10);
  expect(new Set(zones).size).toBe(zones.length);
});
