// One batch through a partition: what cannot be decoded and what makes the partition throw is refused, to be set aside as
// quarantine messages; everything else becomes outputs. No I/O.
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

  /** The error of `messages`, the last of which says how far the suspicion reaches. */
  static of(messages: readonly RawMessage[], cause: unknown): PoisonedBatch {
    return new PoisonedBatch(parseDelivery(messages[messages.length - 1]!.reply ?? '').seq, cause);
  }
}

/** Input on its way to quarantine. */
export interface SetAside {
  readonly message: OutgoingMessage;
  /** True when the partition threw on it, false when it could not be decoded. */
  readonly poisonous: boolean;
}

/** One of a batch's messages that was not taken, and why. */
export interface Refused {
  readonly index: number;
  readonly error: unknown;
  readonly poisonous: boolean;
}

/**
 * Messages decoded before the partition has them, a frame of tracks being some kilobytes: what was decoded is then still in
 * the processor's cache. How the input is cut does not change what comes out.
 */
const AT_ONCE = 16;

interface Decoded<Input> {
  readonly input: Input;
  readonly message: RawMessage;
}

/** Runs `messages` through `partition`. What the partition throws is thrown on; its state must be thrown away then. */
export function throughPartition<Input>(
  processor: Processor<Input>,
  partition: Partition<Input>,
  messages: readonly RawMessage[],
): { outputs: readonly Output[]; refused: readonly Refused[] } {
  const outputs: Output[] = [];
  const refused: Refused[] = [];
  for (let from = 0; from < messages.length; from += AT_ONCE) {
    const to = Math.min(messages.length, from + AT_ONCE);
    const inputs: Input[] = [];
    for (let index = from; index < to; index++) {
      try {
        inputs.push(processor.decode(messages[index]!));
      } catch (error) {
        refused.push({ index, error, poisonous: false });
      }
    }
    if (inputs.length === 0) continue;
    for (const output of partition.onBatch(inputs)) outputs.push(output);
  }
  return { outputs, refused };
}

/**
 * The same for a batch in which something makes the partition throw: each input alone. What throws is refused, and the
 * state is rebuilt from the last good snapshot without it. Gives the partition to go on with.
 */
export function eachThroughPartition<Input>(
  processor: Processor<Input>,
  start: Partition<Input>,
  messages: readonly RawMessage[],
): { partition: Partition<Input>; outputs: Output[]; refused: Refused[] } {
  let partition = start;
  let snapshot = partition.snapshot();
  let since: Decoded<Input>[] = [];
  const outputs: Output[] = [];
  const refused: Refused[] = [];
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index]!;
    let input: Input;
    try {
      input = processor.decode(message);
    } catch (error) {
      refused.push({ index, error, poisonous: false });
      continue;
    }
    try {
      for (const output of partition.onBatch([input])) outputs.push(output);
      since.push({ input, message });
    } catch (error) {
      refused.push({ index, error: poison(processor.name, error), poisonous: true });
      partition = processor.create();
      partition.restore(snapshot);
      // Their outputs are already in `outputs`; only the state is needed again.
      for (const good of since) partition.onBatch([good.input]);
      snapshot = partition.snapshot();
      since = [];
    }
  }
  return { partition, outputs, refused };
}

/**
 * throughPartition() with what was refused as quarantine messages; `by` names the runner in them.
 * @throws PoisonedBatch when the partition throws
 */
export function runBatch<Input>(
  processor: Processor<Input>,
  partition: Partition<Input>,
  messages: readonly RawMessage[],
  by: string,
): { outputs: readonly Output[]; bad: readonly SetAside[] } {
  try {
    const { outputs, refused } = throughPartition(processor, partition, messages);
    return { outputs, bad: setAside(processor.input.stream, by, messages, refused) };
  } catch (error) {
    throw PoisonedBatch.of(messages, error);
  }
}

/** eachThroughPartition() with what was refused as quarantine messages. */
export function runOneByOne<Input>(
  processor: Processor<Input>,
  start: Partition<Input>,
  messages: readonly RawMessage[],
  by: string,
): { partition: Partition<Input>; outputs: Output[]; bad: readonly SetAside[] } {
  const { partition, outputs, refused } = eachThroughPartition(processor, start, messages);
  return { partition, outputs, bad: setAside(processor.input.stream, by, messages, refused) };
}

const NOTHING: readonly SetAside[] = [];

/** The quarantine messages of what was refused of `messages`, which were read from `stream`. */
export function setAside(
  stream: string,
  by: string,
  messages: readonly RawMessage[],
  refused: readonly Refused[],
): readonly SetAside[] {
  if (refused.length === 0) return NOTHING;
  return refused.map(({ index, error, poisonous }) => {
    const raw = messages[index]!;
    const { seq, timeNs } = parseDelivery(raw.reply ?? '');
    const message = quarantineMessage({
      subject: raw.subject,
      payload: raw.data,
      error,
      by,
      receivedMs: Number(BigInt(timeNs) / 1_000_000n),
      from: { stream, seq },
    });
    return { message, poisonous };
  });
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
