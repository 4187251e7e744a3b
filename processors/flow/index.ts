// Flow over every gate, exit, edge and stair end as sliding windows: obs.tracks in, win.flow* out.
import type { Venue } from '#models/venue/index.ts';
import type { Partition, Processor } from '#processors/runtime/index.ts';
import type { TimeBounds } from '../shared/bounds.ts';
import type { TracksInput } from '../shared/input.ts';
import { tickedPartition } from '../shared/ticked.ts';
import { tracksProcessor } from '../shared/tracks-processor.ts';
import { FLOW_BOUNDS, flowWindows, LINE_BAND_M } from './config.ts';
import { FlowKernel } from './kernel.ts';
import { flowLines } from './lines.ts';
import { FLOW_AGGREGATES, FLOW_COLUMNS, flowResults } from './results.ts';

export {
  APPROACH_M,
  FLOW_BOUNDS,
  flowWindows,
  fusedFlowWindows,
  LINE_BAND_M,
  SUSTAINED_MS,
} from './config.ts';
export { fusedFlowPartition, fusedFlowProcessor } from './fused.ts';
export { type FlowLine, flowLines } from './lines.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;

/** One venue's flow: frames in, results out. Pure. */
export function flowPartition(
  venue: Venue,
  bounds: TimeBounds = FLOW_BOUNDS,
  bandM: number = LINE_BAND_M,
): Partition<TracksInput> {
  const lines = flowLines(venue);
  const windows = flowWindows(venue.tickMs);
  const kernel = new FlowKernel(venue, lines, flowResults(venue, lines, windows), bandM);
  return tickedPartition({
    name: 'flow',
    venue,
    bounds,
    windows,
    keys: kernel.keys,
    columns: FLOW_COLUMNS,
    aggregates: FLOW_AGGREGATES,
    kernel,
  });
}

/** The flow processor of one venue. */
export function flowProcessor(
  venue: Venue,
  bounds: TimeBounds = FLOW_BOUNDS,
  bandM: number = LINE_BAND_M,
): Processor<TracksInput> {
  return tracksProcessor(venue, {
    name: 'flow',
    stateVersion: STATE_VERSION,
    windows: flowWindows(venue.tickMs),
    create: () => flowPartition(venue, bounds, bandM),
  });
}
