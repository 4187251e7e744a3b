// Where to begin: the newest checkpoint that fits what the server still has, and what was already published after it.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { BatchConsumer } from '#streams/consume.ts';
import { StreamsError } from '#streams/errors.ts';
import { checkPosition, parseDelivery, START, type StreamPosition } from '#streams/position.ts';
import { STREAM, streamOfSubject } from '#streams/topology.ts';
import type { CheckpointStore, Generation, OutputPosition } from './checkpoint.ts';
import type { Engine, OpenEngine } from './engine.ts';
import type { Processor } from './processor.ts';

export interface Recovered {
  readonly engine: Engine;
  readonly input: StreamPosition;
  /** The generation restored; undefined when starting with empty state from the beginning of the stored input. */
  readonly generation: Generation | undefined;
}

/** A stream the processor writes to, and which of its messages are its own. */
export interface OutputStream {
  readonly stream: string;
  readonly filters: readonly string[];
  /** Only messages whose id begins with this; empty: all that match the filters. */
  readonly idPrefix: string;
}

/**
 * Restores the newest generation whose input position and stored outputs the server still has and whose chunks are whole.
 * With none, empty state at the beginning of the input: always right, only slower.
 * @throws StreamsError `checkpoint-refused` when the state is of a version this code cannot read
 */
export async function recover<Input>(
  jsm: JetStreamManager,
  store: CheckpointStore,
  processor: Processor<Input>,
  open: OpenEngine,
  log: (line: string) => void,
): Promise<Recovered> {
  for (const generation of store.generations) {
    const name = `checkpoint ${generation.generation} of ${processor.name}`;
    const misfit = await misfitOf(jsm, processor.input.stream, generation);
    if (misfit !== undefined) {
      log(`${name} does not fit: ${misfit}`);
      continue;
    }
    const state = await store.read(generation);
    if (state === undefined) {
      log(`${name} does not fit: part of its state is missing`);
      continue;
    }
    const restorable = stateOfVersion(processor, generation.stateVersion, state, name);
    await store.forgetNewerThan(generation);
    return { engine: await open(restorable), input: generation.input, generation };
  }
  if (store.generations.length > 0) {
    log(`no checkpoint of ${processor.name} fits: it computes again from the beginning of the stored input`);
  }
  await store.forgetNewerThan(undefined);
  return { engine: await open(undefined), input: START, generation: undefined };
}

async function misfitOf(
  jsm: JetStreamManager,
  stream: string,
  { input, outputs }: Generation,
): Promise<string | undefined> {
  if ((await checkPosition(jsm, stream, input)) === 'rewound') {
    return `${stream} no longer has message ${input.seq} as it was read`;
  }
  for (const output of outputs) {
    if (!(await outputsStored(jsm, output))) return `${output.stream} lost outputs that were stored`;
  }
  return undefined;
}

/** Whether a stream still has the newest output known to be stored. One that retention removed counts as had. */
export async function outputsStored(
  jsm: JetStreamManager,
  { stream, through, after }: OutputPosition,
): Promise<boolean> {
  const { state } = await jsm.streams.info(stream);
  if (state.last_seq < Math.max(after, through?.seq ?? 0)) return false;
  if (through === null || state.first_seq > through.seq) return true;
  const stored = await jsm.streams.getMessage(stream, { seq: through.seq });
  return stored === null || stored.header.get('Nats-Msg-Id') === through.messageId;
}

function stateOfVersion<Input>(
  processor: Processor<Input>,
  version: number,
  state: Uint8Array,
  name: string,
): Uint8Array {
  if (version === processor.stateVersion) return state;
  if (version < processor.stateVersion && processor.migrate !== undefined)
    return processor.migrate(state, version);
  throw new StreamsError(
    'checkpoint-refused',
    `${name} has state version ${version}, and this program reads version ${processor.stateVersion}`,
    version > processor.stateVersion
      ? 'run the newer program that wrote it'
      : 'run the program that wrote it, or remove the checkpoint to compute again from the stored input',
  );
}

/** The ids (with sequences, in order) of the outputs stored behind `after` in a stream, and the stream's end when they were read. */
export async function idsAfter(
  nc: NatsConnection,
  jsm: JetStreamManager,
  output: OutputStream,
  after: number,
): Promise<{ ids: Map<string, number>; end: number }> {
  const end = (await jsm.streams.info(output.stream)).state.last_seq;
  const ids = new Map<string, number>();
  if (end <= after) return { ids, end };
  const reader = await BatchConsumer.open(nc, jsm, {
    stream: output.stream,
    filters: output.filters,
    start: { after: { seq: after, timeNs: '' } },
    headersOnly: true,
  });
  try {
    if (reader.pendingAtOpen === 0) return { ids, end };
    for (;;) {
      const batch = await reader.next();
      if (batch === undefined) throw readingStopped(output.stream);
      for (const message of batch.messages) {
        const id = message.headers?.get('Nats-Msg-Id') ?? '';
        if (id !== '' && id.startsWith(output.idPrefix)) {
          ids.set(id, parseDelivery(message.reply ?? '').seq);
        }
      }
      if (batch.pending === 0 || batch.last.seq >= end) return { ids, end };
    }
  } finally {
    await reader.close();
  }
}

function readingStopped(stream: string): StreamsError {
  return new StreamsError('consume-failed', `reading ${stream} stopped`, 'start the processor again');
}

/**
 * The streams a processor's outputs go to, and quarantine, where the runner is known as `name`.
 * @throws StreamsError `subject-invalid` when no stream stores one of them
 */
export function outputStreamsOf<Input>(processor: Processor<Input>, name: string): readonly OutputStream[] {
  const byStream = new Map<string, string[]>();
  for (const filter of processor.outputs) {
    const stream = streamOfSubject(filter.replaceAll('*', 'x').replace(/>$/, 'x'));
    if (stream === undefined) {
      throw new StreamsError(
        'subject-invalid',
        `no stream stores "${filter}"`,
        'add it to streams/topology.ts',
      );
    }
    byStream.set(stream, [...(byStream.get(stream) ?? []), filter]);
  }
  const own = [...byStream].map(([stream, filters]) => ({ stream, filters, idPrefix: '' }));
  return [...own, { stream: STREAM.quarantine, filters: ['bad.>'], idPrefix: `bad:${name}:` }];
}
