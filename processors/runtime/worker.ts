// The worker thread's side: makes its processor from a recipe and answers requests in order.
import { parentPort, workerData } from 'node:worker_threads';
import { StreamsError } from '#streams/errors.ts';
import type { Partition, Processor } from './processor.ts';
import { eachThroughPartition, type Refused, throughPartition } from './step.ts';
import {
  crossing,
  packOutputs,
  unpackBatch,
  type WorkerAnswer,
  type WorkerRequest,
  type WorkerStart,
} from './worker-protocol.ts';

if (parentPort === null) throw new Error('worker.ts runs in a worker thread only');
const port = parentPort;
const { recipe, name, snapshot }: WorkerStart = workerData;

function answer(message: WorkerAnswer, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

async function make(): Promise<Processor<unknown>> {
  const module: Record<string, unknown> = await import(recipe.module);
  const factory = module[recipe.export];
  const made: unknown = typeof factory === 'function' ? factory(recipe.argument) : undefined;
  if (isProcessor(made) && made.name === name) return made;
  throw new StreamsError(
    'processor-failed',
    `${recipe.export} of ${recipe.module} does not make the processor ${name}`,
    'correct the recipe that the processor is started with',
  );
}

function isProcessor(made: unknown): made is Processor<unknown> {
  return (
    typeof made === 'object' &&
    made !== null &&
    'name' in made &&
    'decode' in made &&
    typeof made.decode === 'function' &&
    'create' in made &&
    typeof made.create === 'function'
  );
}

function serve(processor: Processor<unknown>, start: Partition<unknown>): (request: WorkerRequest) => void {
  let partition = start;
  const subjects: string[] = [];
  const worked = (result: ReturnType<typeof throughPartition>, spent: ArrayBuffer): void => {
    const { outputs, payloads } = packOutputs(result.outputs);
    const refused = result.refused.map(({ index, error, poisonous }: Refused) => ({
      index,
      error: crossing(error),
      poisonous,
    }));
    answer({ kind: 'worked', outputs, payloads, refused, spent }, [payloads, spent]);
  };
  return (request) => {
    switch (request.kind) {
      case 'through': {
        const messages = unpackBatch(request.batch, subjects);
        worked(throughPartition(processor, partition, messages), request.batch.buffer);
        return;
      }
      case 'one-by-one': {
        const messages = unpackBatch(request.batch, subjects);
        const result = eachThroughPartition(processor, partition, messages);
        partition = result.partition;
        worked(result, request.batch.buffer);
        return;
      }
      case 'snapshot': {
        const state = partition.snapshot();
        answer({ kind: 'snapshot', snapshot: state });
        return;
      }
      case 'figures':
        answer({ kind: 'figures', figures: partition.figures?.() ?? {} });
    }
  };
}

/** Once something has failed the state is worth nothing: every later request gets the same answer. */
let failure: unknown;
let failed = false;
function guarded(work: () => void): void {
  if (!failed) {
    try {
      work();
      return;
    } catch (error) {
      failed = true;
      failure = error;
    }
  }
  answer({ kind: 'failed', error: crossing(failure) });
}

try {
  const processor = await make();
  const partition = processor.create();
  if (snapshot !== undefined) partition.restore(snapshot);
  const handle = serve(processor, partition);
  port.on('message', (request: WorkerRequest) => guarded(() => handle(request)));
  answer({ kind: 'ready' });
} catch (error) {
  answer({ kind: 'failed', error: crossing(error) });
}
