// Types of nats-server.mjs for the TypeScript part of the project.

export interface FindOptions {
  readonly tell?: (line: string) => void;
  readonly cacheFolder?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly download?: boolean;
}
export interface ExternalServer {
  readonly kind: 'external';
  readonly url: string;
}
export interface ServerProgram {
  readonly kind: 'program';
  /** Full path of the nats-server program. */
  readonly path: string;
  readonly version: string;
  /** Where it was found, in words. */
  readonly origin: string;
}
export const LEAST_VERSION: string;
export const PREFERRED_VERSION: string;
export function judge(version: string | undefined): 'good' | 'usable' | 'too old' | 'unknown';
export function findNatsServer(options?: FindOptions): Promise<ExternalServer | ServerProgram>;
export function findServerProgram(options?: FindOptions): Promise<ServerProgram>;
