// Whether a process that was seen before still lives: a process id alone may have been given to another program since.
import { readFileSync } from 'node:fs';

/** A process as it can be recognised later: its id and its start, in clock ticks since boot (0 where unknown). */
export interface ProcessMark {
  readonly pid: number;
  readonly start: number;
}

/** The mark of a live process; undefined when there is none of that id. */
export function markOf(pid: number): ProcessMark | undefined {
  if (!exists(pid)) return undefined;
  try {
    // Field 22 of proc(5) stat, counted after the command's closing parenthesis; a zombie no longer holds anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { pid, start: Number(fields[19]) };
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return exists(pid) ? { pid, start: 0 } : undefined;
    throw error;
  }
}

/** Whether the very process that was marked is still there. */
export function isAlive(mark: ProcessMark): boolean {
  const now = markOf(mark.pid);
  return now !== undefined && (now.start === mark.start || now.start === 0 || mark.start === 0);
}

/** Whether an unknown error is a system error of that code. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (isCode(error, 'EPERM')) return true;
    if (isCode(error, 'ESRCH')) return false;
    throw error;
  }
}
