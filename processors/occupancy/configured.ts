// The processors as a command starts them: with the settings in the file that TIDEWATCH_OCCUPANCY names.
import { readFileSync } from 'node:fs';
import { OccupancyError } from '#models/occupancy/index.ts';
import type { Venue } from '#models/venue/index.ts';
import type { Processor } from '#processors/runtime/index.ts';
import { gatesProcessor } from './gates.ts';
import type { GatesInput, OccupancyInput } from './input.ts';
import { occupancyProcessor } from './processor.ts';
import { type OccupancySettings, parseOccupancySettings } from './settings.ts';

const VARIABLE = 'TIDEWATCH_OCCUPANCY';

/**
 * A venue's settings; none where the variable is not set or its file does not name the venue.
 * @throws OccupancyError when the file cannot be read or is not as it must be
 */
export function environmentSettings(
  venue: Pick<Venue, 'org' | 'id'>,
  file: string | undefined = process.env[VARIABLE],
): OccupancySettings {
  if (file === undefined || file === '') return {};
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new OccupancyError(
      `${VARIABLE} names ${file}, which cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  return parseOccupancySettings(text).get(`${venue.org}/${venue.id}`) ?? {};
}

export function configuredGates(venue: Venue): Processor<GatesInput> {
  return gatesProcessor(venue, environmentSettings(venue));
}

export function configuredOccupancy(venue: Venue): Processor<OccupancyInput> {
  return occupancyProcessor(venue, environmentSettings(venue));
}
