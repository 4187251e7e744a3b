// Keeps the parts of `tidewatch up` running: each is a verb in a process of its own, restarted with a growing pause
// when it ends by itself, asked to stop in order when we stop. A child also ends when this process dies, because its
// channel to us closes (see endWithParent).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ENTRY = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'tidewatch.mjs');
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A part that ran this long before it ended starts again with the first pause. */
const HEALTHY_AFTER_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

export interface PartStatus {
  readonly name: string;
  readonly running: boolean;
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Why it last ended, where it did. */
  readonly lastEnd: string | undefined;
}

/** One verb kept running as a child process. */
export class SupervisedPart {
  readonly name: string;
  private readonly args: readonly string[];
  private readonly environment: NodeJS.ProcessEnv;
  private readonly tell: (line: string) => void;
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private restarts = 0;
  private stopping = false;
  private lastEnd: string | undefined;

  constructor(
    name: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv,
    tell: (line: string) => void,
  ) {
    this.name = name;
    this.args = args;
    this.environment = environment;
    this.tell = tell;
  }

  start(): void {
    const startedAt = Date.now();
    const child = spawn(process.execPath, [ENTRY, ...this.args], {
      env: { ...process.env, ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A group of its own: Ctrl-C reaches only the parent, which then stops the parts in order.
      detached: true,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null)
        createInterface({ input: stream }).on('line', (line) =>
          // A processor begins its lines with its name already.
          this.tell(line.startsWith(`${this.name}: `) ? line : `${this.name}: ${line}`),
        );
    }
    child.once('error', (error) => this.tell(`${this.name}: could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.child = undefined;
      this.lastEnd = signal === null ? `exit code ${code}` : `signal ${signal}`;
      if (this.stopping) return;
      if (Date.now() - startedAt > HEALTHY_AFTER_MS) this.pauseMs = FIRST_PAUSE_MS;
      this.restarts++;
      this.tell(`${this.name}: ended with ${this.lastEnd}; starting again in ${this.pauseMs / 1000} s`);
      this.timer = setTimeout(() => this.start(), this.pauseMs);
      this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    });
  }

  status(): PartStatus {
    return {
      name: this.name,
      running: this.child !== undefined,
      pid: this.child?.pid,
      restarts: this.restarts,
      lastEnd: this.lastEnd,
    };
  }

  /** Asks the part to finish, and ends it after 10 s. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    const child = this.child;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.tell(`${this.name}: did not finish within ${STOP_TIMEOUT_MS / 1000} s and is ended`);
      child.kill('SIGKILL');
    }, STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** In a verb started by `up`: end (as on SIGTERM) when the parent has died. Does nothing when started by hand. */
export function endWithParent(): void {
  if (process.connected) {
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    // The channel alone must not keep a finished verb alive.
    process.channel?.unref();
  }
}

/** Resolves with the signal's name on the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false;
    const handle = (signal: NodeJS.Signals): void => {
      if (stopping) process.exit(130);
      stopping = true;
      resolve(signal);
    };
    process.on('SIGINT', handle);
    process.on('SIGTERM', handle);
  });
}
