// Flow over every line from fused persons: fused.* in, win.flow-fused* out. What it says has the form of win.flow*.
import type { Venue } from '#models/venue/index.ts';
import {
  type FusedInput,
  fusedDecoder,
  fusedFilters,
  fusedPartition,
  READING_BOUNDS,
} from '#processors/fusion/index.ts';
import type { Partition, Processor } from '#processors/runtime/index.ts';
import { STREAM } from '#streams/topology.ts';
import type { TimeBounds } from '../shared/bounds.ts';
import { fusedFlowWindows, LINE_BAND_M } from './config.ts';
import { FusedFlowKernel } from './fused-kernel.ts';
import { flowLines } from './lines.ts';
import { FLOW_AGGREGATES, FLOW_COLUMNS, fusedFlowResults } from './results.ts';

/** Raised when a snapshot of before cannot be restored. */
const STATE_VERSION = 1;

/** One venue's flow from fused persons: messages of FUSED in, results out. Pure. */
export function fusedFlowPartition(
  venue: Venue,
  bounds: TimeBounds = READING_BOUNDS,
  bandM: number = LINE_BAND_M,
): Partition<FusedInput> {
  const lines = flowLines(venue);
  const windows = fusedFlowWindows(venue.tickMs);
  const kernel = new FusedFlowKernel(venue, lines, fusedFlowResults(venue, lines, windows), bandM);
  return fusedPartition({
    name: 'flow-fused',
    venue,
    bounds,
    windows,
    keys: kernel.keys,
    columns: FLOW_COLUMNS,
    aggregates: FLOW_AGGREGATES,
    kernel,
  });
}

/** The processor of one venue's flow from fused persons. It needs `fusion` to run. */
export function fusedFlowProcessor(
  venue: Venue,
  bounds: TimeBounds = READING_BOUNDS,
  bandM: number = LINE_BAND_M,
): Processor<FusedInput> {
  const at = `${venue.org}.${venue.id}`;
  return {
    name: 'flow-fused',
    stateVersion: STATE_VERSION,
    input: { stream: STREAM.fused, filters: fusedFilters(venue) },
    outputs: [
      ...fusedFlowWindows(venue.tickMs).map(({ metric }) => `win.${metric}.${at}.*`),
      `late.flow-fused.${at}.*`,
    ],
    decode: fusedDecoder(venue),
    create: () => fusedFlowPartition(venue, bounds, bandM),
  };
}
