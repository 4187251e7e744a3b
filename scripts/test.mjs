#!/usr/bin/env node
// npm test: gets what is missing, then runs every test, one project after another so that timing-sensitive tests do
// not fight for the processors. Arguments go to Vitest; `--project unit` (system, e2e) runs that one alone.
// The last line is plain: `N passed, N failed` (and `, N skipped`); it is also kept in .cache/test-results.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findChromium } from './chromium.mjs';
import { buildDashboard } from './dashboard.mjs';
import { installPackages } from './install.mjs';
import { runForeground } from './lib/processes.mjs';
import { CACHE, ROOT, readIfThere } from './lib/project.mjs';
import { runScript, SetupError, say } from './lib/say.mjs';
import { countResults, splitProjects, summaryLine } from './lib/test-results.mjs';
import { findServerProgram } from './nats-server.mjs';

const PROJECTS = ['unit', 'system', 'e2e'];
const RESULTS = path.join(CACHE, 'test-results');

runScript(async () => {
  const { projects, rest } = splitProjects(process.argv.slice(2));
  const unknown = projects.find((project) => !PROJECTS.includes(project));
  if (unknown !== undefined)
    throw new SetupError(`there is no test project ${unknown}`, `--project ${PROJECTS.join(' | ')}`);
  const chosen = projects.length === 0 ? PROJECTS : PROJECTS.filter((project) => projects.includes(project));
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });

  await installPackages();
  const total = { passed: 0, failed: 0, skipped: 0 };
  let worst = 0;
  /** @type {SetupError[]} */
  const hindrances = [];
  for (const project of chosen) {
    try {
      await prepare(project);
    } catch (error) {
      // What can be tested is tested; what cannot be is a failure, told once more at the end.
      if (!(error instanceof SetupError)) throw error;
      say(`tests: ${project} cannot run: ${error.message}`);
      hindrances.push(error);
      total.failed++;
      continue;
    }
    say(`tests: ${project}`);
    const output = path.join(RESULTS, `${project}.json`);
    const status = await runForeground(
      process.execPath,
      [
        path.join(ROOT, 'node_modules/vitest/vitest.mjs'),
        'run',
        `--project=${project}`,
        '--passWithNoTests',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${output}`,
        ...rest,
      ],
      { cwd: ROOT, onlyStderr: false },
    );
    const counts = read(project, output);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    if (status !== 0 && counts.failed === 0)
      say(`tests: ${project} ended with status ${status} although no test failed`);
    worst = Math.max(worst, status);
    // Ctrl-C ends the whole run, not one project.
    if (status === 130 || status === 143) break;
  }

  for (const { message, mend } of hindrances) {
    say(`failed: ${message}`);
    say(`to mend it: ${mend}`);
  }
  const none = total.passed + total.failed === 0;
  if (none) say('tests: none was run, which is a failure');
  const line = summaryLine(total);
  writeFileSync(path.join(RESULTS, 'summary.txt'), `${line}\n`);
  process.stdout.write(`${line}\n`);
  process.exitCode = worst || (none || total.failed > 0 ? 1 : 0);
});

/**
 * Gets what a project's tests need.
 * @param {string} project
 */
async function prepare(project) {
  if (project === 'unit') return;
  await findServerProgram();
  if (project === 'e2e') {
    await findChromium();
    await buildDashboard();
  }
}

/**
 * @param {string} project
 * @param {string} file
 */
function read(project, file) {
  const text = readIfThere(file);
  if (text === undefined) {
    say(`tests: ${project} left no report, so it counts as one failure`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return countResults(JSON.parse(text));
}
