// One venue's density: frames in, window results and rasters out. Pure; RxJS wires the batches.
import { map } from 'rxjs';
import type { Venue } from '#models/venue/index.ts';
import { type Output, type Partition, rxPartition } from '#processors/runtime/index.ts';
import { WindowOperator, type WindowOutput } from '#processors/window/index.ts';
import { TracksReader } from '#streams/schema/tracks.ts';
import { CLOCK_SOURCE } from '#streams/subjects.ts';
import type { TracksInput } from '../shared/input.ts';
import { LateNotices } from '../shared/late.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import { DEFAULT_BOUNDS, densityWindows, NOW_METRIC, type TimeBounds } from './config.ts';
import { Placement } from './placement.ts';
import { TickRasters } from './rasters.ts';
import { DensityResults } from './results.ts';
import { windowConfig } from './windows.ts';

const NO_KEYS = new Int32Array(0);
const NO_SPEEDS = [new Float64Array(0)];

export function densityPartition(venue: Venue, bounds: TimeBounds = DEFAULT_BOUNDS): Partition<TracksInput> {
  const specs = densityWindows(venue.tickMs);
  const sources = [...venue.cameras.map(({ id }) => id), CLOCK_SOURCE];
  const placement = new Placement(venue);
  const config = windowConfig(venue, placement.keys, bounds);
  const results = new DensityResults(venue, specs, sources);
  const notices = new LateNotices('density', venue, sources);
  const rasters = new TickRasters(venue, placement, bounds);
  let operator = new WindowOperator(config);

  const frame = new TracksReader();

  function take({ source, payload }: TracksInput): void {
    frame.reread(payload);
    const { epochMs, seq } = frame;
    if (frame.clock) {
      operator.push({ source, epochMs, seq, n: 0, keys: NO_KEYS, columns: NO_SPEEDS });
      return;
    }
    const { n, keys, speeds } = placement.place(source, frame);
    operator.push({ source, epochMs, seq, n, keys, columns: [speeds] });
    rasters.add(source, frame, operator.watermarkMs);
  }

  function outputsOf({ windows, late, rejected, gaps }: WindowOutput): Output[] {
    const outputs: Output[] = [];
    for (const block of windows) {
      results.append(block, outputs);
      // The first issue of a tick is also the moment of its rasters; corrections are for windows alone.
      if (specs[block.window]!.metric === NOW_METRIC && block.revisions[0] === 0)
        rasters.close(block.end, outputs);
    }
    notices.append({ late, rejected, gaps }, outputs);
    return outputs;
  }

  return rxPartition<TracksInput>({
    pipeline: map((inputs) => {
      for (const input of inputs) take(input);
      return outputsOf(operator.drain());
    }),
    snapshot: () => joinSections([operator.snapshot(), rasters.snapshot()]),
    restore(bytes) {
      const [windows, raster] = splitSections(bytes, 2);
      operator = WindowOperator.restore(config, windows!);
      rasters.restore(raster!);
    },
    figures() {
      const { watermarkMs, lateRejected, futureRejected, revisions, duplicates } = operator.stats();
      return {
        ...(Number.isFinite(watermarkMs) && { watermarkMs }),
        late_total: lateRejected,
        future_total: futureRejected,
        revisions_total: revisions,
        duplicates_total: duplicates,
        outside_coverage_total: placement.outside,
        dropped_total: 0,
        keys: venue.zones.length,
      };
    },
  });
}
