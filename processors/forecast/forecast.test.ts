// Forecasts of a venue from its density windows: schema, unknown is not zero, cuts and restarts change no byte.
import { describe, expect, it } from 'vitest';
import type { Output } from '#processors/runtime/index.ts';
import { forecastMessage } from '#streams/schema/forecast.ts';
import { subjectMatches } from '#streams/topology.ts';
import { at, ticks, venueOfBoxes } from '../shared/fixtures/density-windows.ts';
import { forecastPartition, forecastProcessor } from './index.ts';

const venue = venueOfBoxes(['north', 'south'], ['north', 'south']);
const read = ({ payload }: Output) => forecastMessage.parse(JSON.parse(new TextDecoder().decode(payload)));
const bytes = (outputs: readonly Output[]): string =>
  JSON.stringify(outputs.map((o) => [o.subject, o.messageId, new TextDecoder().decode(o.payload)]));
/** North fills by one person in 10 s, south rests at 50. */
const filling = (seconds: number, from = 0) =>
  ticks(venue, from, seconds, (second, zone) => ({ count: zone === 0 ? second / 10 : 50, speed: 1 }));

describe('forecasts of a venue', () => {
  it('come each minute for every zone and the venue, with ordered bands, under declared subjects', () => {
    const outputs = forecastPartition(venue).onBatch(filling(1200));
    const { outputs: filters } = forecastProcessor(venue);
    for (const { subject } of outputs) expect(filters.some((f) => subjectMatches(f, subject))).toBe(true);
    expect(new Set(outputs.map(({ messageId }) => messageId)).size).toBe(20 * 3);
    for (const message of outputs.map(read)) {
      expect(message.bands.map(({ aheadMs }) => aheadMs / 60_000)).toEqual([5, 15, 30]);
      for (const { p10, p50, p90 } of message.bands) {
        expect(p10).toBeLessThanOrEqual(p50);
        expect(p50).toBeLessThanOrEqual(p90);
        expect(p10).toBeGreaterThanOrEqual(0);
      }
    }
    const last = read(outputs.at(-1)!);
    expect([last.key, last.end, last.thresholds]).toEqual(['venue', at(1200), []]);
    const north = read(outputs.at(-3)!);
    expect(last.value).toBeCloseTo(north.value! + 50, 9);
    // 120 persons on 100 m2 and rising: blue begins at 200, so it is ahead, and the levels come in order.
    expect(north.thresholds.map(({ level }) => level)).toEqual(['blue', 'yellow', 'orange', 'red']);
    for (const { earliest } of north.thresholds) if (earliest !== null) expect(earliest).toBeGreaterThan(0);
  });

  it('are of nothing when the zone is unknown, and of the venue neither; the other zone goes on', () => {
    const partition = forecastPartition(venue);
    partition.onBatch(filling(600));
    const messages = partition
      .onBatch(ticks(venue, 600, 60, (_, zone) => (zone === 0 ? 'dead' : { count: 50, speed: 1 })))
      .map(read);
    expect(messages.map(({ key, value, bands }) => [key, value, bands.length])).toEqual([
      ['north', null, 0],
      ['south', 50, 3],
      ['venue', null, 0],
    ]);
  });

  it('do not depend on how the input is cut, nor on restarts between', () => {
    const windows = filling(900);
    const whole = bytes(forecastPartition(venue).onBatch(windows));
    for (const size of [1, 7, 500]) {
      let partition = forecastPartition(venue);
      const outputs: Output[] = [];
      for (let from = 0; from < windows.length; from += size) {
        outputs.push(...partition.onBatch(windows.slice(from, from + size)));
        if (from % 3 !== 0 || size === 1) continue;
        const snapshot = partition.snapshot();
        partition = forecastPartition(venue);
        partition.restore(snapshot);
      }
      expect(bytes(outputs)).toBe(whole);
    }
  });
});
