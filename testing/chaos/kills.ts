// Kills the processor and the server at seeded moments, starts them again, and measures how long until results go on.
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection, Subscription } from '@nats-io/nats-core';
import { patiently } from '#streams/patience.ts';
import type { RunningServer } from '#streams/server/index.ts';
import type { SeededRandom } from '../scene/random.ts';
import type { VerbChild } from './child.ts';

export interface KillRecord {
  readonly victim: 'processor' | 'server' | 'both';
  /** From the kill to the first result that was not there before, ms. A kill during a restart counts to the same result. */
  readonly restartMs: number;
}

/** Of kills: how many hit only the server, or both. */
const SERVER_SHARE = 0.25;
const BOTH_SHARE = 0.15;
/** Of kills: how many come without waiting for results to go on after the one before. */
const DURING_RESTART_SHARE = 0.2;
/** Longest pause before a kill, ms: several checkpoints, so that some lives get far and some do not. */
const PAUSE_MS = 4_000;
/** Without a result for this long the test has failed. */
const GIVE_UP_MS = 60_000;

export class Kills {
  readonly #nc: NatsConnection;
  readonly #server: RunningServer;
  readonly #child: VerbChild;
  readonly #random: SeededRandom;
  readonly #tell: (line: string) => void;
  /** What to say when results do not go on. */
  readonly #describe: () => Promise<string>;
  readonly #results: Subscription;
  readonly #seen = new Set<string>();
  #pending: { victim: KillRecord['victim']; at: number }[] = [];
  #onResult: (() => void) | undefined;
  #newResults = 0;
  readonly records: KillRecord[] = [];

  constructor(
    nc: NatsConnection,
    server: RunningServer,
    child: VerbChild,
    random: SeededRandom,
    tell: (line: string) => void,
    describe: () => Promise<string>,
  ) {
    this.#nc = nc;
    this.#server = server;
    this.#child = child;
    this.#random = random;
    this.#tell = tell;
    this.#describe = describe;
    this.#results = nc.subscribe('win.>', {
      callback: (error, message) => {
        if (error !== null) throw error;
        this.#take(message.headers?.get('Nats-Msg-Id') ?? '');
      },
    });
  }

  /** Resolves when all kills are done and results have gone on after the last. */
  async run(kills: number): Promise<void> {
    try {
      await this.#untilResult();
      for (let kill = 1; kill <= kills; kill++) {
        await delay(this.#random.between(0, PAUSE_MS));
        const victim = this.#choose();
        const hasty = this.#random.next() < DURING_RESTART_SHARE && kill < kills;
        const at = performance.now();
        if (victim === 'server') await this.#killServer();
        else if (victim === 'processor') await this.#child.kill9();
        else await Promise.all([this.#killServer(), this.#child.kill9()]);
        // What was sent before the kill may still be on its way to us, and does not count.
        await patiently('reaching the server again', () => this.#nc.flush());
        this.#pending.push({ victim, at });
        if (hasty) continue;
        await this.#untilResult();
        const { restartMs } = this.records.at(-1)!;
        this.#tell(
          `kill ${kill} of ${kills}: ${victim}; results again after ${(restartMs / 1_000).toFixed(1)} s`,
        );
      }
    } finally {
      this.#results.unsubscribe();
    }
  }

  #choose(): KillRecord['victim'] {
    const draw = this.#random.next();
    if (draw < BOTH_SHARE) return 'both';
    return draw < BOTH_SHARE + SERVER_SHARE ? 'server' : 'processor';
  }

  async #killServer(): Promise<void> {
    await this.#server.kill9();
    await this.#server.restart();
  }

  #take(messageId: string): void {
    // A processor that goes back sends nothing twice, but the server hands on what it then drops as a duplicate.
    if (this.#seen.has(messageId)) return;
    this.#seen.add(messageId);
    this.#newResults++;
    const now = performance.now();
    for (const { victim, at } of this.#pending) this.records.push({ victim, restartMs: now - at });
    this.#pending = [];
    this.#onResult?.();
  }

  async #untilResult(): Promise<void> {
    // With no kill pending any further result will do.
    const before = this.#newResults;
    const done = (): boolean =>
      this.#pending.length === 0 && (this.records.length > 0 || this.#newResults > before);
    if (done()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        const said = this.#child.lines.slice(-20).join('\n');
        void this.#describe().then(
          (state) =>
            reject(
              new Error(`no result for ${GIVE_UP_MS / 1_000} s; ${state}; the processor said:\n${said}`),
            ),
          reject,
        );
      }, GIVE_UP_MS);
      this.#onResult = () => {
        if (!done()) return;
        clearTimeout(limit);
        this.#onResult = undefined;
        resolve();
      };
    });
  }
}
