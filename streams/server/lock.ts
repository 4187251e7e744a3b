// One server per data folder: a lock file that says who holds it, so that a crashed holder's lock is recognised.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DataFolderInUseError } from './errors.ts';
import { isAlive, isCode, markOf, type ProcessMark } from './processes.ts';

interface LockContent {
  /** The program that started the server. */
  readonly owner: ProcessMark;
  /** The server and its guardian, once they run. */
  readonly server?: ProcessMark;
  readonly guardian?: ProcessMark;
}

const OWNER_WAIT_MS = 300;

/** A held lock on a data folder. */
export interface FolderLock {
  /** Notes the processes that hold the folder from now on. */
  heldBy(guardianPid: number, serverPid: number): void;
  /** Notes that the owner holds the folder while no server runs in it, as during a restart. */
  heldByOwner(): void;
  release(): void;
}

/**
 * Takes the lock of a data folder.
 * A holder whose own program lives on for OWNER_WAIT_MS is refused (a program just killed takes a moment to go); a
 * server whose program has crashed is about to be ended by its guardian, so this waits up to `orphanWaitMs` for it.
 * @throws DataFolderInUseError
 */
export async function lockFolder(dataFolder: string, orphanWaitMs = 5_000): Promise<FolderLock> {
  const file = path.join(dataFolder, 'server.lock');
  const mine = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const owner = markOf(process.pid) ?? { pid: process.pid, start: 0 };
  const start = Date.now();
  for (;;) {
    if (create(file, mine, { owner })) break;
    const text = read(file);
    if (text === undefined) continue;
    const content = parse(text);
    const holder = content && liveHolder(content);
    if (content === undefined || holder === undefined) {
      removeStale(file, `${mine}.stale`, text);
      continue;
    }
    const patience = isAlive(content.owner) ? OWNER_WAIT_MS : orphanWaitMs;
    if (Date.now() - start >= patience) throw new DataFolderInUseError(dataFolder, holder);
    await delay(50);
  }
  let held: LockContent = { owner };
  const note = (content: LockContent) => {
    held = content;
    writeFileSync(mine, JSON.stringify(held));
    renameSync(mine, file);
  };
  return {
    heldBy(guardianPid, serverPid) {
      const server = markOf(serverPid);
      const guardian = markOf(guardianPid);
      note({ owner, ...(server && { server }), ...(guardian && { guardian }) });
    },
    heldByOwner() {
      note({ owner });
    },
    release() {
      if (read(file) === JSON.stringify(held)) rmSync(file, { force: true });
    },
  };
}

/** Creates the lock with its whole content in one step; false when there is one already. */
function create(file: string, temporary: string, content: LockContent): boolean {
  writeFileSync(temporary, JSON.stringify(content));
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Moves a stale lock aside; when another program was quicker and it is no longer the stale one, puts it back. */
function removeStale(file: string, aside: string, staleText: string): void {
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  if (read(aside) !== staleText) {
    try {
      linkSync(aside, file);
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }
  rmSync(aside, { force: true });
}

function liveHolder(content: LockContent): number | undefined {
  if (content.server && isAlive(content.server)) return content.server.pid;
  if (content.guardian && isAlive(content.guardian)) return content.guardian.pid;
  if (!content.server && isAlive(content.owner)) return content.owner.pid;
  return undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Undefined for what no version of this code has written: such a lock protects nobody. */
function parse(text: string): LockContent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null || !('owner' in value) || !isMark(value.owner))
    return undefined;
  const server = 'server' in value && isMark(value.server) ? value.server : undefined;
  const guardian = 'guardian' in value && isMark(value.guardian) ? value.guardian : undefined;
  return { owner: value.owner, ...(server && { server }), ...(guardian && { guardian }) };
}

function isMark(value: unknown): value is ProcessMark {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    Number.isSafeInteger(value.pid) &&
    'start' in value &&
    typeof value.start === 'number'
  );
}
