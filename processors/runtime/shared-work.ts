// A worker among others: it takes a share of the items (venues), runs one processor per item it holds, hands them over when
// it is told to stop or somebody has fewer, and takes over what a dead worker held when its leases have expired.
import { isStreamsError, messageOf } from '#streams/errors.ts';
import { LEASE_TTL_S, type Leases } from '#streams/leases.ts';
import { isTransient } from '#streams/patience.ts';
import type { Running } from './running.ts';
import { shareStep } from './share.ts';

export interface SharedWorkOptions {
  readonly leases: Leases;
  readonly log: (line: string) => void;
}

/** How to run an item; a new version of it replaces the one before. */
export interface WorkItem {
  readonly version: number;
  start(): Promise<Running>;
}

interface Held {
  readonly version: number;
  readonly runner: Running;
  /** Set while it is being drained. */
  ending: boolean;
}

const STEP_MS = 400;
/** Four tries within the life of a lease. */
const RENEW_MS = (LEASE_TTL_S * 1_000) / 4;
/** Free for so long, an item goes to whoever sees it: those with fewer do not want it. */
const OVERDUE_MS = 2_500;
/** A lost item is somebody else's by now: what cannot be stored at once is theirs to compute. */
const LOST_DRAIN_MS = 1_000;

export class SharedWork {
  readonly #leases: Leases;
  readonly #log: (line: string) => void;
  readonly #items = new Map<string, WorkItem>();
  readonly #running = new Map<string, Held>();
  /** Taken, and on their way to `#running`. Never reject. */
  readonly #starting = new Map<string, Promise<void>>();
  readonly #freeSince = new Map<string, number>();
  readonly #renewing = new Set<string>();
  readonly #renewal: NodeJS.Timeout;
  #stopped = false;
  #failure: unknown;
  #wake: (() => void) | undefined;
  /** Resolves after stop(); rejects with the first error of a runner that is not about sharing. */
  readonly done: Promise<void>;

  constructor({ leases, log }: SharedWorkOptions) {
    this.#leases = leases;
    this.#log = log;
    this.#renewal = setInterval(() => this.#renewAll(), RENEW_MS);
    this.done = this.#loop();
    // For whoever waits for it.
    this.done.catch(() => undefined);
  }

  /** Items that run here now, sorted. */
  get running(): readonly string[] {
    return [...this.#running.keys()].sort();
  }

  /** Makes an item known, or a new version of it. */
  offer(item: string, work: WorkItem): void {
    this.#items.set(item, work);
    this.#wake?.();
  }

  /** Drains everything, hands it over, and says that this worker leaves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.done;
  }

  async #loop(): Promise<void> {
    try {
      while (!this.#stopped && this.#failure === undefined) {
        try {
          await this.#step();
        } catch (error) {
          // While the server is away or starting nobody can take anything: what runs here goes on.
          if (!isTransient(error)) throw error;
        }
        await this.#pause();
      }
    } finally {
      await this.#leave();
      clearInterval(this.#renewal);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #pause(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, STEP_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #step(): Promise<void> {
    await this.#leases.announce();
    const { holders, workers } = await this.#leases.look();
    const now = performance.now();
    const items = [...this.#items.keys()];
    for (const item of items) {
      if (holders.has(item)) this.#freeSince.delete(item);
      else if (!this.#freeSince.has(item)) this.#freeSince.set(item, now);
    }
    const overdue = new Set(items.filter((item) => now - (this.#freeSince.get(item) ?? now) > OVERDUE_MS));
    const { take, give } = shareStep({ self: this.#leases.self, workers, items, holders, overdue });
    for (const item of give) await this.#handOver(item, 'another worker has fewer');
    for (const item of take) {
      if (this.#stopped || this.#running.has(item) || this.#starting.has(item)) continue;
      if (await this.#leases.take(item)) this.#startSoon(item);
    }
    for (const [item, held] of this.#running) {
      if (held.version === this.#items.get(item)!.version || held.ending) continue;
      this.#log(`${item} has changed; its processor starts again with the new model`);
      held.ending = true;
      await held.runner.drain();
      this.#running.delete(item);
      await this.#begin(item);
    }
  }

  /** Not waited for: what becomes free while this one starts is taken meanwhile. */
  #startSoon(item: string): void {
    const starting = this.#begin(item)
      .catch((error: unknown) => {
        // The server is away: the item is free again, and taken by whoever reaches it first.
        if (!isTransient(error)) this.#fail(error);
      })
      .finally(() => this.#starting.delete(item));
    this.#starting.set(item, starting);
  }

  async #begin(item: string): Promise<void> {
    const { version, start } = this.#items.get(item)!;
    let runner: Running;
    try {
      runner = await start();
    } catch (error) {
      await this.#leases.give(item);
      throw error;
    }
    const held: Held = { version, runner, ending: false };
    // On a machine so busy that a lease ran out meanwhile nobody else may have wanted it: it is still ours to take.
    if (!this.#leases.held.includes(item) && !(await this.#leases.take(item))) {
      this.#log(`lost ${item} to another worker while it started`);
      held.ending = true;
      await runner.drain(LOST_DRAIN_MS);
      return;
    }
    this.#running.set(item, held);
    this.#log(`works on ${item}`);
    runner.done.catch((error: unknown) => this.#ended(item, held, error));
  }

  /** A runner ended by itself. */
  #ended(item: string, held: Held, error: unknown): void {
    if (held.ending) return;
    this.#running.delete(item);
    if (isStreamsError(error, 'consumer-taken') || isStreamsError(error, 'checkpoint-conflict')) {
      this.#log(`${item} is worked on elsewhere: ${messageOf(error)}`);
      // Ours by the lease and theirs in fact: whoever it is does not share. The lease says so until it expires.
      void this.#leases.give(item).catch((problem: unknown) => this.#fail(problem));
      return;
    }
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  async #handOver(item: string, why: string): Promise<void> {
    const held = this.#running.get(item);
    if (held === undefined) return;
    held.ending = true;
    await held.runner.drain();
    this.#running.delete(item);
    await this.#leases.give(item);
    this.#log(`hands over ${item}: ${why}`);
  }

  #renewAll(): void {
    for (const item of this.#leases.held) {
      if (this.#renewing.has(item)) continue;
      this.#renewing.add(item);
      void this.#renew(item).finally(() => this.#renewing.delete(item));
    }
  }

  async #renew(item: string): Promise<void> {
    try {
      if (await this.#leases.renew(item)) return;
      const held = this.#running.get(item);
      if (held === undefined || held.ending) return;
      // Run out because this machine was too busy to renew it, and nobody has taken it since: no reason to stop.
      if (await this.#leases.take(item)) return;
      this.#log(`lost ${item} to another worker`);
      held.ending = true;
      this.#running.delete(item);
      await held.runner.drain(LOST_DRAIN_MS);
    } catch (error) {
      // Not stored, or not reached: the next renewal tries again, and a runner that was replaced ends by its checkpoint.
      if (!isTransient(error) && !isStreamsError(error)) this.#fail(error);
    }
  }

  async #leave(): Promise<void> {
    // First, so that the others do not wait for us to want what we let go.
    try {
      await this.#leases.announce(true);
    } catch (error) {
      if (!isTransient(error)) this.#failure ??= error;
    }
    await Promise.all(this.#starting.values());
    const outcomes = await Promise.allSettled(
      [...this.#running.keys()].map((item) => this.#handOver(item, 'this worker stops')),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') this.#failure ??= outcome.reason;
  }
}
