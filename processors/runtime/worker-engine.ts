// A partition in a worker thread: decoding and windows there, while this thread reads the network and publishes.
import { Worker } from 'node:worker_threads';
import type { RawMessage } from '#streams/consume.ts';
import { messageOf, StreamsError } from '#streams/errors.ts';
import { type Engine, EngineLost, type Worked } from './engine.ts';
import { PoisonedBatch, setAside } from './step.ts';
import {
  arrived,
  BatchPacker,
  type ProcessorRecipe,
  unpackOutputs,
  type WorkerAnswer,
  type WorkerRequest,
  type WorkerStart,
} from './worker-protocol.ts';

interface Waiting {
  readonly take: (answer: WorkerAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export interface WorkerEngineParts {
  readonly recipe: ProcessorRecipe;
  /** Name of the processor that the recipe must make. */
  readonly name: string;
  /** Stream that the messages come from, and who names them bad: for quarantine. */
  readonly stream: string;
  readonly by: string;
  readonly snapshot: Uint8Array | undefined;
}

export class WorkerEngine implements Engine {
  readonly #worker: Worker;
  readonly #parts: WorkerEngineParts;
  readonly #packer = new BatchPacker();
  /** Requests on their way, oldest first: the worker answers in order. */
  readonly #waiting: Waiting[] = [];
  #figures: Readonly<Record<string, number>> = {};
  #askedForFigures = false;
  #lost: unknown;
  #closed = false;

  private constructor(parts: WorkerEngineParts) {
    this.#parts = parts;
    const { recipe, name, snapshot } = parts;
    const start: WorkerStart = { recipe, name, snapshot };
    this.#worker = new Worker(new URL('./worker-entry.mjs', import.meta.url), {
      workerData: start,
      // The entry lets Node read TypeScript by itself; what this thread was started with must not do it twice.
      execArgv: [],
      name: `tidewatch ${name}`,
    });
    this.#worker.on('message', (answer: WorkerAnswer) => this.#waiting.shift()?.take(answer));
    this.#worker.on('error', (error) => this.#lose(messageOf(error)));
    this.#worker.on('exit', (code) => this.#lose(`exit code ${code}`));
  }

  /**
   * Starts the worker and restores its state.
   * @throws what the processor throws when it is made or restored, as a StreamsError or an Error of the same message
   */
  static async open(parts: WorkerEngineParts): Promise<WorkerEngine> {
    const engine = new WorkerEngine(parts);
    try {
      await engine.#answer((answer) => {
        if (answer.kind === 'failed') throw arrived(answer.error);
      });
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  through(messages: readonly RawMessage[]): Promise<Worked> {
    return this.#work('through', messages);
  }

  oneByOne(messages: readonly RawMessage[]): Promise<Worked> {
    return this.#work('one-by-one', messages);
  }

  #work(kind: 'through' | 'one-by-one', messages: readonly RawMessage[]): Promise<Worked> {
    const batch = this.#packer.pack(messages);
    const answer = this.#answer((reply): Worked => {
      if (reply.kind === 'failed') throw PoisonedBatch.of(messages, arrived(reply.error));
      if (reply.kind !== 'worked') throw unexpected(reply);
      this.#packer.giveBack(reply.spent);
      const refused = reply.refused.map((one) => ({ ...one, error: arrived(one.error) }));
      return {
        outputs: unpackOutputs(reply.outputs, reply.payloads),
        bad: setAside(this.#parts.stream, this.#parts.by, messages, refused),
      };
    });
    this.#post({ kind, batch }, [batch.buffer]);
    return answer;
  }

  snapshot(): Promise<Uint8Array> {
    const answer = this.#answer((reply): Uint8Array => {
      if (reply.kind === 'failed') throw arrived(reply.error);
      if (reply.kind !== 'snapshot') throw unexpected(reply);
      return reply.snapshot;
    });
    this.#post({ kind: 'snapshot' });
    return answer;
  }

  figures(): Readonly<Record<string, number>> {
    if (!this.#askedForFigures && this.#lost === undefined && !this.#closed) {
      this.#askedForFigures = true;
      const answer = this.#answer((reply) => {
        this.#askedForFigures = false;
        if (reply.kind === 'figures') this.#figures = reply.figures;
      });
      // A failure shows in the batch or snapshot that meets it.
      answer.catch(() => undefined);
      this.#post({ kind: 'figures' });
    }
    return this.#figures;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker.terminate();
  }

  #post(request: WorkerRequest, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#lost === undefined) this.#worker.postMessage(request, transfer);
  }

  /** The answer to the request posted next, through `read`; what that throws is the rejection. */
  #answer<T>(read: (answer: WorkerAnswer) => T): Promise<T> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise<T>((resolve, reject) => {
      const take = (answer: WorkerAnswer): void => {
        try {
          resolve(read(answer));
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push({ take, reject });
    });
  }

  #lose(why: string): void {
    this.#lost ??= new EngineLost(this.#parts.name, this.#closed ? 'it was closed' : why);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#lost);
  }
}

function unexpected(answer: WorkerAnswer): StreamsError {
  return new StreamsError('processor-failed', `the worker answered ${answer.kind}`, 'report this defect');
}
