// `tidewatch ...` as a process of its own, as a person runs it: for tests of what a verb prints and how it ends.
import { spawn } from 'node:child_process';
import path from 'node:path';

const PROGRAM = path.resolve(import.meta.dirname, '../bin/tidewatch.mjs');

export interface CommandEnd {
  readonly code: number | null;
  /** All it wrote. */
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end. */
export function tidewatch(...args: readonly string[]): Promise<CommandEnd> {
  const child = spawn(process.execPath, [PROGRAM, ...args]);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
