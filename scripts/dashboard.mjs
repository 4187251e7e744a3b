#!/usr/bin/env node
// Builds the dashboard's pages when they are missing or older than their sources.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runForeground } from './lib/processes.mjs';
import { CACHE, fingerprint, ROOT, readIfThere } from './lib/project.mjs';
import { runScript, SetupError, say } from './lib/say.mjs';

/** What the built pages are made from; tests and end-to-end tests are not in them. */
const SOURCES = ['dashboard', 'streams', 'models', 'vite.config.ts', 'package.json', 'package-lock.json'];
const STAMP = path.join(CACHE, 'dashboard-built');

/** @param {string} file */
function isSource(file) {
  return !/\.test\.ts$|\/e2e\/|\/golden\/|\/dist\//.test(file);
}

/** The folder with the built pages; undefined when there is none. */
export function builtPages() {
  return ['dist', 'dashboard/dist']
    .map((name) => path.join(ROOT, name))
    .find((folder) => existsSync(path.join(folder, 'index.html')));
}

/**
 * @param {(line: string) => void} [tell]
 * @throws {SetupError} with the line that mends it
 */
export async function buildDashboard(tell = say) {
  const wanted = fingerprint(SOURCES, isSource);
  if (builtPages() !== undefined && readIfThere(STAMP) === wanted) return;
  tell('dashboard: building its pages');
  const start = performance.now();
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
  const status = await runForeground(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: ROOT });
  if (status !== 0 || builtPages() === undefined) {
    throw new SetupError(
      `the dashboard could not be built (status ${status})`,
      'npx vite build, and mend what it names',
    );
  }
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(STAMP, wanted);
  tell(`dashboard: built in ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  runScript(async () => {
    await buildDashboard();
    say(`dashboard: ${builtPages()}`);
  });
}
