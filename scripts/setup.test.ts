// Whether the installed packages are those of the lock file, and how test results are counted.
import { describe, expect, it } from 'vitest';
import { installedDifference } from './install.mjs';
import { countResults, splitProjects, summaryLine } from './lib/test-results.mjs';

describe('installed packages', () => {
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/a/node_modules/b': { version: '2.0.0' },
      'node_modules/for-another-machine': { version: '3.0.0', optional: true },
    },
  };
  const installed = (packages: Record<string, { version: string }>) => JSON.stringify({ packages });

  it('are right when every package that is not optional has the version of the lock file', () => {
    const right = {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/a/node_modules/b': { version: '2.0.0' },
    };
    expect(installedDifference(lock, installed(right))).toBeUndefined();
  });

  it('are wrong when there are none, one is missing, or one is of another version', () => {
    expect(installedDifference(lock, undefined)).toBe('none installed');
    expect(installedDifference(lock, installed({ 'node_modules/a': { version: '1.0.0' } }))).toContain(
      'b is missing',
    );
    const other = {
      'node_modules/a': { version: '1.0.1' },
      'node_modules/a/node_modules/b': { version: '2.0.0' },
    };
    expect(installedDifference(lock, installed(other))).toBe('node_modules/a is 1.0.1, not 1.0.0');
  });
});

describe('test results', () => {
  const file = (status: string, ...statuses: string[]) => ({
    status,
    assertionResults: statuses.map((each) => ({ status: each })),
  });

  it('counts tests, and a file that could not be loaded as one failure', () => {
    const testResults = [
      file('passed', 'passed', 'passed', 'pending', 'todo', 'skipped'),
      file('failed', 'passed', 'failed'),
      file('failed'),
    ];
    expect(countResults({ testResults })).toEqual({ passed: 3, failed: 2, skipped: 3 });
  });

  it('refuses what is not a report', () => {
    expect(() => countResults({})).toThrow(TypeError);
    expect(() => countResults(null)).toThrow(TypeError);
  });

  it('writes one plain line', () => {
    expect(summaryLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(summaryLine({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped');
  });

  it('takes the projects out of the arguments', () => {
    expect(splitProjects(['--project', 'unit', 'a.test.ts', '--project=e2e', '-t', 'x'])).toEqual({
      projects: ['unit', 'e2e'],
      rest: ['a.test.ts', '-t', 'x'],
    });
  });
});
