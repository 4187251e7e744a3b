// Asks a server again while it is away or still starting. Errors that say something definite are passed on at once.
import { isStreamsError, StreamsError } from './errors.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** Longer than a server's restart with large streams; after that a person should look. */
const DEFAULT_LIMIT_MS = 60_000;

/**
 * Runs `work` until it succeeds. `work` may have had its effect although it failed: it must bear repetition.
 * @throws what `work` throws, when that is definite: a StreamsError, or a refusal by JetStream
 * @throws StreamsError `server-unreachable` after `limitMs`
 */
export async function patiently<T>(
  what: string,
  work: () => Promise<T>,
  limitMs = DEFAULT_LIMIT_MS,
): Promise<T> {
  const until = Date.now() + limitMs;
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (Date.now() + wait > until) {
        throw new StreamsError(
          'server-unreachable',
          `${what} failed for ${limitMs / 1000} s`,
          'check that the NATS server runs and that JetStream is ready',
          error,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Time-outs, lost connections, no responder, and JetStream's own 5xx: the next try may succeed. */
export function isTransient(error: unknown): boolean {
  // A reader's failure is as lasting as its cause.
  if (isStreamsError(error)) return error.code === 'consume-failed' && isTransient(error.cause);
  if (!(error instanceof Error)) return false;
  if (error.name === 'JetStreamApiError') return 'status' in error && Number(error.status) >= 500;
  return TRANSIENT_NAMES.has(error.name);
}

const TRANSIENT_NAMES = new Set([
  'TimeoutError',
  'NoResponders',
  'NoRespondersError',
  'RequestError',
  'ConnectionError',
  'JetStreamNotEnabled',
]);
