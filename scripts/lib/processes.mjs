// Runs a command to its end and tells what it said; finds programs on PATH.
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import path from 'node:path';

/**
 * @typedef {object} Outcome
 * @property {number} status exit status; -1 when it could not be started, was killed or ran past its time
 * @property {string} stdout
 * @property {string} stderr
 * @property {boolean} timedOut
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, show?: boolean }} [options]
 *   show: pass the command's output on to stderr while it runs
 * @returns {Promise<Outcome>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, options.timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      if (options.show) process.stderr.write(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
      if (options.show) process.stderr.write(text);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ status: -1, stdout, stderr: stderr + error.message, timedOut });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ status: code ?? -1, stdout, stderr, timedOut });
    });
  });
}

/**
 * @param {string} file
 * @returns {boolean} whether it is a file this process may execute
 */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/**
 * @param {string} name
 * @returns {string | undefined} the program's full path
 */
export function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    if (folder === '') continue;
    const file = path.join(folder, name);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

/**
 * What apt gave as its errors; when it marked none, the last lines it said.
 * @param {Outcome} outcome
 */
export function aptErrors(outcome) {
  const errors = `${outcome.stdout}\n${outcome.stderr}`
    .split('\n')
    .filter((line) => /^(E|Err): ?/.test(line));
  return errors.length === 0 ? lastLines(outcome) : errors.slice(0, 2).join(' | ');
}

/**
 * The last lines of a command's output, for an error message.
 * @param {Outcome} outcome
 */
export function lastLines(outcome, count = 3) {
  const lines = `${outcome.stdout}\n${outcome.stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join(' | ');
}

/**
 * Runs a command that talks to the person itself; SIGINT and SIGTERM are passed on and its end is waited for.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onlyStderr?: boolean }} [options]
 *   onlyStderr: what it prints on stdout goes to stderr (default true), so that our own stdout stays clean
 * @returns {Promise<number>} its exit status; 128 + signal number when a signal ended it
 */
export function runForeground(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['inherit', options.onlyStderr === false ? 1 : 2, 2],
    });
    // Ctrl-C in a terminal reaches the child by itself; SIGTERM to us alone does not.
    const onTerminate = () => child.kill('SIGTERM');
    const onInterrupt = () => {
      if (!process.stdin.isTTY) child.kill('SIGINT');
    };
    process.on('SIGTERM', onTerminate);
    process.on('SIGINT', onInterrupt);
    const finish = (/** @type {number} */ status) => {
      process.off('SIGTERM', onTerminate);
      process.off('SIGINT', onInterrupt);
      resolve(status);
    };
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      finish(127);
    });
    child.on('exit', (code, signal) => finish(code ?? 128 + (signal ? osConstants.signals[signal] : 0)));
  });
}
