// Owns one nats-server process on behalf of a parent and outlives that parent just long enough to end the server:
// the parent's end of this process's stdin closes however the parent dies, even by SIGKILL.
// It runs in its own session, so Ctrl-C in a terminal reaches the parent alone, which then stops things in order.
//
//   node guardian.mjs '{"program":"...","args":[...],"stderrFile":"...","orphanGraceMs":1200,"removeWhenOrphaned":"..."}'
//   stdin:  "stop <grace in ms>" (SIGTERM, then SIGKILL), "kill" (SIGKILL); end of file = the parent is gone
//   stdout: one JSON line {"started":pid}, then one {"exited":{"code":n|null,"signal":s|null}} or {"failed":"why"}
import { spawn } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const task = JSON.parse(process.argv[2] ?? '{}');
const stderr = openSync(task.stderrFile, 'a');
const server = spawn(task.program, task.args, { stdio: ['ignore', stderr, stderr] });
let orphaned = false;
/** @type {NodeJS.Timeout | undefined} */
let killTimer;

// A parent that is gone cannot read: its end of the pipe being closed is the normal case here, not a failure.
process.stdout.on('error', () => undefined);

server.on('spawn', () => tell({ started: server.pid }));
server.on('error', (error) => {
  if (server.pid === undefined) leave({ failed: error.message });
});
server.on('exit', (code, signal) => leave({ exited: { code, signal } }));

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const [command, grace] = line.split(' ');
  if (command === 'stop') end(Number(grace));
  if (command === 'kill') server.kill('SIGKILL');
});
input.on('close', () => {
  orphaned = true;
  end(task.orphanGraceMs);
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => end(task.orphanGraceMs));

/** @param {number} graceMs */
function end(graceMs) {
  server.kill('SIGTERM');
  clearTimeout(killTimer);
  killTimer = setTimeout(() => server.kill('SIGKILL'), graceMs);
}

/** @param {object} message */
function tell(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** @param {object} message */
function leave(message) {
  if (orphaned && task.removeWhenOrphaned) rmSync(task.removeWhenOrphaned, { recursive: true, force: true });
  process.stdout.write(`${JSON.stringify(message)}\n`, () => process.exit(0));
}
