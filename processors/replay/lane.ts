// One processor at work in a replay: raw messages in, outputs out; the same step that the runner makes, without its
// checkpoints and acknowledgements.
import type { Output, Partition, Processor } from '#processors/runtime/index.ts';
import { runBatch, runOneByOne } from '#processors/runtime/step.ts';
import type { RawMessage } from '#streams/consume.ts';

export interface Lane {
  readonly name: string;
  readonly input: { readonly stream: string; readonly filters: readonly string[] };
  /** Event time up to which results are out; -Infinity while nothing is. */
  readonly watermarkMs: number;
  /** Inputs that could not be read, or on which the processor failed; live has them in quarantine. */
  readonly setAside: number;
  /**
   * @throws PoisonedBatch (processors/runtime/step.ts) when the processor fails: this lane is spent then, and a new one must
   *   take that batch `oneByOne`
   */
  feed(messages: readonly RawMessage[], oneByOne: boolean): readonly Output[];
}

export function processorLane<Input>(processor: Processor<Input>): Lane {
  return new ProcessorLane(processor);
}

class ProcessorLane<Input> implements Lane {
  readonly #processor: Processor<Input>;
  #partition: Partition<Input>;
  #setAside = 0;

  constructor(processor: Processor<Input>) {
    this.#processor = processor;
    this.#partition = processor.create();
  }

  get name(): string {
    return this.#processor.name;
  }

  get input(): Lane['input'] {
    return this.#processor.input;
  }

  get setAside(): number {
    return this.#setAside;
  }

  get watermarkMs(): number {
    return this.#partition.figures?.().watermarkMs ?? Number.NEGATIVE_INFINITY;
  }

  feed(messages: readonly RawMessage[], oneByOne: boolean): readonly Output[] {
    if (!oneByOne) {
      const { outputs, bad } = runBatch(this.#processor, this.#partition, messages, 'replay');
      this.#setAside += bad.length;
      return outputs;
    }
    const { partition, outputs, bad } = runOneByOne(this.#processor, this.#partition, messages, 'replay');
    this.#partition = partition;
    this.#setAside += bad.length;
    return outputs;
  }
}
