// Scores of a venue from its density windows: unknown is missing, cuts and restarts change no byte, late is passed over.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { type AnomalyResultMessage, anomalyResult } from '#streams/schema/anomaly.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { subjectMatches } from '#streams/topology.ts';
import { at, ticks, venueOfBoxes } from '../shared/fixtures/density-windows.ts';
import { anomalyPartition, anomalyProcessor } from './index.ts';

const ZONES = ['north', 'south', 'dark'];
const venue = venueOfBoxes(ZONES, ['north', 'south']);
const read = ({ payload }: Output): AnomalyResultMessage =>
  anomalyResult.parse(JSON.parse(new TextDecoder().decode(payload)));
const bytes = (outputs: readonly Output[]): string =>
  JSON.stringify(
    outputs.map((o) => [o.subject, o.messageId, new TextDecoder().decode(o.payload), o.headers]),
  );
/** Persons that vary as a crowd does, from the second alone. */
const persons = (second: number, zone: number): number =>
  40 + 20 * zone + 6 * Math.sin(second / 37 + zone) + 3 * Math.sin(second * 1.7 + zone);
const steady = (seconds: number, from = 0): DensityWindow[] =>
  ticks(venue, from, seconds, (second, zone) =>
    zone === 2 ? null : { count: persons(second, zone), speed: 1.1 + 0.1 * Math.sin(second / 11) },
  );

function inCuts(
  partition: Partition<DensityWindow>,
  windows: readonly DensityWindow[],
  cuts: readonly number[],
) {
  const outputs: Output[] = [];
  let from = 0;
  for (const cut of [...cuts, windows.length]) {
    outputs.push(...partition.onBatch(windows.slice(from, cut)));
    from = cut;
  }
  return outputs;
}

describe('anomaly scores of a venue', () => {
  it('come once per zone, series and 10 s, under their schema and declared subjects; a zone no camera sees has none', () => {
    const outputs = anomalyPartition(venue).onBatch(steady(60));
    const processor = anomalyProcessor(venue);
    for (const { subject } of outputs) {
      expect(processor.outputs.some((filter) => subjectMatches(filter, subject))).toBe(true);
      expect(processor.input.filters.some((filter) => subjectMatches(filter, subject))).toBe(false);
    }
    expect(new Set(outputs.map(({ messageId }) => messageId)).size).toBe(outputs.length);
    const messages = outputs.map(read);
    expect([...new Set(messages.map(({ end }) => end - at(0)))]).toEqual(
      [10, 20, 30, 40, 50, 60].map((s) => s * 1000),
    );
    expect([...new Set(messages.map(({ key }) => key))]).toEqual(['north', 'south', 'venue']);
    expect(messages.filter(({ end }) => end === at(10))).toHaveLength(2 * 3 + 1);
    // The value is the mean of the ten windows that end in the slot.
    const first = messages.find(({ metric, key }) => metric === 'count' && key === 'south')!;
    const mean = Array.from({ length: 10 }, (_, i) => persons(i + 1, 1)).reduce((a, b) => a + b) / 10;
    expect(first.value).toBeCloseTo(mean, 9);
    expect(first.reason.code).toBe('learning');
  });

  it('are ordinary for an ordinary crowd, and an alarm with its reason when a zone fills at once', () => {
    const partition = anomalyPartition(venue);
    const before = partition.onBatch(steady(1800)).map(read);
    expect(before.filter(({ alarm }) => alarm).length).toBeLessThanOrEqual(2);
    const after = partition
      .onBatch(
        ticks(venue, 1800, 120, (second, zone) =>
          zone === 2 ? null : { count: persons(second, zone) + (zone === 0 ? second - 1790 : 0), speed: 0.4 },
        ),
      )
      .map(read);
    const alarms = after.filter(({ alarm, metric, key }) => alarm && metric === 'count' && key === 'north');
    expect(alarms).toHaveLength(1);
    expect(alarms[0]!.end).toBeLessThanOrEqual(at(1830));
    expect(alarms[0]!.reason.observed).toBeGreaterThan(alarms[0]!.reason.expected!);
    expect(after.some(({ alarm, metric }) => alarm && metric === 'joint')).toBe(true);
  });

  it('take unknown for missing, never for empty: no drop, no emptying of the venue, and an alarm that says so', () => {
    const partition = anomalyPartition(venue);
    partition.onBatch(steady(1200));
    const dead = partition
      .onBatch(
        ticks(venue, 1200, 120, (second, zone) =>
          zone === 1 ? { count: persons(second, 1), speed: 1.1 } : zone === 0 ? 'dead' : null,
        ),
      )
      .map(read)
      .filter(({ end }) => end > at(1200));
    const north = dead.filter(({ key }) => key === 'north');
    const counts = north.filter(({ metric }) => metric === 'count');
    for (const { value, reason } of counts) expect([value, reason.code]).toEqual([null, 'missing']);
    expect(counts.filter(({ alarm }) => alarm)).toHaveLength(1);
    expect(
      north.some(({ metric, alarm, reason }) => metric === 'health' && alarm && reason.code === 'drop'),
    ).toBe(true);
    const joint = dead.filter(({ metric }) => metric === 'joint');
    expect(joint.filter(({ alarm, reason }) => alarm && reason.code === 'missing')).toHaveLength(1);
    for (const { value, reason } of joint) {
      expect(value).toBeNull();
      expect(['drop', 'level-down', 'low-for-time']).not.toContain(reason.code);
    }
  });

  it('an empty zone has no speed, which is nothing unusual', () => {
    const outputs = anomalyPartition(venue)
      .onBatch(ticks(venue, 0, 600, (_, zone) => (zone === 2 ? null : { count: 0, speed: null })))
      .map(read);
    const speeds = outputs.filter(({ metric }) => metric === 'speed');
    expect(speeds.length).toBeGreaterThan(0);
    for (const { score, reason } of speeds) expect([score, reason.code]).toEqual([0, 'too-few']);
  });

  it('do not depend on how the input is cut, nor on restarts between', () => {
    const windows = steady(600).map((w, i) =>
      i % 97 === 5 ? { ...w, count: null, density: null, speed: null } : w,
    );
    const whole = bytes(anomalyPartition(venue).onBatch(windows));
    fc.assert(
      fc.property(fc.array(fc.nat(windows.length), { maxLength: 4 }), fc.boolean(), (places, restarts) => {
        const cuts = places.sort((a, b) => a - b);
        if (!restarts) {
          expect(bytes(inCuts(anomalyPartition(venue), windows, cuts))).toBe(whole);
          return;
        }
        let partition = anomalyPartition(venue);
        const outputs: Output[] = [];
        let from = 0;
        for (const cut of [...cuts, windows.length]) {
          outputs.push(...partition.onBatch(windows.slice(from, cut)));
          const snapshot = partition.snapshot();
          partition = anomalyPartition(venue);
          partition.restore(snapshot);
          expect(Buffer.compare(partition.snapshot(), snapshot)).toBe(0);
          from = cut;
        }
        expect(bytes(outputs)).toBe(whole);
      }),
      { numRuns: 12 },
    );
  });

  it('pass over revisions, repetitions and what comes after its slot, and count them', () => {
    const windows = steady(100);
    const noise = windows.flatMap((w, i) => [
      w,
      ...(i % 7 === 0 ? [{ ...w, revision: 1, count: { mean: 999, max: 999 } }] : []),
      ...(i % 11 === 0 ? [w] : []),
      ...(i > 90 && i % 13 === 0 ? [windows[i - 90]!] : []),
    ]);
    const partition = anomalyPartition(venue);
    expect(bytes(partition.onBatch(noise))).toBe(bytes(anomalyPartition(venue).onBatch(windows)));
    const figures = partition.figures!();
    expect(figures.revisions_ignored_total).toBe(
      noise.filter(({ revision, key }) => revision === 1 && key !== 'dark').length,
    );
    expect(figures.late_total).toBeGreaterThan(0);
  });

  it('tell of a break as missing slots, ten minutes at most, and go on behind it', () => {
    const partition = anomalyPartition(venue);
    partition.onBatch(steady(300));
    const short = partition.onBatch(steady(20, 400)).map(read);
    const missing = short.filter(
      ({ metric, key, value }) => metric === 'count' && key === 'north' && value === null,
    );
    expect(missing.map(({ end }) => (end - at(0)) / 1000)).toEqual([
      310, 320, 330, 340, 350, 360, 370, 380, 390, 400,
    ]);
    const long = partition.onBatch(steady(20, 90_000)).map(read);
    const slots = new Set(long.map(({ end }) => end)).size;
    expect(slots).toBeLessThanOrEqual(64);
    expect(long.at(-1)!.end).toBe(at(90_020));
    expect(partition.figures!().slots_skipped_total).toBeGreaterThan(8_000);
  });

  it('keep what a zone has learned when the venue gets another zone', () => {
    const partition = anomalyPartition(venue);
    partition.onBatch(steady(600));
    const bigger = venueOfBoxes(['annex', 'north', 'south'], ['annex', 'north', 'south']);
    const after = anomalyPartition(bigger);
    after.restore(partition.snapshot());
    const messages = after
      .onBatch(ticks(bigger, 600, 20, (second, zone) => ({ count: persons(second, zone), speed: 1 })))
      .map(read)
      .filter(({ end, metric }) => end === at(620) && metric === 'count');
    expect(messages.map(({ key, reason }) => [key, reason.code === 'learning'])).toEqual([
      ['annex', true],
      ['north', false],
      ['south', false],
    ]);
  });
});
