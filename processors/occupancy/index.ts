// The occupancy ledger of a venue, in three processors: `gates` makes persons of what devices say, `occupancy` counts the site
// from them and from camera lines, `drift` holds it against zone counts.
export { configuredGates, configuredOccupancy, environmentSettings } from './configured.ts';
export { countedZones, type DriftInput, driftPartition, driftProcessor } from './drift.ts';
export { gatesPartition, gatesProcessor } from './gates.ts';
export type { GatesInput, OccupancyInput } from './input.ts';
export { occupancyPartition } from './partition.ts';
export { occupancyProcessor } from './processor.ts';
export { SITE_KEY } from './results.ts';
export { occupancySettings, parseOccupancySettings } from './settings.ts';
export { type OccupancySettings, type Site, siteOf } from './site.ts';
