// One venue's anomaly scores: density windows in, scores per zone and for the venue out. Pure.
import type { EventPhase } from '#models/anomaly/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { watchedZones } from '../shared/density-input.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import { type Slot, ZoneSlots } from '../shared/zone-slots.ts';
import { AnomalyOutputs } from './results.ts';
import { VenueSeries } from './series.ts';

/** A part of an event's programme: the phase holds for slots that end in (fromMs, toMs]. */
export interface PhaseSpan {
  readonly phase: EventPhase;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface AnomalyOptions {
  /** Programme of the venue's events; outside of it, and without one, the phase is `none`. */
  readonly programme?: readonly PhaseSpan[];
}

/** One value per series and so much event time, ms: the same for every venue and series. */
export const SLOT_MS = 10_000;

export function anomalyPartition(venue: Venue, options: AnomalyOptions = {}): Partition<DensityWindow> {
  const ids = watchedZones(venue);
  const zones = ids.map((id) => venue.zones.find((zone) => zone.id === id)!);
  const programme = options.programme ?? [];
  const slots = new ZoneSlots(ids, SLOT_MS);
  const series = new VenueSeries(ids);
  const results = new AnomalyOutputs(venue);
  let alarms = 0;
  /** The detectors' part of the snapshot changes once per slot; checkpoints are more frequent. */
  let stored: Uint8Array | undefined;

  const phaseAt = (endMs: number): EventPhase =>
    programme.find(({ fromMs, toMs }) => endMs > fromMs && endMs <= toMs)?.phase ?? 'none';

  function score(slot: Slot, outputs: Output[]): void {
    stored = undefined;
    const phase = phaseAt(slot.endMs);
    const { count, speed, health, joint } = series.update(slot, phase);
    zones.forEach((zone, i) => {
      const of = slot.zones[i]!;
      outputs.push(results.zone('count', zone, slot, of, of.count, count[i]!));
      outputs.push(results.zone('speed', zone, slot, of, of.speed, speed[i]));
      outputs.push(results.zone('health', zone, slot, of, of.completeness, health[i]));
    });
    if (joint !== undefined) outputs.push(results.joint(slot, zones, phase, joint));
    for (const result of [...count, ...speed, ...health, joint]) if ((result?.score ?? 0) >= 0.5) alarms++;
  }

  return {
    onBatch(windows) {
      const outputs: Output[] = [];
      for (const window of windows) for (const slot of slots.push(window)) score(slot, outputs);
      return outputs;
    },
    snapshot() {
      stored ??= series.snapshot();
      return joinSections([stored, slots.snapshot()]);
    },
    restore(bytes) {
      const [detectors, open] = splitSections(bytes, 2);
      series.restore(detectors!);
      slots.restore(open!);
      stored = undefined;
    },
    figures: () => ({
      late_total: slots.figures.late,
      revisions_ignored_total: slots.figures.corrections,
      slots_skipped_total: slots.figures.skipped,
      alarms_since_start: alarms,
      dropped_total: 0,
      keys: zones.length,
    }),
  };
}
