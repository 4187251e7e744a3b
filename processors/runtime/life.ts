// One life of a runner between two recoveries: batches through the engine, outputs published, checkpoints written.
//
// The partition may live in a worker thread (engine.ts). Then one more batch is under way while one is worked on, and
// whatever follows from an answer (outputs, position, checkpoint) is done strictly in the order of the requests.
import type { JetStreamManager } from '@nats-io/jetstream';
import { EMPTY, from, ignoreElements, lastValueFrom, type ObservableInput } from 'rxjs';
import { batches } from '#streams/batches.ts';
import type { AckPoint, Batch, BatchConsumer } from '#streams/consume.ts';
import { parseDelivery } from '#streams/position.ts';
import type { CheckpointStore, OutputPosition } from './checkpoint.ts';
import type { Engine, Worked } from './engine.ts';
import type { LifeOutputs } from './life-outputs.ts';
import type { RunnerMeters } from './meters.ts';
import type { Tally } from './tally.ts';

/** A crash repeats at most this many times checkpointMessages. */
export const MOST_UNCHECKPOINTED = 4;
/** From one checkpoint to the next at least this many times as long as writing it took. */
const PAUSE_PER_WRITE = 5;
/** Batches given to a worker thread and not settled yet: one is worked on while the next is on its way. */
const BATCHES_UNDER_WAY = 2;

export interface LifeParts {
  readonly name: string;
  readonly stateVersion: number;
  readonly jsm: JetStreamManager;
  readonly consumer: BatchConsumer;
  readonly engine: Engine;
  readonly outputs: LifeOutputs;
  readonly outputStreams: readonly string[];
  readonly store: CheckpointStore;
  readonly checkpointMs: number;
  readonly checkpointMessages: number;
  /** Inputs up to here are worked through one by one: one of them made the partition throw. */
  readonly suspectThrough: number;
  readonly meters: RunnerMeters;
  readonly tally: Tally;
  readonly log: (line: string) => void;
}

export class Life {
  readonly #parts: LifeParts;
  /** What follows from the engine's promised answers, in the order of the requests. Never rejects: see #failure. */
  #tail: Promise<void> = Promise.resolve();
  /** Batches given to the engine and not settled. */
  #underWay = 0;
  /** Last batch worked through. */
  #at: AckPoint | undefined;
  /** Messages worked through that are in no checkpoint. */
  #dirtyMessages = 0;
  #checkpointing: Promise<void> | undefined;
  /** A batch waits for its outputs to be taken: the state is ahead of the position. */
  #stepping = false;
  #verifyOutputs = false;
  /** What ended it from outside a batch: a checkpoint that could not be written, outputs the server lost. */
  #failure: unknown;

  constructor(parts: LifeParts) {
    this.#parts = parts;
  }

  /** Position of the last batch worked through. */
  get inputSeq(): number {
    return this.#at?.seq ?? 0;
  }

  /** Works through batches until the consumer is closed (gives undefined) or something fails (gives it). */
  async live(): Promise<unknown> {
    try {
      await lastValueFrom(
        batches(this.#parts.consumer, (batch) => this.#step(batch)),
        { defaultValue: undefined },
      );
      await this.#tail;
      return this.#failure;
    } catch (error) {
      // Said at once: the state may be spoilt, and must not get into a checkpoint.
      this.#failure ??= error;
      await this.#tail;
      return this.#failure;
    }
  }

  /** Ends it before going back: what it published must be stored, to be seen as such. */
  async end(): Promise<void> {
    const { consumer, engine, outputs, tally } = this.#parts;
    await consumer.close();
    await this.#tail;
    await this.#checkpointing;
    await engine.close();
    await outputs.publisher.close();
    tally.suppressed += outputs.suppressed;
  }

  /** Ends it in order: everything stored, in a checkpoint, acknowledged. */
  async finish(): Promise<void> {
    await this.#checkpointing;
    if (this.#dirtyMessages > 0) await this.#checkpoint();
    if (this.#failure !== undefined) throw this.#failure;
    await this.#parts.engine.close();
    await this.#parts.outputs.publisher.close();
  }

  /** Ends it at once; what is in flight may or may not be stored. */
  async abandon(): Promise<void> {
    this.#parts.outputs.publisher.abandon();
    await this.#parts.consumer.close();
    await this.#parts.engine.close();
  }

  /** After a reconnection: before the next batch it is asked whether the server still has what it stored. */
  reconnected(): void {
    this.#verifyOutputs = true;
  }

  /** Now and then, also without input: a checkpoint that is due, outputs to be checked. */
  tick(): void {
    const { outputs, jsm, tally, checkpointMs } = this.#parts;
    if (this.#stepping) return;
    if (this.#verifyOutputs) {
      this.#verifyOutputs = false;
      void outputs.check(jsm).catch((error: unknown) => this.#interrupt(error));
    }
    const pause = Math.max(checkpointMs, PAUSE_PER_WRITE * tally.checkpointTookMs);
    const due = this.#dirtyMessages > 0 && this.#sinceCheckpoint() >= pause;
    if (due && this.#checkpointing === undefined) void this.#checkpoint();
  }

  /** Ends it from outside a batch. */
  #interrupt(failure: unknown): Promise<void> {
    this.#failure ??= failure;
    return this.#parts.consumer.close();
  }

  /** One batch. Synchronous unless something has to be waited for: then its observable completes later. */
  #step(batch: Batch): ObservableInput<never> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#verifyOutputs) {
      this.#verifyOutputs = false;
      return promiseStep(this.#parts.outputs.check(this.#parts.jsm).then(() => this.#work(batch)));
    }
    const waiting = this.#work(batch);
    return waiting === undefined ? EMPTY : promiseStep(waiting);
  }

  #work(batch: Batch): Promise<void> | undefined {
    const startedAt = performance.now();
    const { engine, suspectThrough } = this.#parts;
    const suspect = parseDelivery(batch.messages[0]!.reply ?? '').seq <= suspectThrough;
    const worked = suspect ? engine.oneByOne(batch.messages) : engine.through(batch.messages);
    if (worked instanceof Promise) return this.#workUnderWay(batch, worked, startedAt);
    const waiting = this.#take(batch, worked, startedAt);
    if (waiting === undefined) return this.#settle(batch);
    this.#stepping = true;
    return waiting.then(() => {
      this.#stepping = false;
      return this.#settle(batch);
    });
  }

  /** A batch that a worker thread has: the next may be asked for at once, unless enough are under way. */
  #workUnderWay(batch: Batch, promised: Promise<Worked>, startedAt: number): Promise<void> | undefined {
    // Awaited in its turn, below; until then a rejection is nobody's.
    promised.catch(() => undefined);
    this.#underWay++;
    const oneBefore = this.#tail;
    void this.#inOrder(async () => {
      const worked = await promised;
      await this.#take(batch, worked, startedAt);
      this.#underWay--;
      // What this may wait for comes later in the same order: the next batch waits for it instead.
      void this.#settle(batch);
    });
    if (this.#farBehind() && this.#checkpointing !== undefined) return this.#checkpointing;
    return this.#underWay < BATCHES_UNDER_WAY ? undefined : oneBefore;
  }

  /** Does `work` behind everything that follows from earlier requests to the engine. */
  #inOrder(work: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await work();
      } catch (error) {
        await this.#interrupt(error);
      }
    });
    return this.#tail;
  }

  /** Takes note of what became of a batch and publishes it. */
  #take(batch: Batch, worked: Worked, startedAt: number): Promise<void> | undefined {
    const { meters, outputs, tally } = this.#parts;
    meters.batch(batch.messages.length, (performance.now() - startedAt) / 1000);
    tally.messages += batch.messages.length;
    tally.lag = batch.pending;
    tally.lastBatchMs = Date.now();
    return outputs.publish(worked);
  }

  /** After a batch: its position, and a checkpoint when one is due. */
  #settle(batch: Batch): Promise<void> | undefined {
    const { checkpointMs, checkpointMessages, tally } = this.#parts;
    this.#at = batch.last;
    this.#dirtyMessages += batch.messages.length;
    const many = this.#dirtyMessages >= checkpointMessages;
    if (!many && this.#sinceCheckpoint() < checkpointMs) return undefined;
    const limit = this.#farBehind();
    // A large state is written less often, so that writing it takes a small share of the time.
    if (!limit && this.#sinceCheckpoint() < PAUSE_PER_WRITE * tally.checkpointTookMs) return undefined;
    if (this.#checkpointing === undefined) {
      void this.#checkpoint();
      return undefined;
    }
    // The one before is still being written. Far behind it, the input waits: what a crash repeats stays bounded.
    return limit ? this.#checkpointing : undefined;
  }

  /** So far behind the last checkpoint that the input waits for the next: what a crash repeats stays bounded. */
  #farBehind(): boolean {
    return this.#dirtyMessages >= MOST_UNCHECKPOINTED * this.#parts.checkpointMessages;
  }

  #sinceCheckpoint(): number {
    return Date.now() - this.#parts.tally.lastCheckpointMs;
  }

  /** Takes the state behind the last batch given to the engine, and writes it while the next are worked on. Never rejects. */
  #checkpoint(): Promise<void> {
    const nothingNew = this.#at === undefined && this.#underWay === 0;
    if (nothingNew || this.#failure !== undefined) return Promise.resolve();
    const startedAt = performance.now();
    this.#parts.tally.lastCheckpointMs = Date.now();
    let writing: Promise<void> | undefined;
    try {
      const state = this.#parts.engine.snapshot();
      if (!(state instanceof Promise)) writing = this.#write(state, startedAt);
      else {
        state.catch(() => undefined);
        let written: Promise<void> | undefined;
        // Begun in order; that it is written is not waited for there.
        writing = this.#inOrder(async () => {
          written = this.#write(await state, startedAt);
          written.catch(() => undefined);
        }).then(() => written);
      }
    } catch (error) {
      writing = Promise.reject(error);
    }
    this.#checkpointing = writing
      .catch((error: unknown) => this.#interrupt(error))
      .finally(() => {
        this.#checkpointing = undefined;
      });
    return this.#checkpointing;
  }

  /** Writes `state`, which is that behind `#at`. Everything up to the first wait belongs to that moment. */
  #write(state: Uint8Array, startedAt: number): Promise<void> {
    const { consumer, log, meters, name, outputs, outputStreams, stateVersion, store, tally } = this.#parts;
    const { publisher } = outputs;
    const at = this.#at;
    if (at === undefined) return Promise.resolve();
    this.#dirtyMessages = 0;
    const snapshotSeconds = (performance.now() - startedAt) / 1000;
    // Outputs of later inputs are published after this moment, so they come behind what is acknowledged now.
    const unacknowledged = publisher.inFlightIds();
    const after = outputStreams.map((stream) => ({ stream, after: outputs.after(stream) }));
    return publisher.flush().then(async () => {
      const positions: OutputPosition[] = after.map((one) => ({
        ...one,
        through: publisher.acked.get(one.stream) ?? null,
      }));
      const head = { stateVersion, input: at, outputs: positions, unacknowledged };
      const { generation, writtenBytes } = await store.write(head, state);
      consumer.ack(at);
      tally.generation = generation;
      tally.checkpointTookMs = performance.now() - startedAt;
      meters.checkpoint({
        seconds: tally.checkpointTookMs / 1000,
        snapshotSeconds,
        stateBytes: state.byteLength,
        writtenBytes,
      });
      tally.lostEngines = 0;
      const forgotten = outputs.forgetStale();
      if (forgotten === 0) return;
      meters.unmatched(forgotten);
      log(
        `${name}: ${forgotten} outputs stored before the restart were not computed again: ` +
          'input was lost by the server, or the processor is not deterministic',
      );
    });
  }
}

/** A promise as a step of the pipeline that emits nothing. */
function promiseStep(work: Promise<void>): ObservableInput<never> {
  return from(work).pipe(ignoreElements());
}
