// Counts what Vitest's JSON reporter wrote. Pure.

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/**
 * A file that could not even be loaded runs no test: it counts as one failure, so that it cannot pass unnoticed.
 * @param {unknown} report the parsed JSON report
 * @returns {Counts}
 * @throws {TypeError} when it is not such a report
 */
export function countResults(report) {
  if (
    typeof report !== 'object' ||
    report === null ||
    !('testResults' in report) ||
    !Array.isArray(report.testResults)
  ) {
    throw new TypeError('not a report of the JSON reporter');
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    let failedHere = 0;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') failedHere++;
      else counts.skipped++;
    }
    counts.failed += failedHere === 0 && file.status === 'failed' ? 1 : failedHere;
  }
  return counts;
}

/**
 * @param {Counts} counts
 * @returns {string} for example "12 passed, 0 failed" or "12 passed, 0 failed, 3 skipped"
 */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Takes `--project x` and `--project=x` out of Vitest's arguments.
 * @param {readonly string[]} args
 * @returns {{ projects: string[], rest: string[] }}
 */
export function splitProjects(args) {
  const projects = [];
  const rest = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--project' && i + 1 < args.length) projects.push(args[++i]);
    else if (args[i].startsWith('--project=')) projects.push(args[i].slice('--project='.length));
    else rest.push(args[i]);
  }
  return { projects, rest };
}
