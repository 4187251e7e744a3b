// Types of chromium.mjs for the TypeScript part of the project.

export interface Chromium {
  /** Full path of the program. */
  readonly path: string;
  readonly version: string;
}
export const PACKAGES: readonly string[];
export function findChromium(options?: {
  readonly tell?: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly install?: boolean;
}): Promise<Chromium>;
