// Runs a processor: consumer -> decode -> partition -> publisher -> checkpoint -> acknowledgement, with the effect of
// each input exactly once, whatever is killed at whatever moment.
//
// How: outputs are deterministic and carry ids. A checkpoint (state + input position) is written when all outputs up to it
// are stored. After a crash the newest checkpoint that fits the server is restored, input is read again from there, and
// outputs found stored behind it are left out by id, once each. See docs/decisions/011-exactly-once.md.
//
// A runner lives one life after another (life.ts): what going back to a checkpoint mends ends one and begins the next.
import { BatchConsumer } from '#streams/consume.ts';
import { isStreamsError, messageOf } from '#streams/errors.ts';
import { patiently } from '#streams/patience.ts';
import type { StreamPosition } from '#streams/position.ts';
import { Publisher } from '#streams/publish.ts';
import { token } from '#streams/subjects.ts';
import { AlreadyPublished } from './already-published.ts';
import { CheckpointStore, type Generation } from './checkpoint.ts';
import { DeclaredSubjects } from './declared.ts';
import { type Engine, EngineLost, LocalEngine } from './engine.ts';
import { Life, MOST_UNCHECKPOINTED } from './life.ts';
import { LifeOutputs } from './life-outputs.ts';
import { RunnerMeters } from './meters.ts';
import type { Processor } from './processor.ts';
import { idsAfter, type OutputStream, outputStreamsOf, recover } from './recovery.ts';
import type { RunnerHealth, RunnerOptions, Running } from './running.ts';
import { PoisonedBatch } from './step.ts';
import { emptyTally } from './tally.ts';
import { WorkerEngine } from './worker-engine.ts';

/** Starts a processor; returns when it reads. */
export async function runProcessor<Input>(
  processor: Processor<Input>,
  options: RunnerOptions,
): Promise<Running> {
  const runner = new Runner(processor, options);
  await runner.start();
  return runner;
}

/** How long a drain waits for outputs to be stored. */
const DRAIN_LIMIT_MS = 15_000;
/** About a minute of a reachable server that does not store: longer than its restart with large streams. */
const PUBLISH_ATTEMPTS = 60;
/** Worker threads lost in succession, without a checkpoint between, until that is no accident. */
const MOST_LOST_ENGINES = 3;
/** How often figures are sampled and a checkpoint without input is looked at, at most. */
const TICK_MS = 500;

/** What a life is made of and ended by, beside itself. */
interface Living {
  readonly life: Life;
  readonly consumer: BatchConsumer;
  readonly outputs: LifeOutputs;
  readonly engine: Engine;
}

class Runner<Input> implements Running {
  readonly #processor: Processor<Input>;
  readonly #options: RunnerOptions;
  readonly #partition: string;
  /** Of this processor and partition among all; tokens have no underscore, so it is unambiguous. */
  readonly #name: string;
  readonly #outputStreams: readonly OutputStream[];
  readonly #declared: DeclaredSubjects;
  readonly #checkpointMs: number;
  readonly #checkpointMessages: number;
  readonly #meters: RunnerMeters;
  readonly #tally = emptyTally();
  readonly #log: (line: string) => void;
  #living: Living | undefined;
  #state: RunnerHealth['state'] = 'starting';
  #error: unknown;
  #timer: NodeJS.Timeout | undefined;
  /** Inputs up to here are worked through one by one: one of them made the partition throw. */
  #suspectThrough = 0;
  #draining = false;
  done: Promise<void> = Promise.resolve();

  constructor(processor: Processor<Input>, options: RunnerOptions) {
    this.#processor = processor;
    this.#options = options;
    this.#partition = token(options.partition ?? 'all', 'partition');
    this.#name = `${token(processor.name, 'processor')}_${this.#partition}`;
    this.#checkpointMs = options.checkpointMs ?? 1_000;
    this.#checkpointMessages = options.checkpointMessages ?? 50_000;
    this.#log = options.log ?? (() => undefined);
    this.#outputStreams = outputStreamsOf(processor, this.#name);
    this.#declared = new DeclaredSubjects(processor.name, this.#outputStreams);
    this.#meters = new RunnerMeters(options.metrics, processor.name, this.#partition);
  }

  get health(): RunnerHealth {
    const { lag, generation, messages, outputs, undecodable, poisonous, recoveries, lastBatchMs } =
      this.#tally;
    return {
      state: this.#state,
      processor: this.#processor.name,
      partition: this.#partition,
      lag,
      inputSeq: this.#living?.life.inputSeq ?? 0,
      generation,
      messages,
      outputs,
      suppressed: this.#tally.suppressed + (this.#living?.outputs.suppressed ?? 0),
      undecodable,
      poisonous,
      recoveries,
      lastBatchMs,
      lastCheckpointMs: this.#tally.lastCheckpointMs === 0 ? undefined : this.#tally.lastCheckpointMs,
      error: this.#error === undefined ? undefined : messageOf(this.#error),
    };
  }

  async start(): Promise<void> {
    this.#living = await this.#begin();
    this.#state = 'running';
    this.#timer = setInterval(() => this.#onTimer(), Math.min(this.#checkpointMs, TICK_MS));
    void this.#watchConnection();
    this.done = this.#run();
    // `done` is for whoever waits for it; a failure also shows in health.
    this.done.catch(() => undefined);
  }

  async drain(limitMs = DRAIN_LIMIT_MS): Promise<void> {
    if (this.#state === 'running') this.#state = 'draining';
    this.#draining = true;
    await this.#living?.consumer.close();
    // Without a server the outputs cannot be stored; the next start computes them again from the checkpoint.
    const limit = setTimeout(() => this.#living?.outputs.publisher.abandon(), limitMs);
    try {
      await this.done;
    } finally {
      clearTimeout(limit);
    }
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const { life } = this.#living!;
        const failure = await life.live();
        if (failure === undefined) break;
        if (!this.#recoverable(failure)) throw failure;
        this.#tally.recoveries++;
        this.#log(`${this.#processor.name} goes back to its checkpoint: ${messageOf(failure)}`);
        await life.end();
        this.#living = undefined;
        this.#living = await patiently('going back to the checkpoint', () => this.#begin());
      }
      await this.#living!.life.finish();
      await this.#options.nc.flush();
      this.#state = 'stopped';
    } catch (error) {
      this.#state = 'failed';
      this.#error = error;
      await this.#living?.life.abandon();
      throw error;
    } finally {
      clearInterval(this.#timer);
    }
  }

  /** Things that going back to a checkpoint mends. */
  #recoverable(failure: unknown): boolean {
    if (failure instanceof PoisonedBatch) {
      // The same batch again, although it was worked through one by one: that would go on for ever.
      if (failure.throughSeq <= this.#suspectThrough) return false;
      this.#suspectThrough = failure.throughSeq;
      return true;
    }
    if (failure instanceof EngineLost) return ++this.#tally.lostEngines < MOST_LOST_ENGINES;
    return isStreamsError(failure, 'stream-rewound');
  }

  async #openEngine(snapshot: Uint8Array | undefined): Promise<Engine> {
    const recipe = this.#options.worker;
    if (recipe === undefined) return new LocalEngine(this.#processor, this.#name, snapshot);
    const { name, input } = this.#processor;
    return WorkerEngine.open({ recipe, name, stream: input.stream, by: this.#name, snapshot });
  }

  async #begin(): Promise<Living> {
    const { nc, jsm } = this.#options;
    const store = await CheckpointStore.open(nc, jsm, this.#processor.name, this.#partition);
    const { engine, input, generation } = await recover(
      jsm,
      store,
      this.#processor,
      (snapshot) => this.#openEngine(snapshot),
      this.#log,
    );
    try {
      return await this.#beginAt(store, engine, input, generation);
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** A life from a restored position on. */
  async #beginAt(
    store: CheckpointStore,
    engine: Engine,
    input: StreamPosition,
    generation: Generation | undefined,
  ): Promise<Living> {
    const { nc, jsm, maxInFlight } = this.#options;
    const ends = new Map<string, number>();
    const stored = new Map<string, Map<string, number>>();
    for (const output of this.#outputStreams) {
      const after = generation?.outputs.find(({ stream }) => stream === output.stream)?.after ?? 0;
      const { ids, end } = await idsAfter(nc, jsm, output, after);
      ends.set(output.stream, end);
      const before = new Set(generation?.unacknowledged);
      stored.set(output.stream, new Map([...ids].filter(([id]) => !before.has(id))));
    }
    const consumer = await this.#openConsumer(input);
    if (this.#draining) await consumer.close();
    this.#tally.generation = generation?.generation ?? 0;
    const outputs = new LifeOutputs({
      publisher: new Publisher(nc, { maxMessages: maxInFlight ?? 1024, maxAttempts: PUBLISH_ATTEMPTS }),
      already: new AlreadyPublished(stored),
      ends,
      declared: this.#declared,
      tally: this.#tally,
    });
    const life = new Life({
      name: this.#processor.name,
      stateVersion: this.#processor.stateVersion,
      jsm,
      consumer,
      engine,
      outputs,
      outputStreams: this.#outputStreams.map(({ stream }) => stream),
      store,
      checkpointMs: this.#checkpointMs,
      checkpointMessages: this.#checkpointMessages,
      suspectThrough: this.#suspectThrough,
      meters: this.#meters,
      tally: this.#tally,
      log: this.#log,
    });
    return { life, consumer, outputs, engine };
  }

  #openConsumer(after: StreamPosition): Promise<BatchConsumer> {
    const { nc, jsm, maxMessages, maxBytes } = this.#options;
    return BatchConsumer.open(nc, jsm, {
      stream: this.#processor.input.stream,
      filters: this.#processor.input.filters,
      durable: this.#name,
      start: { after },
      maxAckPending: 2 * MOST_UNCHECKPOINTED * this.#checkpointMessages + 2 * (maxMessages ?? 2_000),
      ...(maxMessages === undefined ? {} : { maxMessages }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
  }

  #onTimer(): void {
    if (this.#living === undefined || this.#state !== 'running') return;
    const { life, engine, outputs } = this.#living;
    this.#meters.figures(this.#tally.lag, engine.figures(), outputs.publisher.counts, this.#tally);
    life.tick();
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#options.nc.status()) {
      if (this.#state === 'stopped' || this.#state === 'failed') return;
      if (status.type === 'reconnect') this.#living?.life.reconnected();
    }
  }
}
