// One venue's unusual places: rasters in, one judgement per level and ten seconds out. Pure.
import { z } from 'zod';
import type { EventPhase } from '#models/anomaly/index.ts';
import { RasterDetector, type RasterOptions } from '#models/anomaly/raster.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { decodeGrid } from '#streams/schema/grid.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import { RasterAnomalyOutputs } from './results.ts';

/** A part of an event's programme: the phase holds for slots that end in (fromMs, toMs]. */
export interface PhaseSpan {
  readonly phase: EventPhase;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface RasterAnomalyOptions {
  /** Programme of the venue's events; outside of it, and without one, the phase is `none`. */
  readonly programme?: readonly PhaseSpan[];
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

const headShape = z.object({ levels: z.array(z.number().int()), corrections: z.number() });

export function rasterAnomalyPartition(
  venue: Venue,
  options: RasterAnomalyOptions = {},
): Partition<RasterInput> {
  const programme = options.programme ?? [];
  const results = new RasterAnomalyOutputs(venue);
  const fresh = (): RasterDetector => new RasterDetector(options.detector);
  const levels = new Map(venue.levels.map(({ ordinal }) => [ordinal, fresh()]));
  let corrections = 0;
  let alarms = 0;

  const phaseAt = (endMs: number): EventPhase =>
    programme.find(({ fromMs, toMs }) => endMs > fromMs && endMs <= toMs)?.phase ?? 'none';

  return {
    onBatch(inputs) {
      const outputs: Output[] = [];
      for (const { level, revision, payload } of inputs) {
        const detector = levels.get(level);
        // Who has learned from a raster cannot unlearn it.
        if (revision > 0) corrections++;
        if (detector === undefined || revision > 0) continue;
        for (const result of detector.update(decodeGrid(payload), phaseAt)) {
          outputs.push(results.output(level, result));
          alarms += result.findings.filter(({ alarm }) => alarm).length;
        }
      }
      return outputs;
    },
    snapshot() {
      const head: z.infer<typeof headShape> = { levels: [...levels.keys()], corrections };
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
      corrections = head.corrections;
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
