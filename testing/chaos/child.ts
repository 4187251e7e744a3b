// A verb of the product as a child process that tests kill: started again at once when it ends, gone when we are.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ENTRY = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'tidewatch.mjs');
const PAUSE_MS = 100;

export interface VerbChild {
  readonly pid: number | undefined;
  readonly running: boolean;
  /** Times it was started. */
  readonly starts: number;
  /** Its last lines. */
  readonly lines: readonly string[];
  /** SIGKILL; resolves when it has ended. It is started again unless `forGood`. */
  kill9(forGood?: boolean): Promise<void>;
  /** SIGSTOP: it stays there and does nothing. SIGKILL still ends it. */
  freeze(): void;
  /** SIGTERM; gives its exit code, or null when a signal ended it. */
  stop(limitMs?: number): Promise<number | null>;
}

const KEPT_LINES = 200;

/** Starts `tidewatch <args>`; restarted whenever it ends until kill9(true) or stop(). */
export function startVerb(
  args: readonly string[],
  tell: (line: string) => void = () => undefined,
): VerbChild {
  let child: ChildProcess;
  let starts = 0;
  let wanted = true;
  let timer: NodeJS.Timeout | undefined;
  const lines: string[] = [];

  function start(): void {
    starts++;
    child = spawn(process.execPath, [ENTRY, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        tell(line);
      });
    }
    child.once('exit', () => {
      if (wanted) timer = setTimeout(start, PAUSE_MS);
    });
  }
  const running = (): boolean =>
    child.exitCode === null && child.signalCode === null && child.pid !== undefined;

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!running()) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  start();
  return {
    get pid() {
      return child.pid;
    },
    get running() {
      return running();
    },
    get starts() {
      return starts;
    },
    lines,
    async kill9(forGood = false) {
      if (forGood) {
        wanted = false;
        clearTimeout(timer);
      }
      await end('SIGKILL');
    },
    freeze() {
      child.kill('SIGSTOP');
    },
    async stop(limitMs = 30_000) {
      wanted = false;
      clearTimeout(timer);
      const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
      await end('SIGTERM');
      clearTimeout(limit);
      return child.exitCode;
    },
  };
}
