// Where a partition lives: in the runner's own thread, or in a worker thread (worker-engine.ts). The runner does not know.
import type { RawMessage } from '#streams/consume.ts';
import type { Output, Partition, Processor } from './processor.ts';
import { runBatch, runOneByOne, type SetAside } from './step.ts';

/** What became of a batch. */
export interface Worked {
  readonly outputs: readonly Output[];
  readonly bad: readonly SetAside[];
}

/**
 * One partition with its state. Requests are worked on in the order of the calls, whether or not answers are promises, so
 * a snapshot is the state behind the batch given last. After a rejection no further request succeeds.
 */
export interface Engine {
  /**
   * A batch. The messages must stay as they are until it is answered.
   * @throws PoisonedBatch when the partition throws
   * @throws EngineLost when the worker thread has ended
   */
  through(messages: readonly RawMessage[]): Worked | Promise<Worked>;
  /** The same, each message alone: what makes the partition throw is set aside. */
  oneByOne(messages: readonly RawMessage[]): Worked | Promise<Worked>;
  snapshot(): Uint8Array | Promise<Uint8Array>;
  /** Figures of the partition; those of a worker are as of the last call. */
  figures(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Opens the partition of a processor with the state of `snapshot`, or empty. `by` names the runner in quarantine. */
export type OpenEngine = (snapshot: Uint8Array | undefined) => Promise<Engine>;

/** The worker thread ended by itself. Going back to the checkpoint mends it, unless it happens again at once. */
export class EngineLost extends Error {
  constructor(name: string, why: string) {
    super(`the worker thread of ${name} ended: ${why}`);
    this.name = 'EngineLost';
  }
}

/** The partition in this thread. */
export class LocalEngine<Input> implements Engine {
  readonly #processor: Processor<Input>;
  readonly #by: string;
  #partition: Partition<Input>;

  constructor(processor: Processor<Input>, by: string, snapshot: Uint8Array | undefined) {
    this.#processor = processor;
    this.#by = by;
    this.#partition = processor.create();
    if (snapshot !== undefined) this.#partition.restore(snapshot);
  }

  through(messages: readonly RawMessage[]): Worked {
    return runBatch(this.#processor, this.#partition, messages, this.#by);
  }

  oneByOne(messages: readonly RawMessage[]): Worked {
    const worked = runOneByOne(this.#processor, this.#partition, messages, this.#by);
    this.#partition = worked.partition;
    return worked;
  }

  snapshot(): Uint8Array {
    return this.#partition.snapshot();
  }

  figures(): Readonly<Record<string, number>> {
    return this.#partition.figures?.() ?? {};
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
