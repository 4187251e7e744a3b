// Forecasts of a venue: live density windows in, fcst.count out, every minute of event time.
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { decodeDensity, densityInput } from '../shared/density-input.ts';
import { type ModelFile, venueModels } from './models.ts';
import { forecastPartition, namedSnapshot } from './partition.ts';

export { type ModelFile, type SeriesModel, seriesOf, type VenueModels, venueModels } from './models.ts';
export { forecastPartition } from './partition.ts';
export { HORIZONS_MS, STEP_MS } from './step.ts';

/** Raised when a snapshot of before cannot be restored. 2: the state of a series names its model. */
const STATE_VERSION = 2;

/** What a worker thread needs to make the processor with trained models: plain data. */
export interface ForecastRecipe {
  readonly venue: Venue;
  readonly files: readonly ModelFile[];
}

/**
 * The forecast processor of one venue: `fcst.count.*` per zone, `fcst.count-all.<org>.<venue>.venue` for all zones. Series
 * without a usable model among `files` are forecast statistically: venueModels() says which and why.
 */
export function forecastProcessor(venue: Venue, files: readonly ModelFile[] = []): Processor<DensityWindow> {
  const { models } = venueModels(venue, files);
  return {
    name: 'forecast',
    stateVersion: STATE_VERSION,
    input: densityInput(venue),
    outputs: [`fcst.*.${venue.org}.${venue.id}.*`],
    decode: decodeDensity,
    create: () => forecastPartition(venue, models),
    migrate(snapshot, fromVersion) {
      if (fromVersion !== 1)
        throw new Error(`forecast state of version ${fromVersion} is unknown; version 1 can be taken over`);
      return namedSnapshot(snapshot);
    },
  };
}

/** forecastProcessor of one argument. */
export function trainedForecastProcessor({ venue, files }: ForecastRecipe): Processor<DensityWindow> {
  return forecastProcessor(venue, files);
}
