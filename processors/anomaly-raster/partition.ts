// One venue's unusual places: rasters and the events' programme in, one judgement per level and ten seconds out. Pure.
import { z } from 'zod';
import { type EventPhase, type EventProgramme, placeAt } from '#models/anomaly/index.ts';
import { defaultRasterOptions, RasterDetector, type RasterOptions } from '#models/anomaly/raster.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { eventPhases } from '#streams/schema/events.ts';
import { decodeGrid } from '#streams/schema/grid.ts';
import type { ProgrammeMessage } from '#streams/schema/programme.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import { RasterAnomalyOutputs } from './results.ts';

export interface RasterAnomalyOptions {
  /** Events known before the first message of the programme, which then replaces them. Outside of them the phase is `none`. */
  readonly programme?: readonly EventProgramme[];
  /** Settings of the detector, the same for every level. */
  readonly detector?: Partial<RasterOptions>;
}

/**
 * A raster as it came, already found to be whole. Its cells are unpacked one raster at a time: a batch of them unpacked would
 * be a hundred times as large as on the wire.
 */
export interface RasterInput {
  readonly level: number;
  readonly revision: number;
  /** The grid frame's bytes. */
  readonly payload: Uint8Array;
}

export type RasterAnomalyInput = RasterInput | ProgrammeMessage;

const headShape = z.object({
  levels: z.array(z.number().int()),
  corrections: z.number(),
  /** Absent where state was written before a programme was read. */
  programme: z.array(z.object({ event: z.string(), phases: eventPhases })).default([]),
});

export function rasterAnomalyPartition(
  venue: Venue,
  options: RasterAnomalyOptions = {},
): Partition<RasterAnomalyInput> {
  let programme: readonly EventProgramme[] = options.programme ?? [];
  const { slotMs } = { ...defaultRasterOptions, ...options.detector };
  const results = new RasterAnomalyOutputs(venue);
  const fresh = (): RasterDetector => new RasterDetector(options.detector);
  const levels = new Map(venue.levels.map(({ ordinal }) => [ordinal, fresh()]));
  let corrections = 0;
  let alarms = 0;

  // The phase is that of the slot's beginning: a change that is told as it happens is there before the slot ends.
  const phaseAt = (endMs: number): EventPhase => placeAt(programme, endMs - slotMs)?.phase ?? 'none';

  function take({ level, revision, payload }: RasterInput, outputs: Output[]): void {
    const detector = levels.get(level);
    // Who has learned from a raster cannot unlearn it.
    if (revision > 0) corrections++;
    if (detector === undefined || revision > 0) return;
    for (const result of detector.update(decodeGrid(payload), phaseAt)) {
      outputs.push(results.output(level, result));
      alarms += result.findings.filter(({ alarm }) => alarm).length;
    }
  }

  return {
    onBatch(inputs) {
      const outputs: Output[] = [];
      for (const input of inputs) {
        if ('payload' in input) take(input, outputs);
        else programme = input.events;
      }
      return outputs;
    },
    snapshot() {
      const told = programme.map(({ event, phases }) => ({ event, phases }));
      const head = { levels: [...levels.keys()], corrections, programme: told };
      // The head comes last: its length may change, and what is before it then stays where it was.
      return joinSections([
        joinSections([...levels.values()].map((detector) => detector.snapshot())),
        new TextEncoder().encode(JSON.stringify(head)),
      ]);
    },
    restore(bytes) {
      const [stored, text] = splitSections(bytes, 2);
      const head = headShape.parse(JSON.parse(new TextDecoder().decode(text!)));
      const sections = splitSections(stored!, head.levels.length);
      // A level the venue no longer has is dropped; one that is new begins to learn.
      head.levels.forEach((ordinal, i) => {
        if (levels.has(ordinal)) levels.set(ordinal, RasterDetector.restore(sections[i]!));
      });
      ({ corrections, programme } = head);
    },
    figures() {
      const all = [...levels.values()].map(({ figures }) => figures);
      return {
        late_total: all.reduce((sum, { late }) => sum + late, 0),
        resets_total: all.reduce((sum, { resets }) => sum + resets, 0),
        revisions_ignored_total: corrections,
        alarms_since_start: alarms,
        dropped_total: 0,
        keys: levels.size,
      };
    },
  };
}
