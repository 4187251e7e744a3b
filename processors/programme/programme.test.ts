// The programme of a venue: the latest record of an event holds, whatever the order, and restarts change nothing.
import { describe, expect, it } from 'vitest';
import type { Output } from '#processors/runtime/index.ts';
import { type BusinessEvent, businessEvent } from '#streams/schema/events.ts';
import { programmeKind } from '#streams/schema/registry.ts';
import { subjectMatches } from '#streams/topology.ts';
import { venueOfBoxes } from '../shared/fixtures/density-windows.ts';
import { programmePartition, programmeProcessor } from './index.ts';

const venue = venueOfBoxes(['a'], ['a']);
const T = 1_800_000_000_000;
const MINUTE = 60_000;
const record = (name: string, fromMin: number, more: Partial<BusinessEvent> = {}): BusinessEvent => ({
  epochMs: T,
  record: name,
  type: 'event',
  status: 'open',
  title: name,
  phases: [
    { phase: 'ingress', fromMs: T + fromMin * MINUTE, toMs: T + (fromMin + 60) * MINUTE },
    { phase: 'play', fromMs: T + (fromMin + 60) * MINUTE, toMs: T + (fromMin + 105) * MINUTE },
  ],
  ...more,
});
const read = ({ payload }: Output) => programmeKind.codec.decode(payload);
const names = (output: Output | undefined) => read(output!).events.map(({ event }) => event);

describe('the programme of a venue', () => {
  it('is published whole at every change, in order of the events, under its declared subject', () => {
    const outputs = programmePartition(venue).onBatch([record('late', 600), record('early', 0)]);
    expect(names(outputs[0])).toEqual(['late']);
    expect(names(outputs[1])).toEqual(['early', 'late']);
    const [filter] = programmeProcessor(venue).outputs;
    for (const { subject } of outputs) expect(subjectMatches(filter!, subject)).toBe(true);
    expect(new Set(outputs.map(({ messageId }) => messageId)).size).toBe(2);
  });

  it('takes the latest of a record, forgets a cancelled one, and passes over what changes nothing', () => {
    const partition = programmePartition(venue);
    const outputs = partition.onBatch([
      record('match', 0),
      record('match', 15, { epochMs: T + MINUTE }),
      record('match', 15, { epochMs: T + 2 * MINUTE, status: 'in-progress', phases: undefined }),
      record('ladder', 0, { type: 'inspection' }),
      record('unknown', 0, { status: 'cancelled' }),
      record('match', 15, { epochMs: T + 3 * MINUTE, status: 'cancelled' }),
    ]);
    expect(outputs.map((o) => read(o).events.map(({ phases }) => phases[0]!.fromMs))).toEqual([
      [T],
      [T + 15 * MINUTE],
      [],
    ]);
  });

  it('forgets what is long past, and goes on after a restart as if there had been none', () => {
    const partition = programmePartition(venue);
    partition.onBatch([record('first', 0)]);
    const again = programmePartition(venue);
    again.restore(partition.snapshot());
    const later = [record('next', 60 * 24 * 4, { epochMs: T + 4 * 24 * 60 * MINUTE })];
    const outputs = again.onBatch(later);
    expect(names(outputs[0])).toEqual(['next']);
    expect(outputs.map(({ messageId }) => messageId)).toEqual(
      partition.onBatch(later).map(({ messageId }) => messageId),
    );
  });

  it('refuses phases that overlap, run backwards or are empty', () => {
    const { phases = [] } = record('x', 0);
    const [ingress, play] = phases;
    const ok = (spans: BusinessEvent['phases']) =>
      businessEvent.safeParse(record('x', 0, { phases: spans })).success;
    expect(ok(phases)).toBe(true);
    expect(ok([play!, ingress!])).toBe(false);
    expect(ok([{ ...ingress!, toMs: ingress!.fromMs }])).toBe(false);
    expect(ok([ingress!, { ...play!, fromMs: ingress!.toMs - 1 }])).toBe(false);
    expect(ok([])).toBe(false);
  });
});
