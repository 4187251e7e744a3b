// One processor at work in a replay: raw messages in, outputs out. It sets aside what live sets aside: input that cannot be
// decoded, and input on which the processor fails, whose state is then as if it had not come.
import type { Output, Partition, Processor } from '#processors/runtime/index.ts';
import type { RawMessage } from '#streams/consume.ts';

export interface Lane {
  readonly name: string;
  readonly input: { readonly stream: string; readonly filters: readonly string[] };
  /** Event time up to which results are out; -Infinity while nothing is. */
  readonly watermarkMs: number;
  /** Inputs that could not be read, or on which the processor failed; live has them in quarantine. */
  readonly setAside: number;
  /**
   * @throws LaneSpent when the processor fails: a new lane must then take these messages `oneByOne`, which finds the input
   *   that does it
   */
  feed(messages: readonly RawMessage[], oneByOne: boolean): readonly Output[];
}

/** The processor failed within a batch, and its state with it. */
export class LaneSpent extends Error {
  constructor(name: string, cause: unknown) {
    super(`${name} fails on its input`, { cause });
    this.name = 'LaneSpent';
  }
}

/** Event time of an input, by what was decoded or by its message. */
export type TimeOf<Input> = (input: Input, message: RawMessage) => number | undefined;

/**
 * @param timeOf event time of an input, for a processor that does not tell its watermark; undefined for input that says
 *   nothing of how far the results are
 */
export function processorLane<Input>(processor: Processor<Input>, timeOf?: TimeOf<Input>): Lane {
  return new ProcessorLane(processor, timeOf);
}

class ProcessorLane<Input> implements Lane {
  readonly #processor: Processor<Input>;
  readonly #timeOf: TimeOf<Input> | undefined;
  #partition: Partition<Input>;
  #setAside = 0;
  /** Greatest event time of the inputs; of use where the partition tells no watermark. */
  #reachedMs = Number.NEGATIVE_INFINITY;

  constructor(processor: Processor<Input>, timeOf: TimeOf<Input> | undefined) {
    this.#processor = processor;
    this.#timeOf = timeOf;
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
    return this.#partition.figures?.().watermarkMs ?? this.#reachedMs;
  }

  feed(messages: readonly RawMessage[], oneByOne: boolean): readonly Output[] {
    const inputs: Input[] = [];
    let reachedMs = this.#reachedMs;
    for (const message of messages) {
      try {
        const input = this.#processor.decode(message);
        inputs.push(input);
        const epochMs = this.#timeOf?.(input, message);
        if (epochMs !== undefined && epochMs > reachedMs) reachedMs = epochMs;
      } catch {
        // Live has it in quarantine with its reason; here it is counted.
        this.#setAside++;
      }
    }
    if (inputs.length === 0) return [];
    const outputs = oneByOne ? this.#oneByOne(inputs) : this.#together(inputs);
    this.#reachedMs = reachedMs;
    return outputs;
  }

  #together(inputs: readonly Input[]): readonly Output[] {
    try {
      return this.#partition.onBatch(inputs);
    } catch (error) {
      throw new LaneSpent(this.#processor.name, error);
    }
  }

  #oneByOne(inputs: readonly Input[]): Output[] {
    const outputs: Output[] = [];
    let snapshot = this.#partition.snapshot();
    let since: Input[] = [];
    for (const input of inputs) {
      try {
        for (const output of this.#partition.onBatch([input])) outputs.push(output);
        since.push(input);
      } catch {
        this.#setAside++;
        this.#partition = this.#processor.create();
        this.#partition.restore(snapshot);
        // Their outputs are already in `outputs`; only the state is needed again.
        for (const good of since) this.#partition.onBatch([good]);
        snapshot = this.#partition.snapshot();
        since = [];
      }
    }
    return outputs;
  }
}
