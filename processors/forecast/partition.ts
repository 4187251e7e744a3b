// One venue's forecasts: density windows in, persons per zone and in all zones 5, 15 and 30 minutes ahead out, once a
// minute of event time. Pure. An unknown minute is left out of what is learned, and nothing is forecast from it.

import { z } from 'zod';
import { minutesToThreshold, StatisticalForecaster } from '#models/forecast/index.ts';
import type { Venue, Zone } from '#models/venue/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { forecastSubject } from '#streams/subjects.ts';
import { watchedZones } from '../shared/density-input.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import { type Slot, ZoneSlots } from '../shared/zone-slots.ts';
import { DENSITY_LEVELS } from './levels.ts';

/** Time between values and between forecasts, ms. */
export const STEP_MS = 60_000;
export const HORIZONS_MS: readonly number[] = [5 * STEP_MS, 15 * STEP_MS, 30 * STEP_MS];
const VENUE = 'venue';

const snapshotShape = z.object({
  version: z.literal(1),
  stepMs: z.number(),
  horizonsMs: z.array(z.number()),
  state: z.string(),
});
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const fresh = (): StatisticalForecaster =>
  new StatisticalForecaster({ stepMs: STEP_MS, horizonsMs: HORIZONS_MS });

export function forecastPartition(venue: Venue): Partition<DensityWindow> {
  const ids = watchedZones(venue);
  const zones = ids.map((id) => venue.zones.find((zone) => zone.id === id)!);
  const slots = new ZoneSlots(ids, STEP_MS);
  const keys = [...ids.map((id) => `zone:${id}`), VENUE];
  let forecasters = keys.map(fresh);
  /** Forecasters change once a minute; checkpoints are more frequent. */
  let stored: Uint8Array | undefined;

  function one(slot: Slot, i: number, value: number, completeness: number, zone: Zone | undefined): Output {
    const forecaster = forecasters[i]!;
    const known = !Number.isNaN(value);
    if (known) forecaster.update(slot.endMs, value);
    // Persons are never fewer than none, whatever the arithmetic of a band says.
    const bands = (known ? (forecaster.forecast() ?? []) : []).map(({ p10, p50, p90 }) => ({
      p10: Math.max(0, p10),
      p50: Math.max(0, p50),
      p90: Math.max(0, p90),
    }));
    const levels = zone === undefined || bands.length === 0 ? [] : DENSITY_LEVELS[zone.use];
    const message: ForecastMessage = {
      metric: 'count',
      org: venue.org,
      venue: venue.id,
      key: zone?.id ?? VENUE,
      level: zone?.level ?? null,
      start: slot.startMs,
      end: slot.endMs,
      hopMs: STEP_MS,
      value: known ? value : null,
      completeness: Number.isNaN(completeness) ? null : completeness,
      bands: bands.map((band, k) => ({ aheadMs: HORIZONS_MS[k]!, ...band })),
      thresholds: levels.map(([level, density]) => {
        const to = minutesToThreshold(value, density * zone!.areaM2, HORIZONS_MS, bands);
        return {
          level,
          density,
          earliest: to.earliestMinutes ?? null,
          median: to.medianMinutes ?? null,
          latest: to.latestMinutes ?? null,
        };
      }),
    };
    // A zone may be called "venue" too: the venue's own forecast has another metric token.
    const subject = forecastSubject(zone ? 'count' : 'count-all', venue.org, venue.id, message.key);
    const messageId = `${subject}|${STEP_MS}|${slot.endMs}|0`;
    return {
      subject,
      messageId,
      payload: encoder.encode(JSON.stringify(message)),
      headers: cloudEventHeaders({
        id: messageId,
        source: '/processors/forecast',
        type: 'tidewatch.fcst.v1',
        epochMs: slot.endMs,
        dataSchema: 'fcst',
      }),
    };
  }

  function forecast(slot: Slot, outputs: Output[]): void {
    stored = undefined;
    let total = 0;
    let least = Number.NaN;
    zones.forEach((zone, i) => {
      const { count, completeness } = slot.zones[i]!;
      total += count;
      if (!(completeness >= least)) least = Number.isNaN(completeness) ? least : completeness;
      outputs.push(one(slot, i, count, completeness, zone));
    });
    // With a zone unknown the sum is NaN: the venue is unknown then, not emptier.
    outputs.push(one(slot, zones.length, total, least, undefined));
  }

  return {
    onBatch(windows) {
      const outputs: Output[] = [];
      for (const window of windows) for (const slot of slots.push(window)) forecast(slot, outputs);
      return outputs;
    },
    snapshot() {
      stored ??= joinSections([
        encoder.encode(JSON.stringify(keys)),
        ...forecasters.map((f) => encoder.encode(JSON.stringify(f.snapshot()))),
      ]);
      return joinSections([stored, slots.snapshot()]);
    },
    restore(bytes) {
      const [series, open] = splitSections(bytes, 2);
      const nameLength = new DataView(series!.buffer, series!.byteOffset).getUint32(0, true);
      const names = z
        .array(z.string())
        .parse(JSON.parse(decoder.decode(series!.subarray(4, 4 + nameLength))));
      const [, ...states] = splitSections(series!, 1 + names.length);
      const same = names.length === keys.length && names.every((name, i) => name === keys[i]);
      forecasters = keys.map((key) => {
        const state = states[names.indexOf(key)];
        // The venue's sum means something else when its zones are others.
        if (state === undefined || (key === VENUE && !same)) return fresh();
        return StatisticalForecaster.restore(snapshotShape.parse(JSON.parse(decoder.decode(state))));
      });
      slots.restore(open!);
      stored = undefined;
    },
    figures: () => ({
      late_total: slots.figures.late,
      revisions_ignored_total: slots.figures.corrections,
      slots_skipped_total: slots.figures.skipped,
      dropped_total: 0,
      keys: keys.length,
    }),
  };
}
