// One batch through a partition: what cannot be decoded and what makes the partition throw is set aside as quarantine
// messages; everything else becomes outputs. No I/O.
import type { RawMessage } from '#streams/consume.ts';
import { messageOf, StreamsError } from '#streams/errors.ts';
import { parseDelivery } from '#streams/position.ts';
import type { OutgoingMessage } from '#streams/publish.ts';
import { quarantineMessage } from '#streams/quarantine.ts';
import type { Output, Partition, Processor } from './processor.ts';

/** Input that made the partition throw. Its batch is worked through one by one after a restore. */
export class PoisonedBatch extends Error {
  readonly throughSeq: number;
  constructor(throughSeq: number, cause: unknown) {
    super(`the partition threw: ${messageOf(cause)}`, { cause });
    this.name = 'PoisonedBatch';
    this.throughSeq = throughSeq;
  }
}

/** Input on its way to quarantine. */
export interface SetAside {
  readonly message: OutgoingMessage;
  /** True when the partition threw on it, false when it could not be decoded. */
  readonly poisonous: boolean;
}

interface Decoded<Input> {
  readonly input: Input;
  readonly message: RawMessage;
}

/**
 * Runs `messages` through `partition`; `by` names the runner in quarantine.
 * @throws PoisonedBatch when the partition throws; its state must be thrown away then
 */
export function runBatch<Input>(
  processor: Processor<Input>,
  partition: Partition<Input>,
  messages: readonly RawMessage[],
  by: string,
): { outputs: readonly Output[]; bad: readonly SetAside[] } {
  const inputs: Input[] = [];
  let bad: SetAside[] | undefined;
  for (const message of messages) {
    try {
      inputs.push(processor.decode(message));
    } catch (error) {
      bad ??= [];
      bad.push(setAside(processor, by, message, error, false));
    }
  }
  try {
    return { outputs: inputs.length === 0 ? [] : partition.onBatch(inputs), bad: bad ?? [] };
  } catch (error) {
    throw new PoisonedBatch(parseDelivery(messages[messages.length - 1]!.reply ?? '').seq, error);
  }
}

/**
 * The same for a batch in which something makes the partition throw: each input alone. What throws is set aside, and the
 * state is rebuilt from the last good snapshot without it. Gives the partition to go on with.
 */
export function runOneByOne<Input>(
  processor: Processor<Input>,
  start: Partition<Input>,
  messages: readonly RawMessage[],
  by: string,
): { partition: Partition<Input>; outputs: Output[]; bad: SetAside[] } {
  let partition = start;
  let snapshot = partition.snapshot();
  let since: Decoded<Input>[] = [];
  const outputs: Output[] = [];
  const bad: SetAside[] = [];
  for (const message of messages) {
    let input: Input;
    try {
      input = processor.decode(message);
    } catch (error) {
      bad.push(setAside(processor, by, message, error, false));
      continue;
    }
    try {
      for (const output of partition.onBatch([input])) outputs.push(output);
      since.push({ input, message });
    } catch (error) {
      bad.push(setAside(processor, by, message, poison(processor.name, error), true));
      partition = processor.create();
      partition.restore(snapshot);
      // Their outputs are already in `outputs`; only the state is needed again.
      for (const good of since) partition.onBatch([good.input]);
      snapshot = partition.snapshot();
      since = [];
    }
  }
  return { partition, outputs, bad };
}

function setAside<Input>(
  processor: Processor<Input>,
  by: string,
  raw: RawMessage,
  error: unknown,
  poisonous: boolean,
): SetAside {
  const { seq, timeNs } = parseDelivery(raw.reply ?? '');
  const message = quarantineMessage({
    subject: raw.subject,
    payload: raw.data,
    error,
    by,
    receivedMs: Number(BigInt(timeNs) / 1_000_000n),
    from: { stream: processor.input.stream, seq },
  });
  return { message, poisonous };
}

function poison(name: string, error: unknown): StreamsError {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new StreamsError(
    'processor-failed',
    `${name} failed on it: ${told}`,
    'this is a defect of the processor: report it with the quarantined bytes',
    error,
  );
}
