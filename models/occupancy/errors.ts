// The one error of this folder.

/** Devices, readings or capacities that have no meaning. The message says what to correct. */
export class OccupancyError extends Error {
  override readonly name = 'OccupancyError';
}
