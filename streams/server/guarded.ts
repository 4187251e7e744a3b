// Starts one server run under its guardian and reports what becomes of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ServerStartError } from './errors.ts';
import { isAlive, isCode, markOf } from './processes.ts';

const GUARDIAN = fileURLToPath(new URL('./guardian.mjs', import.meta.url));
/** How long a server whose parent has crashed may take to close its files, in milliseconds. */
const ORPHAN_GRACE_MS = 1_000;

/** How a run ended. */
export interface RunEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Set when it did not end of itself or by our order: the reason in words. */
  readonly failure?: string;
}

/** One run of the server. */
export interface GuardedRun {
  readonly pid: number;
  readonly guardianPid: number;
  readonly ended: Promise<RunEnd>;
  /** SIGTERM, then SIGKILL once `graceMs` have passed. */
  stop(graceMs: number): void;
  /** SIGKILL. */
  kill(): void;
}

/** What to run. */
export interface GuardedTask {
  readonly program: string;
  readonly args: readonly string[];
  readonly stderrFile: string;
  /** Folder to remove when the parent has crashed: for temporary data. */
  readonly removeWhenOrphaned?: string;
}

/**
 * @returns once the process exists (it may not be ready)
 * @throws ServerStartError when it cannot be started at all
 */
export function runGuarded(task: GuardedTask): Promise<GuardedRun> {
  const guardian = spawn(
    process.execPath,
    [GUARDIAN, JSON.stringify({ ...task, orphanGraceMs: ORPHAN_GRACE_MS })],
    // NODE_OPTIONS may load test runners and loaders into children; the guardian is plain JavaScript.
    { detached: true, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const { stdin, stdout } = guardian;
  // A guardian that has just gone closes its pipe; its exit is handled below.
  stdin.on('error', () => undefined);

  return new Promise((resolve, reject) => {
    let server: ReturnType<typeof markOf>;
    let end: RunEnd | undefined;
    let settle: (end: RunEnd) => void = () => undefined;
    const ended = new Promise<RunEnd>((settled) => {
      settle = settled;
    });
    createInterface({ input: stdout }).on('line', (line) => {
      const message = parseReport(line);
      if (message === undefined) {
        end = { code: null, signal: null, failure: `the guardian said something unknown: ${line}` };
      } else if ('started' in message) {
        server = markOf(message.started) ?? { pid: message.started, start: 0 };
        resolve({
          pid: message.started,
          guardianPid: guardian.pid ?? 0,
          ended,
          stop: (graceMs) => send(guardian, `stop ${graceMs}`),
          kill: () => send(guardian, 'kill'),
        });
      } else if ('exited' in message) {
        end = message.exited;
      } else {
        reject(new ServerStartError(`${task.program} could not be started: ${message.failed}`, ''));
      }
    });
    guardian.on('error', (error) =>
      reject(new ServerStartError('the guardian process could not be started', '', error)),
    );
    guardian.on('close', (code, signal) => {
      if (end === undefined) {
        // Without its guardian the server has nobody to end it with us.
        if (server && isAlive(server)) killIfThere(server.pid);
        end = {
          code: null,
          signal: null,
          failure: `its guardian process ended (${signal ?? `status ${code}`})`,
        };
      }
      settle(end);
      reject(
        new ServerStartError(
          `${task.program} could not be started: ${end.failure ?? 'it ended at once'}`,
          '',
        ),
      );
    });
  });
}

function send(guardian: ChildProcess, line: string): void {
  if (guardian.stdin?.writable) guardian.stdin.write(`${line}\n`);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isCode(error, 'ESRCH')) throw error;
  }
}

type Report =
  | { readonly started: number }
  | { readonly exited: { readonly code: number | null; readonly signal: string | null } }
  | { readonly failed: string };

function parseReport(line: string): Report | undefined {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) return undefined;
  if ('started' in value && typeof value.started === 'number') return { started: value.started };
  if ('failed' in value && typeof value.failed === 'string') return { failed: value.failed };
  if ('exited' in value && typeof value.exited === 'object' && value.exited !== null) {
    const code = 'code' in value.exited && typeof value.exited.code === 'number' ? value.exited.code : null;
    const signal =
      'signal' in value.exited && typeof value.exited.signal === 'string' ? value.exited.signal : null;
    return { exited: { code, signal } };
  }
  return undefined;
}
