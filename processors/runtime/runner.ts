// Runs a processor: consumer -> decode -> partition -> publisher -> checkpoint -> acknowledgement, with the effect of
// each input exactly once, whatever is killed at whatever moment.
//
// How: outputs are deterministic and carry ids. A checkpoint (state + input position) is written when all outputs up to it
// are stored. After a crash the newest checkpoint that fits the server is restored, input is read again from there, and
// outputs found stored behind it are left out by id, once each. See docs/decisions/011-exactly-once.md.
//
// The partition may live in a worker thread (engine.ts). Then one more batch is under way while one is worked on, and
// whatever follows from an answer (outputs, position, checkpoint) is done strictly in the order of the requests.
import { EMPTY, from, ignoreElements, lastValueFrom, type ObservableInput } from 'rxjs';
import { batches } from '#streams/batches.ts';
import { type AckPoint, type Batch, BatchConsumer, type RawMessage } from '#streams/consume.ts';
import { isStreamsError, messageOf, StreamsError } from '#streams/errors.ts';
import { patiently } from '#streams/patience.ts';
import { parseDelivery, type StreamPosition } from '#streams/position.ts';
import { type OutgoingMessage, Publisher } from '#streams/publish.ts';
import { token } from '#streams/subjects.ts';
import { subjectMatches } from '#streams/topology.ts';
import { AlreadyPublished } from './already-published.ts';
import { CheckpointStore, type Generation, type OutputPosition } from './checkpoint.ts';
import { type Engine, EngineLost, LocalEngine, type Worked } from './engine.ts';
import { RunnerMeters, type SetAsideCounts } from './meters.ts';
import type { Output, Processor } from './processor.ts';
import { idsAfter, type OutputStream, outputStreamsOf, outputsStored, recover } from './recovery.ts';
import type { RunnerHealth, RunnerOptions, Running } from './running.ts';
import { PoisonedBatch, type SetAside } from './step.ts';
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

/** A crash repeats at most this many times checkpointMessages. */
const MOST_UNCHECKPOINTED = 4;
/** From one checkpoint to the next at least this many times as long as writing it took. */
const PAUSE_PER_WRITE = 5;
/** How long a drain waits for outputs to be stored. */
const DRAIN_LIMIT_MS = 15_000;
/** Subjects remembered as declared; far more than a venue has. */
const MOST_KNOWN_SUBJECTS = 100_000;
/** About a minute of a reachable server that does not store: longer than its restart with large streams. */
const PUBLISH_ATTEMPTS = 60;

/** Batches given to a worker thread and not settled yet: one is worked on while the next is on its way. */
const BATCHES_UNDER_WAY = 2;
/** Worker threads lost in succession, without a checkpoint between, until that is no accident. */
const MOST_LOST_ENGINES = 3;

/** One life between two recoveries. */
interface Life {
  readonly consumer: BatchConsumer;
  readonly publisher: Publisher;
  readonly store: CheckpointStore;
  readonly already: AlreadyPublished;
  /** Where each output stream ended when this life began. */
  readonly ends: ReadonlyMap<string, number>;
  readonly engine: Engine;
  /** What follows from the engine's promised answers, in the order of the requests. Never rejects: see failure. */
  tail: Promise<void>;
  /** Batches given to the engine and not settled. */
  underWay: number;
  /** Last batch worked through, and whether that is in a checkpoint. */
  at: AckPoint | undefined;
  dirtyMessages: number;
  checkpointing: Promise<void> | undefined;
  /** What ended it from outside a batch: a checkpoint that could not be written, outputs the server lost. */
  failure: unknown;
  /** Checkpoints written since outputs were last left out. */
  quietCheckpoints: number;
}

class Runner<Input> implements Running {
  readonly #processor: Processor<Input>;
  readonly #options: RunnerOptions;
  readonly #partition: string;
  /** Of this processor and partition among all; tokens have no underscore, so it is unambiguous. */
  readonly #name: string;
  readonly #outputStreams: readonly OutputStream[];
  readonly #checkpointMs: number;
  readonly #checkpointMessages: number;
  readonly #meters: RunnerMeters;
  readonly #counts: SetAsideCounts = { undecodable: 0, poisonous: 0 };
  readonly #log: (line: string) => void;
  readonly #knownSubjects = new Set<string>();
  #life: Life | undefined;
  #state: RunnerHealth['state'] = 'starting';
  #error: unknown;
  #timer: NodeJS.Timeout | undefined;
  #stepping = false;
  /** Inputs up to here are worked through one by one: one of them made the partition throw. */
  #suspectThrough = 0;
  #verifyOutputs = false;
  #recoveries = 0;
  #lostEngines = 0;
  #messages = 0;
  #outputs = 0;
  #suppressed = 0;
  #lag = 0;
  #generation = 0;
  #lastBatchMs: number | undefined;
  #lastCheckpointMs = 0;
  #checkpointTookMs = 0;
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
    this.#meters = new RunnerMeters(options.metrics, processor.name, this.#partition);
  }

  get health(): RunnerHealth {
    return {
      state: this.#state,
      processor: this.#processor.name,
      partition: this.#partition,
      lag: this.#lag,
      inputSeq: this.#life?.at?.seq ?? 0,
      generation: this.#generation,
      messages: this.#messages,
      outputs: this.#outputs,
      suppressed: this.#suppressed + (this.#life?.already.suppressed ?? 0),
      undecodable: this.#counts.undecodable,
      poisonous: this.#counts.poisonous,
      recoveries: this.#recoveries,
      lastBatchMs: this.#lastBatchMs,
      lastCheckpointMs: this.#lastCheckpointMs === 0 ? undefined : this.#lastCheckpointMs,
      error: this.#error === undefined ? undefined : messageOf(this.#error),
    };
  }

  async start(): Promise<void> {
    this.#life = await this.#begin();
    this.#state = 'running';
    this.#timer = setInterval(() => this.#onTimer(), Math.min(this.#checkpointMs, 500));
    void this.#watchConnection();
    this.done = this.#run();
    // `done` is for whoever waits for it; a failure also shows in health.
    this.done.catch(() => undefined);
  }

  async drain(limitMs = DRAIN_LIMIT_MS): Promise<void> {
    if (this.#state === 'running') this.#state = 'draining';
    this.#draining = true;
    await this.#life?.consumer.close();
    // Without a server the outputs cannot be stored; the next start computes them again from the checkpoint.
    const limit = setTimeout(() => this.#life?.publisher.abandon(), limitMs);
    try {
      await this.done;
    } finally {
      clearTimeout(limit);
    }
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const life = this.#life!;
        const failure = await this.#live(life);
        if (failure === undefined) break;
        if (!this.#recoverable(failure)) throw failure;
        this.#recoveries++;
        this.#log(`${this.#processor.name} goes back to its checkpoint: ${messageOf(failure)}`);
        await this.#end(life);
        this.#life = await patiently('going back to the checkpoint', () => this.#begin());
      }
      await this.#finish(this.#life!);
      this.#state = 'stopped';
    } catch (error) {
      this.#state = 'failed';
      this.#error = error;
      this.#life?.publisher.abandon();
      await this.#life?.consumer.close();
      await this.#life?.engine.close();
      throw error;
    } finally {
      clearInterval(this.#timer);
    }
  }

  /** Works through batches until the consumer is closed (gives undefined) or something fails (gives it). */
  async #live(life: Life): Promise<unknown> {
    try {
      await lastValueFrom(
        batches(life.consumer, (batch) => this.#step(life, batch)),
        { defaultValue: undefined },
      );
      await life.tail;
      return life.failure;
    } catch (error) {
      // Said at once: the state may be spoilt, and must not get into a checkpoint.
      life.failure ??= error;
      await life.tail;
      return life.failure;
    }
  }

  /** Ends a life from outside a batch. */
  #interrupt(life: Life, failure: unknown): Promise<void> {
    life.failure ??= failure;
    return life.consumer.close();
  }

  /** Things that going back to a checkpoint mends. */
  #recoverable(failure: unknown): boolean {
    if (failure instanceof PoisonedBatch) {
      // The same batch again, although it was worked through one by one: that would go on for ever.
      if (failure.throughSeq <= this.#suspectThrough) return false;
      this.#suspectThrough = failure.throughSeq;
      return true;
    }
    if (failure instanceof EngineLost) return ++this.#lostEngines < MOST_LOST_ENGINES;
    return isStreamsError(failure, 'stream-rewound');
  }

  async #openEngine(snapshot: Uint8Array | undefined): Promise<Engine> {
    const recipe = this.#options.worker;
    if (recipe === undefined) return new LocalEngine(this.#processor, this.#name, snapshot);
    const { name, input } = this.#processor;
    return WorkerEngine.open({ recipe, name, stream: input.stream, by: this.#name, snapshot });
  }

  async #begin(): Promise<Life> {
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
  ): Promise<Life> {
    const { nc, jsm, maxMessages, maxBytes, maxInFlight } = this.#options;
    const ends = new Map<string, number>();
    const stored = new Map<string, Map<string, number>>();
    for (const output of this.#outputStreams) {
      const after = generation?.outputs.find(({ stream }) => stream === output.stream)?.after ?? 0;
      const { ids, end } = await idsAfter(nc, jsm, output, after);
      ends.set(output.stream, end);
      const before = new Set(generation?.unacknowledged);
      stored.set(output.stream, new Map([...ids].filter(([id]) => !before.has(id))));
    }
    const consumer = await BatchConsumer.open(nc, jsm, {
      stream: this.#processor.input.stream,
      filters: this.#processor.input.filters,
      durable: this.#name,
      start: { after: input },
      maxAckPending: 2 * MOST_UNCHECKPOINTED * this.#checkpointMessages + 2 * (maxMessages ?? 2_000),
      ...(maxMessages === undefined ? {} : { maxMessages }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    if (this.#draining) await consumer.close();
    this.#generation = generation?.generation ?? 0;
    this.#stepping = false;
    this.#verifyOutputs = false;
    return {
      consumer,
      publisher: new Publisher(nc, { maxMessages: maxInFlight ?? 1024, maxAttempts: PUBLISH_ATTEMPTS }),
      store,
      already: new AlreadyPublished(stored),
      ends,
      engine,
      tail: Promise.resolve(),
      underWay: 0,
      at: undefined,
      dirtyMessages: 0,
      checkpointing: undefined,
      failure: undefined,
      quietCheckpoints: 0,
    };
  }

  /** Ends a life before going back: what it published must be stored, to be seen as such. */
  async #end(life: Life): Promise<void> {
    await life.consumer.close();
    await life.tail;
    await life.checkpointing;
    await life.engine.close();
    await life.publisher.close();
    this.#suppressed += life.already.suppressed;
  }

  async #finish(life: Life): Promise<void> {
    await life.checkpointing;
    if (life.dirtyMessages > 0) await this.#checkpoint(life);
    if (life.failure !== undefined) throw life.failure;
    await life.engine.close();
    await life.publisher.close();
    await this.#options.nc.flush();
  }

  /** One batch. Synchronous unless something has to be waited for: then its observable completes later. */
  #step(life: Life, batch: Batch): ObservableInput<never> {
    if (life.failure !== undefined) throw life.failure;
    if (this.#verifyOutputs) return promiseStep(this.#checkOutputs(life).then(() => this.#work(life, batch)));
    const waiting = this.#work(life, batch);
    return waiting === undefined ? EMPTY : promiseStep(waiting);
  }

  #work(life: Life, batch: Batch): Promise<void> | undefined {
    const startedAt = performance.now();
    const worked = this.#through(life, batch.messages);
    if (worked instanceof Promise) return this.#underWay(life, batch, worked, startedAt);
    const waiting = this.#take(life, batch, worked, startedAt);
    if (waiting === undefined) return this.#settle(life, batch);
    this.#stepping = true;
    return waiting.then(() => {
      this.#stepping = false;
      return this.#settle(life, batch);
    });
  }

  /** A batch that a worker thread has: the next may be asked for at once, unless enough are under way. */
  #underWay(
    life: Life,
    batch: Batch,
    promised: Promise<Worked>,
    startedAt: number,
  ): Promise<void> | undefined {
    // Awaited in its turn, below; until then a rejection is nobody's.
    promised.catch(() => undefined);
    life.underWay++;
    const oneBefore = life.tail;
    void this.#inOrder(life, async () => {
      const worked = await promised;
      await this.#take(life, batch, worked, startedAt);
      life.underWay--;
      // What this may wait for comes later in the same order: the next batch waits for it instead.
      void this.#settle(life, batch);
    });
    if (this.#farBehind(life) && life.checkpointing !== undefined) return life.checkpointing;
    return life.underWay < BATCHES_UNDER_WAY ? undefined : oneBefore;
  }

  /** Does `work` behind everything that follows from earlier requests to the engine. */
  #inOrder(life: Life, work: () => Promise<void>): Promise<void> {
    life.tail = life.tail.then(async () => {
      if (life.failure !== undefined) return;
      try {
        await work();
      } catch (error) {
        await this.#interrupt(life, error);
      }
    });
    return life.tail;
  }

  #through(life: Life, messages: readonly RawMessage[]): Worked | Promise<Worked> {
    if (parseDelivery(messages[0]!.reply ?? '').seq > this.#suspectThrough) {
      return life.engine.through(messages);
    }
    return life.engine.oneByOne(messages);
  }

  /** Takes note of what became of a batch and publishes it. */
  #take(life: Life, batch: Batch, { outputs, bad }: Worked, startedAt: number): Promise<void> | undefined {
    this.#meters.batch(batch.messages.length, (performance.now() - startedAt) / 1000);
    this.#messages += batch.messages.length;
    this.#lag = batch.pending;
    this.#lastBatchMs = Date.now();
    return this.#publish(life, bad, outputs);
  }

  #publish(life: Life, bad: readonly SetAside[], outputs: readonly Output[]): Promise<void> | undefined {
    const all = bad.length === 0 ? outputs : [...this.#notYetSetAside(life, bad), ...outputs];
    for (let i = 0; i < all.length; i++) {
      const waiting = this.#publishOne(life, all[i]!);
      if (waiting !== undefined) return this.#publishRest(life, all, i + 1, waiting);
    }
    return undefined;
  }

  /** What this process puts in quarantine now; going back to a checkpoint meets the same input again. */
  #notYetSetAside(life: Life, bad: readonly SetAside[]): OutgoingMessage[] {
    const fresh = bad.filter(({ message }) => !life.already.has(message.messageId));
    for (const { poisonous } of fresh) this.#counts[poisonous ? 'poisonous' : 'undecodable']++;
    return fresh.map(({ message }) => message);
  }

  async #publishRest(
    life: Life,
    all: readonly OutgoingMessage[],
    from: number,
    waiting: Promise<void>,
  ): Promise<void> {
    await waiting;
    for (let i = from; i < all.length; i++) await this.#publishOne(life, all[i]!);
  }

  #publishOne(life: Life, message: OutgoingMessage): Promise<void> | undefined {
    if (life.already.has(message.messageId)) {
      life.quietCheckpoints = 0;
      return undefined;
    }
    if (!this.#knownSubjects.has(message.subject)) this.#checkDeclared(message.subject);
    this.#outputs++;
    return life.publisher.publish(message);
  }

  /** An output outside the declared subjects would not be found after a crash, and doubled. */
  #checkDeclared(subject: string): void {
    const declared = this.#outputStreams.some(({ filters }) =>
      filters.some((filter) => subjectMatches(filter, subject)),
    );
    if (!declared) {
      throw new StreamsError(
        'processor-failed',
        `${this.#processor.name} published to ${subject}, which it does not declare`,
        'add a filter that covers it to the outputs of the processor',
      );
    }
    if (this.#knownSubjects.size >= MOST_KNOWN_SUBJECTS) this.#knownSubjects.clear();
    this.#knownSubjects.add(subject);
  }

  /** After a batch: its position, and a checkpoint when one is due. */
  #settle(life: Life, batch: Batch): Promise<void> | undefined {
    life.at = batch.last;
    life.dirtyMessages += batch.messages.length;
    const many = life.dirtyMessages >= this.#checkpointMessages;
    if (!many && this.#sinceCheckpoint() < this.#checkpointMs) return undefined;
    const limit = this.#farBehind(life);
    // A large state is written less often, so that writing it takes a small share of the time.
    if (!limit && this.#sinceCheckpoint() < PAUSE_PER_WRITE * this.#checkpointTookMs) return undefined;
    if (life.checkpointing === undefined) {
      void this.#checkpoint(life);
      return undefined;
    }
    // The one before is still being written. Far behind it, the input waits: what a crash repeats stays bounded.
    return limit ? life.checkpointing : undefined;
  }

  /** So far behind the last checkpoint that the input waits for the next: what a crash repeats stays bounded. */
  #farBehind(life: Life): boolean {
    return life.dirtyMessages >= MOST_UNCHECKPOINTED * this.#checkpointMessages;
  }

  #sinceCheckpoint(): number {
    return Date.now() - this.#lastCheckpointMs;
  }

  /**
   * Takes the state behind the last batch given to the engine, and writes it while the next are worked on. Never rejects:
   * see life.failure.
   */
  #checkpoint(life: Life): Promise<void> {
    const nothingNew = life.at === undefined && life.underWay === 0;
    if (nothingNew || life.failure !== undefined) return Promise.resolve();
    const startedAt = performance.now();
    this.#lastCheckpointMs = Date.now();
    let writing: Promise<void> | undefined;
    try {
      const state = life.engine.snapshot();
      if (!(state instanceof Promise)) writing = this.#writeCheckpoint(life, state, startedAt);
      else {
        state.catch(() => undefined);
        let written: Promise<void> | undefined;
        // Begun in order; that it is written is not waited for there.
        writing = this.#inOrder(life, async () => {
          written = this.#writeCheckpoint(life, await state, startedAt);
          written.catch(() => undefined);
        }).then(() => written);
      }
    } catch (error) {
      writing = Promise.reject(error);
    }
    life.checkpointing = writing
      .catch((error: unknown) => this.#interrupt(life, error))
      .finally(() => {
        life.checkpointing = undefined;
      });
    return life.checkpointing;
  }

  /** Writes `state`, which is that behind `life.at`. Everything up to the first wait belongs to that moment. */
  #writeCheckpoint(life: Life, state: Uint8Array, startedAt: number): Promise<void> {
    const at = life.at;
    if (at === undefined) return Promise.resolve();
    life.dirtyMessages = 0;
    const snapshotSeconds = (performance.now() - startedAt) / 1000;
    // Outputs of later inputs are published after this moment, so they come behind what is acknowledged now.
    const unacknowledged = life.publisher.inFlightIds();
    const after = new Map(
      this.#outputStreams.map(({ stream }) => [stream, this.#outputsAfter(life, stream)]),
    );
    return life.publisher.flush().then(async () => {
      const outputs: OutputPosition[] = this.#outputStreams.map(({ stream }) => ({
        stream,
        after: after.get(stream)!,
        through: life.publisher.acked.get(stream) ?? null,
      }));
      const head = { stateVersion: this.#processor.stateVersion, input: at, outputs, unacknowledged };
      const { generation, writtenBytes } = await life.store.write(head, state);
      life.consumer.ack(at);
      this.#generation = generation;
      this.#checkpointTookMs = performance.now() - startedAt;
      this.#meters.checkpoint({
        seconds: (performance.now() - startedAt) / 1000,
        snapshotSeconds,
        stateBytes: state.byteLength,
        writtenBytes,
      });
      this.#lostEngines = 0;
      this.#forgetStale(life);
    });
  }

  #outputsAfter(life: Life, stream: string): number {
    return life.already.after(stream) ?? life.publisher.acked.get(stream)?.seq ?? life.ends.get(stream) ?? 0;
  }

  /** Outputs stored before that nobody computes again mean lost input or a processor that is not deterministic. */
  #forgetStale(life: Life): void {
    if (life.already.waiting === 0 || this.#lag > 0 || ++life.quietCheckpoints < 4) return;
    const forgotten = life.already.forget();
    this.#meters.unmatched(forgotten);
    this.#log(
      `${this.#processor.name}: ${forgotten} outputs stored before the restart were not computed again: ` +
        'input was lost by the server, or the processor is not deterministic',
    );
  }

  /** After a reconnection: a server that lost stored outputs needs them again. */
  async #checkOutputs(life: Life): Promise<void> {
    this.#verifyOutputs = false;
    for (const [stream, through] of life.publisher.acked) {
      const position = { stream, after: 0, through };
      if (!(await patiently('checking outputs', () => outputsStored(this.#options.jsm, position)))) {
        throw new StreamsError(
          'stream-rewound',
          `${stream} lost outputs that were stored`,
          'going back to a checkpoint that fits',
        );
      }
    }
  }

  #onTimer(): void {
    const life = this.#life;
    if (life === undefined || this.#state !== 'running') return;
    this.#meters.figures(this.#lag, life.engine.figures(), life.publisher.counts, this.#counts);
    if (this.#verifyOutputs && !this.#stepping) {
      void this.#checkOutputs(life).catch((error: unknown) => this.#interrupt(life, error));
    }
    const pause = Math.max(this.#checkpointMs, PAUSE_PER_WRITE * this.#checkpointTookMs);
    const due = life.dirtyMessages > 0 && this.#sinceCheckpoint() >= pause;
    if (due && !this.#stepping && life.checkpointing === undefined) void this.#checkpoint(life);
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#options.nc.status()) {
      if (this.#state === 'stopped' || this.#state === 'failed') return;
      if (status.type === 'reconnect') this.#verifyOutputs = true;
    }
  }
}

/** A promise as a step of the pipeline that emits nothing. */
function promiseStep(work: Promise<void>): ObservableInput<never> {
  return from(work).pipe(ignoreElements());
}
