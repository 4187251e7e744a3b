// Scores of a venue from its windows: unknown is missing, an event is compared with earlier events, cuts and restarts change
// no byte, late is passed over.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventProgramme } from '#models/anomaly/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { type AnomalyResultMessage, anomalyResult } from '#streams/schema/anomaly.ts';
import type { ProgrammeMessage } from '#streams/schema/programme.ts';
import type { DensityWindow, FlowWindow } from '#streams/schema/window.ts';
import { subjectMatches } from '#streams/topology.ts';
import { at, type Known, ticks, venueOfBoxes } from '../shared/fixtures/density-windows.ts';
import { type AnomalyInput, anomalyPartition, anomalyProcessor } from './index.ts';

const ZONES = ['north', 'south', 'east', 'west', 'dark'];
const boxes = venueOfBoxes(ZONES, ZONES.slice(0, 4));
const DARK = 4;
const gate = {
  id: 'gate-1',
  level: 0,
  name: boxes.name,
  a: [0, 0] as const,
  b: [3, 0] as const,
  widthM: 3,
};
const venue = { ...boxes, gates: [gate] };
const read = ({ payload }: Output): AnomalyResultMessage =>
  anomalyResult.parse(JSON.parse(new TextDecoder().decode(payload)));
const bytes = (outputs: readonly Output[]): string =>
  JSON.stringify(
    outputs.map((o) => [o.subject, o.messageId, new TextDecoder().decode(o.payload), o.headers]),
  );
/** A number in [-1,1] that only the place and the minute decide. */
const noise = (minute: number, zone: number): number => {
  const x = Math.sin(12.9898 * minute + 78.233 * zone) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
};
const calm = (minute: number, zone: number): Known =>
  zone === DARK
    ? null
    : { count: 40 + 10 * zone + 4 * noise(minute, zone), speed: 1.1 + 0.1 * noise(minute, zone + 9) };

/** One window per zone and minute, and one of the gate. */
function minutes(
  from: number,
  count: number,
  known: (minute: number, zone: number) => Known = calm,
  flow?: (minute: number) => number,
): AnomalyInput[] {
  return Array.from({ length: count }, (_, k) => from + k).flatMap((minute) => [
    ...ticks(venue, 60 * minute + 59, 1, (_, zone) => known(minute, zone)),
    ...(flow === undefined ? [] : [overGate(minute, flow(minute))]),
  ]);
}

function overGate(minute: number, perMinute: number): FlowWindow {
  const both = { in: perMinute / 60, out: 0 };
  return {
    metric: 'flow',
    org: 'o',
    venue: 'v',
    key: 'gate-1',
    level: 0,
    start: at(60 * minute + 55),
    end: at(60 * minute + 60),
    hopMs: 1000,
    revision: 0,
    completeness: 1,
    silent: [],
    line: 'gate',
    count: both,
    flow: both,
    specific: null,
    levelOfService: null,
    density: null,
    saturated: null,
    stopAndGo: null,
  };
}

/** An event of an hour: doors for 30 minutes, play for 20, egress for 10; then 10 minutes of nothing. */
const EVENING = 70;
const DAY = 1440;
const evening = (k: number): EventProgramme => {
  const from = 60 * EVENING * k;
  return {
    event: `evening-${k}`,
    phases: [
      { phase: 'ingress', fromMs: at(from), toMs: at(from + 1800) },
      { phase: 'play', fromMs: at(from + 1800), toMs: at(from + 3000) },
      { phase: 'egress', fromMs: at(from + 3000), toMs: at(from + 3600) },
    ],
  };
};
/** Persons of an evening: zones fill during ingress, hold, and empty; every evening a little different. */
const crowd = (minute: number, zone: number): Known => {
  if (zone === DARK) return null;
  const of = minute % EVENING;
  const usual = of < 30 ? 2 * of : of < 50 ? 60 : Math.max(0, 60 - 6 * (of - 50));
  const count = Math.max(
    0,
    (usual + zone) * (1 + 0.05 * noise(Math.floor(minute / EVENING), 77)) + 2 * noise(minute, zone),
  );
  return { count, speed: count < 5 ? null : 1 + 0.1 * noise(minute, zone + 9) };
};
const arrivals = (minute: number): number =>
  minute % EVENING < 30 ? Math.round(20 + 3 * noise(minute, 5)) : 0;

function inCuts(partition: Partition<AnomalyInput>, input: readonly AnomalyInput[], cuts: readonly number[]) {
  const outputs: Output[] = [];
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    outputs.push(...partition.onBatch(input.slice(from, cut)));
    from = cut;
  }
  return outputs;
}

describe('anomaly scores of a venue', () => {
  it('come once per series and minute, under their schema and declared subjects; a zone no camera sees has none', () => {
    const outputs = anomalyPartition(venue).onBatch([...minutes(0, 6, calm, () => 12)]);
    const processor = anomalyProcessor(venue);
    for (const { subject } of outputs) {
      expect(processor.outputs.some((filter) => subjectMatches(filter, subject))).toBe(true);
      expect(processor.input.filters.some((filter) => subjectMatches(filter, subject))).toBe(false);
    }
    expect(new Set(outputs.map(({ messageId }) => messageId)).size).toBe(outputs.length);
    const messages = outputs.map(read);
    expect([...new Set(messages.map(({ end }) => (end - at(0)) / 60_000))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...new Set(messages.map(({ key }) => key))].sort()).toEqual([
      'east',
      'gate-1',
      'north',
      'south',
      'venue',
      'west',
    ]);
    expect(messages.filter(({ end }) => end === at(60))).toHaveLength(4 * 3 + 2 + 1);
    const inflow = messages.find(({ metric }) => metric === 'inflow')!;
    expect([inflow.key, inflow.value]).toEqual(['gate-1', 12]);
    const south = messages.find(({ metric, key }) => metric === 'count' && key === 'south')!;
    const known = calm(0, 1);
    expect(south.value).toBeCloseTo(known !== null && known !== 'dead' ? known.count : Number.NaN, 9);
    expect(south.reason.code).toBe('learning');
  });

  it('without an event: learn for a day, then alarm with a reason when a zone fills, and not for an ordinary crowd', () => {
    const partition = anomalyPartition(venue);
    const before = partition.onBatch(minutes(0, 2 * DAY)).map(read);
    expect(before.filter(({ alarm }) => alarm).length).toBeLessThanOrEqual(2);
    const first = before.filter(({ end, metric }) => end < at(60 * DAY) && metric === 'count');
    expect(new Set(first.map(({ reason }) => reason.code))).toEqual(new Set(['learning']));
    const after = partition
      .onBatch(
        minutes(2 * DAY, 10, (minute, zone) =>
          zone === 0 ? { count: 120 + noise(minute, 0), speed: 0.4 } : calm(minute, zone),
        ),
      )
      .map(read);
    const alarms = after.filter(({ alarm, metric, key }) => alarm && metric === 'count' && key === 'north');
    expect(alarms).toHaveLength(1);
    expect(alarms[0]!.end).toBeLessThanOrEqual(at(60 * (2 * DAY + 3)));
    expect(alarms[0]!.reason.observed).toBeGreaterThan(alarms[0]!.reason.expected!);
  });

  it('compare an event with the same minute of earlier ones: an ordinary one is ordinary, a crowd out of place is not', () => {
    const programme = Array.from({ length: 9 }, (_, k) => evening(k));
    const partition = anomalyPartition(venue, { programme });
    const learned = partition.onBatch(minutes(0, 7 * EVENING, crowd, arrivals)).map(read);
    // Two events to know the course and its variation: until then everything is being learned.
    const learning = learned.filter(
      ({ end, metric }) => metric === 'count' && end > at(60) && end <= at(60 * (EVENING + 59)),
    );
    expect(new Set(learning.map(({ reason }) => reason.code))).toEqual(new Set(['learning']));
    const ordinary = partition.onBatch(minutes(7 * EVENING, EVENING, crowd, arrivals)).map(read);
    expect([...learned, ...ordinary].filter(({ alarm }) => alarm)).toEqual([]);
    const wrong = partition
      .onBatch(
        minutes(
          8 * EVENING,
          EVENING,
          (minute, zone) => {
            const usual = crowd(minute, zone);
            const on = minute >= 8 * EVENING + 35 && minute < 8 * EVENING + 40;
            return on && zone === 2 ? { count: 110, speed: 1 } : usual;
          },
          (minute) => (minute >= 8 * EVENING + 10 && minute < 8 * EVENING + 15 ? 0 : arrivals(minute)),
        ),
      )
      .map(read)
      .filter(({ alarm }) => alarm);
    const alarmOf = (metric: string, key: string) =>
      wrong.filter((one) => one.metric === metric && one.key === key);
    const [stopped, crowded] = [alarmOf('inflow', 'gate-1'), alarmOf('count', 'east')];
    expect(stopped.map(({ reason }) => reason.code)).toEqual(['low-for-phase']);
    expect(crowded.map(({ reason }) => reason.code)).toEqual(['high-for-phase']);
    expect((stopped[0]!.end - at(60 * (8 * EVENING + 10))) / 60_000).toBeLessThanOrEqual(2);
    expect((crowded[0]!.end - at(60 * (8 * EVENING + 35))) / 60_000).toBeLessThanOrEqual(2);
    // The venue may be told of too; nothing else is.
    for (const { metric, key } of wrong)
      expect(['inflow gate-1', 'count east', 'joint venue']).toContain(`${metric} ${key}`);
  });

  it('take the programme from the stream as from the start', () => {
    const told: ProgrammeMessage = {
      metric: 'programme',
      org: 'o',
      venue: 'v',
      key: 'venue',
      epochMs: at(0),
      events: [0, 1, 2].map((k) => ({ title: 'x', ...evening(k), phases: evening(k).phases as never })),
    };
    const input = minutes(0, 3 * EVENING, crowd, arrivals);
    const known = anomalyPartition(venue, { programme: [evening(0), evening(1), evening(2)] }).onBatch(input);
    expect(bytes(anomalyPartition(venue).onBatch([told, ...input]))).toBe(bytes(known));
    const phases = known.map(read).flatMap((m) => (m.metric === 'joint' ? [m.phase] : []));
    expect(phases.slice(0, EVENING)).toEqual([
      ...Array.from({ length: 30 }, () => 'ingress'),
      ...Array.from({ length: 20 }, () => 'play'),
      ...Array.from({ length: 10 }, () => 'egress'),
      ...Array.from({ length: 10 }, () => 'none'),
    ]);
  });

  it('take unknown for missing, never for empty: no drop of persons, one alarm of the health that says so', () => {
    const partition = anomalyPartition(venue, { programme: [0, 1, 2, 3, 4, 5].map(evening) });
    partition.onBatch(minutes(0, 5 * EVENING, crowd, arrivals));
    const dead = partition
      .onBatch(
        minutes(5 * EVENING, 45, (minute, zone) =>
          zone === 1 && minute >= 5 * EVENING + 30 ? 'dead' : crowd(minute, zone),
        ),
      )
      .map(read)
      .filter(({ end }) => end > at(60 * (5 * EVENING + 30)));
    const south = dead.filter(({ key, metric }) => key === 'south' && metric === 'count');
    expect(south.length).toBeGreaterThan(10);
    for (const { value, alarm, reason } of south)
      expect([value, alarm, reason.code]).toEqual([null, false, 'missing']);
    const alarms = dead.filter(({ alarm }) => alarm);
    expect(alarms.map(({ metric, key, reason }) => [metric, key, reason.code])).toEqual([
      ['health', 'south', 'drop'],
    ]);
    expect(alarms[0]!.end).toBeLessThanOrEqual(at(60 * (5 * EVENING + 31)));
    for (const message of dead) if (message.metric === 'joint') expect(message.value).toBeNull();
  });

  it('do not compare a count of which less was seen than usually', () => {
    const partition = anomalyPartition(venue, { programme: [0, 1, 2, 3, 4, 5].map(evening) });
    partition.onBatch(minutes(0, 5 * EVENING, crowd, arrivals));
    const half = minutes(5 * EVENING, 45, crowd).map(
      (window, i): AnomalyInput =>
        window.metric === 'density' && window.key === 'west' && i > 5 * 30
          ? { ...window, completeness: 0.5, count: { mean: window.count!.mean / 2, max: window.count!.max } }
          : window,
    );
    const messages = partition
      .onBatch(half)
      .map(read)
      .filter(({ key, end }) => key === 'west' && end > at(60 * (5 * EVENING + 31)));
    for (const { metric, reason } of messages.filter(({ metric }) => metric === 'count'))
      expect([metric, reason.code]).toEqual(['count', 'incomplete']);
    expect(messages.filter(({ alarm }) => alarm).map(({ metric }) => metric)).toEqual(['health']);
  });

  it('an empty zone has no speed, which is nothing unusual', () => {
    const outputs = anomalyPartition(venue)
      .onBatch(minutes(0, 60, (_, zone) => (zone === DARK ? null : { count: 0, speed: null })))
      .map(read);
    const speeds = outputs.filter(({ metric }) => metric === 'speed');
    expect(speeds.length).toBeGreaterThan(0);
    for (const { score, reason } of speeds) expect([score, reason.code]).toEqual([0, 'too-few']);
  });

  it('do not depend on how the input is cut, nor on restarts between', () => {
    const programme = [0, 1, 2, 3].map(evening);
    const input = minutes(0, 4 * EVENING, crowd, arrivals).map(
      (w, i): AnomalyInput =>
        w.metric === 'density' && i % 97 === 5 ? { ...w, count: null, density: null, speed: null } : w,
    );
    const whole = bytes(anomalyPartition(venue, { programme }).onBatch(input));
    fc.assert(
      fc.property(fc.array(fc.nat(input.length), { maxLength: 4 }), fc.boolean(), (places, restarts) => {
        const cuts = places.sort((a, b) => a - b);
        if (!restarts) {
          expect(bytes(inCuts(anomalyPartition(venue, { programme }), input, cuts))).toBe(whole);
          return;
        }
        // The programme is part of the state: nobody tells it again.
        let partition = anomalyPartition(venue, { programme });
        const outputs: Output[] = [];
        let from = 0;
        for (const cut of [...cuts, input.length]) {
          outputs.push(...partition.onBatch(input.slice(from, cut)));
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
    const windows = minutes(0, 40).flatMap((w) => (w.metric === 'density' ? [w] : []));
    const noisy = windows.flatMap((w, i): DensityWindow[] => [
      w,
      ...(i % 7 === 0 ? [{ ...w, revision: 1, count: { mean: 999, max: 999 } }] : []),
      ...(i % 11 === 0 ? [w] : []),
      ...(i > 90 && i % 13 === 0 ? [windows[i - 90]!] : []),
    ]);
    const partition = anomalyPartition(venue);
    expect(bytes(partition.onBatch(noisy))).toBe(bytes(anomalyPartition(venue).onBatch(windows)));
    const figures = partition.figures!();
    expect(figures.revisions_ignored_total).toBe(
      noisy.filter(({ revision, key }) => revision === 1 && key !== 'dark').length,
    );
    expect(figures.late_total).toBeGreaterThan(0);
  });

  it('tell of a break as missing slots, ten minutes at most, with one alarm for the venue, and go on behind it', () => {
    const partition = anomalyPartition(venue);
    partition.onBatch(minutes(0, 30));
    const short = partition.onBatch(minutes(35, 2)).map(read);
    const missing = short.filter(
      ({ metric, key, value }) => metric === 'count' && key === 'north' && value === null,
    );
    expect(missing.map(({ end }) => (end - at(0)) / 60_000)).toEqual([31, 32, 33, 34, 35]);
    expect(short.filter(({ alarm }) => alarm).map(({ metric, reason }) => [metric, reason.code])).toEqual([
      ['joint', 'missing'],
    ]);
    const long = partition.onBatch(minutes(3000, 2)).map(read);
    const slots = new Set(long.map(({ end }) => end)).size;
    expect(slots).toBeLessThanOrEqual(14);
    expect(long.at(-1)!.end).toBe(at(60 * 3002));
    expect(partition.figures!().slots_skipped_total).toBeGreaterThan(2_900);
  });

  it('keep what a zone has learned when the venue gets another zone', () => {
    const programme = Array.from({ length: 6 }, (_, k) => evening(k));
    const partition = anomalyPartition(venue, { programme });
    partition.onBatch(minutes(0, 5 * EVENING, crowd, arrivals));
    const bigger = venueOfBoxes(['annex', ...ZONES.slice(0, 4)], ['annex', ...ZONES.slice(0, 4)]);
    const after = anomalyPartition(bigger);
    after.restore(partition.snapshot());
    const messages = after
      .onBatch(
        [0, 1, 2, 3].flatMap((k) =>
          ticks(bigger, 60 * (5 * EVENING + 31 + k) + 59, 1, (_, zone) =>
            crowd(5 * EVENING + 31 + k, zone === 0 ? 3 : zone - 1),
          ),
        ),
      )
      .map(read)
      .filter(({ end, metric }) => end === at(60 * (5 * EVENING + 34)) && metric === 'count');
    expect(messages.map(({ key, reason }) => [key, reason.code === 'learning'])).toEqual([
      ['annex', true],
      ['north', false],
      ['south', false],
      ['east', false],
      ['west', false],
    ]);
  });
});
