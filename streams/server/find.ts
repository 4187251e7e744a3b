// Finds a NATS server to use or to run: the same search as the set-up scripts do, with typed errors.
import { findNatsServer, findServerProgram, type ServerProgram } from '../../scripts/nats-server.mjs';
import { ServerNotFoundError } from './errors.ts';

/** How to look. */
export interface FindOptions {
  /** Gets one line per step; absent: nothing is said. */
  readonly tell?: (line: string) => void;
  /** False: only what is already on this machine. Default true. */
  readonly download?: boolean;
}

export type { ServerProgram };

/** Either an external server's URL (NATS_URL), or a program to run. */
export type FoundServer = { readonly kind: 'external'; readonly url: string } | ServerProgram;

/**
 * NATS_URL, NATS_SERVER, PATH, the project's cache, the machine's package manager, in this order.
 * @throws ServerNotFoundError with the line that mends it
 */
export async function findServer(options: FindOptions = {}): Promise<FoundServer> {
  return typed(findNatsServer({ tell: () => undefined, ...options }));
}

/**
 * As findServer, but always a program to run: for tests, and for a server of one's own beside an external one.
 * @throws ServerNotFoundError with the line that mends it
 */
export async function findProgram(options: FindOptions = {}): Promise<ServerProgram> {
  return typed(findServerProgram({ tell: () => undefined, ...options }));
}

async function typed<T>(search: Promise<T>): Promise<T> {
  try {
    return await search;
  } catch (error) {
    if (error instanceof Error && 'mend' in error && typeof error.mend === 'string') {
      throw new ServerNotFoundError(error.message, error.mend, error);
    }
    throw error;
  }
}
