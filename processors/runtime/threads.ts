// Whether a processor's partition gets a thread of its own, by the cores there are.
import { availableParallelism } from 'node:os';

/**
 * On so many cores the server and one thread of a processor already fill the machine, and handing batches over costs more
 * than it gains: `npm run bench -- pipeline` measures both.
 */
const FILLED_CORES = 2;

/** What `tidewatch process` does unless it is told. */
export function workerThreadPays(cores: number = availableParallelism()): boolean {
  return cores > FILLED_CORES;
}
