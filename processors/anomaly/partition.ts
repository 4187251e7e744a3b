// One venue's anomaly scores: density and flow windows and the events' programme in, scores per zone and line and for the
// venue out. Pure.

import { z } from 'zod';
import { type EventPlace, type EventProgramme, placeAt } from '#models/anomaly/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { eventPhases } from '#streams/schema/events.ts';
import { watchedZones } from '../shared/density-input.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import { type Slot, ZoneSlots } from '../shared/zone-slots.ts';
import { type AnomalyInput, DIRECTIONS, flowSeries, lineKey, watchedLines } from './input.ts';
import { AnomalyOutputs } from './results.ts';
import { SLOT_MS, VenueSeries } from './series.ts';

export interface AnomalyOptions {
  /** Events known before the first message of the programme, which then replaces them. */
  readonly programme?: readonly EventProgramme[];
}

const programmeShape = z.array(z.object({ event: z.string(), phases: eventPhases }));

export function anomalyPartition(venue: Venue, options: AnomalyOptions = {}): Partition<AnomalyInput> {
  const ids = watchedZones(venue);
  const zones = ids.map((id) => venue.zones.find((zone) => zone.id === id)!);
  const passages = [...venue.gates, ...venue.exits];
  const lines = watchedLines(venue);
  const keys = lines.flatMap((line) => DIRECTIONS.map((direction) => lineKey(line, direction)));
  const slots = new ZoneSlots(ids, SLOT_MS);
  const lineSlots = new ZoneSlots(keys, SLOT_MS);
  const series = new VenueSeries(ids, keys);
  const results = new AnomalyOutputs(venue);
  let programme: readonly EventProgramme[] = options.programme ?? [];
  let alarms = 0;
  /** The detectors' part of the snapshot changes once per slot; checkpoints are more frequent. */
  let stored: Uint8Array | undefined;

  // The phase is that of the slot's beginning: a change that is told as it happens is there before the slot ends.
  const placeOf = ({ startMs }: Slot): EventPlace | undefined => placeAt(programme, startMs);

  function count(scores: Iterable<{ readonly score: number } | undefined>): void {
    for (const result of scores) if ((result?.score ?? 0) >= 0.5) alarms++;
  }

  function score(slot: Slot, outputs: Output[]): void {
    stored = undefined;
    const place = placeOf(slot);
    const { count: persons, speed, health, joint } = series.update(slot, place);
    zones.forEach((zone, i) => {
      const of = slot.zones[i]!;
      outputs.push(results.series('count', zone, slot, of, of.count, persons[i]!));
      outputs.push(results.series('speed', zone, slot, of, of.speed, speed[i]));
      outputs.push(results.series('health', zone, slot, of, of.completeness, health[i]));
    });
    count([...persons, ...speed, ...health, joint?.cause]);
    if (joint !== undefined) outputs.push(results.joint(slot, zones, place?.phase ?? 'none', joint));
  }

  function scoreLines(slot: Slot, outputs: Output[]): void {
    const scores = series.updateLines(slot, placeOf(slot));
    if (scores === undefined) return;
    stored = undefined;
    for (const [i, passage] of passages.entries()) {
      for (const [k, direction] of DIRECTIONS.entries()) {
        const at = DIRECTIONS.length * i + k;
        const of = slot.zones[at]!;
        const metric = direction === 'in' ? 'inflow' : 'outflow';
        outputs.push(results.series(metric, passage, slot, of, of.count, scores[at]));
      }
    }
    count(scores);
  }

  function take(input: AnomalyInput, outputs: Output[]): void {
    if (input.metric === 'programme') {
      programme = input.events;
    } else if (input.metric === 'density') {
      for (const slot of slots.push(input)) score(slot, outputs);
    } else {
      for (const one of flowSeries(input)) for (const slot of lineSlots.push(one)) scoreLines(slot, outputs);
    }
  }

  return {
    onBatch(inputs) {
      const outputs: Output[] = [];
      for (const input of inputs) take(input, outputs);
      return outputs;
    },
    snapshot() {
      stored ??= series.snapshot();
      const told = programme.map(({ event, phases }) => ({ event, phases }));
      return joinSections([
        stored,
        slots.snapshot(),
        lineSlots.snapshot(),
        new TextEncoder().encode(JSON.stringify(told)),
      ]);
    },
    restore(bytes) {
      // Of the first version nothing can be used: its values were of other lengths of time.
      if (bytes.byteLength === 0) return;
      const [detectors, open, openLines, told] = splitSections(bytes, 4);
      series.restore(detectors!);
      slots.restore(open!);
      lineSlots.restore(openLines!);
      programme = programmeShape.parse(JSON.parse(new TextDecoder().decode(told!)));
      stored = undefined;
    },
    figures: () => ({
      late_total: slots.figures.late + lineSlots.figures.late,
      revisions_ignored_total: slots.figures.corrections + lineSlots.figures.corrections,
      slots_skipped_total: slots.figures.skipped,
      alarms_since_start: alarms,
      dropped_total: 0,
      keys: zones.length + keys.length,
    }),
  };
}
