// The processors that `tidewatch process` and `tidewatch up` run, by name.
import type { Venue } from '#models/venue/index.ts';
import { anomalyProcessor } from '#processors/anomaly/index.ts';
import { rasterAnomalyProcessor } from '#processors/anomaly-raster/index.ts';
import { densityProcessor } from '#processors/density/index.ts';
import { dwellProcessor } from '#processors/dwell/index.ts';
import { flowProcessor, fusedFlowProcessor } from '#processors/flow/index.ts';
import { forecastProcessor } from '#processors/forecast/index.ts';
import { fusionProcessor } from '#processors/fusion/index.ts';
import { configuredGates, configuredOccupancy, driftProcessor } from '#processors/occupancy/index.ts';
import { pressureProcessor } from '#processors/pressure/index.ts';
import { programmeProcessor } from '#processors/programme/index.ts';
import { type Processor, type RunnerOptions, type Running, runProcessor } from '#processors/runtime/index.ts';

/** A processor of one venue, by the function that makes it, whatever its input. */
function makes<Input>(folder: string, make: (venue: Venue) => Processor<Input>) {
  return {
    /** Folder of processors/ whose index.ts exports it, and the name there: a worker thread loads it from there. */
    folder,
    exported: make.name,
    run: (venue: Venue, options: RunnerOptions): Promise<Running> => runProcessor(make(venue), options),
  };
}

export const PROCESSORS = {
  density: makes('density', densityProcessor),
  flow: makes('flow', flowProcessor),
  pressure: makes('pressure', pressureProcessor),
  dwell: makes('dwell', dwellProcessor),
  fusion: makes('fusion', fusionProcessor),
  'flow-fused': makes('flow', fusedFlowProcessor),
  gates: makes('occupancy', configuredGates),
  occupancy: makes('occupancy', configuredOccupancy),
  drift: makes('occupancy', driftProcessor),
  programme: makes('programme', programmeProcessor),
  anomaly: makes('anomaly', anomalyProcessor),
  'anomaly-raster': makes('anomaly-raster', rasterAnomalyProcessor),
  forecast: makes('forecast', forecastProcessor),
} as const;

export type ProcessorName = keyof typeof PROCESSORS;

export const PROCESSOR_NAMES = Object.keys(PROCESSORS) as readonly ProcessorName[];
