// One venue's forecasts: density windows in, persons per zone and in all zones 5, 15 and 30 minutes ahead out, once a
// minute of event time. Pure. An unknown minute is left out of what is learned, and nothing is forecast from it.

import { z } from 'zod';
import { minutesToThreshold } from '#models/forecast/index.ts';
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
import { type SeriesModel, seriesOf } from './models.ts';
import { SeriesForecaster, unnamedState } from './series.ts';
import { HORIZONS_MS, STEP_MS } from './step.ts';

const VENUE = 'venue';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param models trained models by series name; the series without one are forecast statistically */
export function forecastPartition(
  venue: Venue,
  models: ReadonlyMap<string, SeriesModel> = new Map(),
): Partition<DensityWindow> {
  const ids = watchedZones(venue);
  const zones = ids.map((id) => venue.zones.find((zone) => zone.id === id)!);
  const slots = new ZoneSlots(ids, STEP_MS);
  const keys = [...ids.map((id) => `zone:${id}`), VENUE];
  const series = seriesOf(venue);
  const fresh = (i: number): SeriesForecaster => new SeriesForecaster(models.get(series[i]!));
  let forecasters = keys.map((_, i) => fresh(i));
  /** Series whose state was another model's when it was restored. */
  let changed = 0;
  /** Forecasters change once a minute; checkpoints are more frequent. */
  let written: Uint8Array | undefined;

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
      model: forecaster.told,
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
    written = undefined;
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
      written ??= joinSections([
        encoder.encode(JSON.stringify(keys)),
        ...forecasters.map((f) => encoder.encode(f.snapshot())),
      ]);
      return joinSections([written, slots.snapshot()]);
    },
    restore(bytes) {
      const [states, open] = splitSections(bytes, 2);
      const stored = readSeries(states!);
      const same = stored.length === keys.length && stored.every(({ key }, i) => key === keys[i]);
      changed = 0;
      forecasters = keys.map((key, i) => {
        const forecaster = fresh(i);
        const state = stored.find((one) => one.key === key);
        // The venue's sum means something else when its zones are others.
        if (state !== undefined && (key !== VENUE || same) && forecaster.restore(state.text)) changed++;
        return forecaster;
      });
      slots.restore(open!);
      written = undefined;
    },
    figures: () => ({
      late_total: slots.figures.late,
      revisions_ignored_total: slots.figures.corrections,
      slots_skipped_total: slots.figures.skipped,
      dropped_total: 0,
      keys: keys.length,
      trained_series: models.size,
      models_changed_at_restart: changed,
    }),
  };
}

/** The states of the series by key, as they stand in a snapshot behind the list of keys. */
function readSeries(section: Uint8Array): { readonly key: string; readonly text: string }[] {
  const nameLength = new DataView(section.buffer, section.byteOffset).getUint32(0, true);
  const names = z.array(z.string()).parse(JSON.parse(decoder.decode(section.subarray(4, 4 + nameLength))));
  const [, ...states] = splitSections(section, 1 + names.length);
  return names.map((key, i) => ({ key, text: decoder.decode(states[i]!) }));
}

/** A snapshot of version 1, in which states had no model's name, as one of version 2. */
export function namedSnapshot(bytes: Uint8Array): Uint8Array {
  const [states, open] = splitSections(bytes, 2);
  const stored = readSeries(states!);
  return joinSections([
    joinSections([
      encoder.encode(JSON.stringify(stored.map(({ key }) => key))),
      ...stored.map(({ text }) => encoder.encode(unnamedState(text))),
    ]),
    open!,
  ]);
}
