// Ground truth per tick: the latest ticks in memory, all of them as JSON lines in a file where one is named.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { TickTruth } from '#models/simulation/index.ts';

export class TruthLog {
  readonly #ticks = new Map<number, TickTruth>();
  readonly #keep: number;
  #file: number | undefined;

  /** Keeps the latest `keep` ticks in memory; appends every tick to `file`. */
  constructor(keep = 1200, file?: string) {
    this.#keep = keep;
    this.#file = file === undefined ? undefined : openSync(file, 'a');
  }

  add(tick: TickTruth): void {
    this.#ticks.set(tick.epochMs, tick);
    if (this.#ticks.size > this.#keep) this.#ticks.delete(this.#ticks.keys().next().value!);
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(tick)}\n`);
  }

  /** The truth at a tick's instant; undefined where it was never, or is no longer, kept. */
  at(epochMs: number): TickTruth | undefined {
    return this.#ticks.get(epochMs);
  }

  /** Kept ticks, oldest first. */
  all(): readonly TickTruth[] {
    return [...this.#ticks.values()];
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
