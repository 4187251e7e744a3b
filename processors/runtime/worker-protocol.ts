// What a runner and its worker thread say to each other, and batches and outputs as one transferred buffer each: handing a
// buffer over costs nothing, cloning thousands of small arrays would cost more than the work itself.
// Both ends are always of the same build, so what arrives is trusted to have these shapes.
import type { RawMessage } from '#streams/consume.ts';
import { isStreamsError, messageOf, StreamsError, type StreamsErrorCode } from '#streams/errors.ts';
import type { Output } from './processor.ts';

/** How a worker thread makes its processor: `export(argument)` of the module must give it. */
export interface ProcessorRecipe {
  /** URL of the module: `new URL('./index.ts', import.meta.url).href`, or import.meta.resolve(). */
  readonly module: string;
  readonly export: string;
  /** Must be structured-cloneable: documents and typed arrays, no functions. */
  readonly argument: unknown;
}

export interface WorkerStart {
  readonly recipe: ProcessorRecipe;
  /** Name of the processor expected. */
  readonly name: string;
  readonly snapshot: Uint8Array | undefined;
}

/** A batch: `table` has subject number and payload length of each message, behind it the payloads, each 8-aligned. */
export interface PackedBatch {
  readonly buffer: ArrayBuffer;
  readonly count: number;
  /** Subjects that are new, in the order of their numbers. */
  readonly newSubjects: readonly string[];
}

export type WorkerRequest =
  | { readonly kind: 'through' | 'one-by-one'; readonly batch: PackedBatch }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'figures' };

/** An output without its payload; that lies in the answer's buffer. */
export interface PackedOutput {
  readonly subject: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly bytes: number;
}

/** An error as it crosses: instances do not survive the way between threads. */
export interface CrossingError {
  readonly code: StreamsErrorCode | undefined;
  readonly message: string;
  readonly remedy: string;
}

export type WorkerAnswer =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'worked';
      readonly outputs: readonly PackedOutput[];
      readonly payloads: ArrayBuffer;
      readonly refused: readonly {
        readonly index: number;
        readonly error: CrossingError;
        readonly poisonous: boolean;
      }[];
      /** The batch's buffer, to be used again. */
      readonly spent: ArrayBuffer;
    }
  | { readonly kind: 'snapshot'; readonly snapshot: Uint8Array }
  | { readonly kind: 'figures'; readonly figures: Readonly<Record<string, number>> }
  | { readonly kind: 'failed'; readonly error: CrossingError };

const ALIGN = 8;
const aligned = (bytes: number): number => (bytes + ALIGN - 1) & ~(ALIGN - 1);

/** Packs batches into buffers that come back. */
export class BatchPacker {
  readonly #subjects = new Map<string, number>();
  readonly #spare: ArrayBuffer[] = [];

  pack(messages: readonly RawMessage[]): PackedBatch {
    const count = messages.length;
    const head = aligned(8 * count);
    let bytes = head;
    for (let i = 0; i < count; i++) bytes += aligned(messages[i]!.data.byteLength);
    const spare = this.#spare.pop();
    const buffer =
      spare !== undefined && spare.byteLength >= bytes ? spare : new ArrayBuffer(bytes + (bytes >> 1));
    const table = new Int32Array(buffer, 0, 2 * count);
    const payloads = new Uint8Array(buffer);
    const newSubjects: string[] = [];
    let at = head;
    for (let i = 0; i < count; i++) {
      const { subject, data } = messages[i]!;
      let number = this.#subjects.get(subject);
      if (number === undefined) {
        number = this.#subjects.size;
        this.#subjects.set(subject, number);
        newSubjects.push(subject);
      }
      table[2 * i] = number;
      table[2 * i + 1] = data.byteLength;
      payloads.set(data, at);
      at += aligned(data.byteLength);
    }
    return { buffer, count, newSubjects };
  }

  giveBack(spent: ArrayBuffer): void {
    this.#spare.push(spent);
  }
}

/** A message on the far side. Headers and deliveries stay behind: a processor that reads them is told so, not misled. */
class CarriedMessage implements RawMessage {
  readonly subject: string;
  readonly data: Uint8Array;

  constructor(subject: string, data: Uint8Array) {
    this.subject = subject;
    this.data = data;
  }

  get headers(): never {
    throw notCarried('headers');
  }

  get reply(): never {
    throw notCarried('reply');
  }
}

function notCarried(what: string): StreamsError {
  return new StreamsError(
    'processor-failed',
    `the ${what} of a message are not carried to a worker thread`,
    'run this processor in process',
  );
}

/** The messages of a batch, as views into its buffer. `subjects` is extended by the new ones. */
export function unpackBatch(batch: PackedBatch, subjects: string[]): RawMessage[] {
  const { buffer, count, newSubjects } = batch;
  for (const subject of newSubjects) subjects.push(subject);
  const table = new Int32Array(buffer, 0, 2 * count);
  const messages = new Array<RawMessage>(count);
  let at = aligned(8 * count);
  for (let i = 0; i < count; i++) {
    const bytes = table[2 * i + 1]!;
    messages[i] = new CarriedMessage(subjects[table[2 * i]!]!, new Uint8Array(buffer, at, bytes));
    at += aligned(bytes);
  }
  return messages;
}

export function packOutputs(outputs: readonly Output[]): { outputs: PackedOutput[]; payloads: ArrayBuffer } {
  let bytes = 0;
  for (const { payload } of outputs) bytes += payload.byteLength;
  const all = new Uint8Array(bytes);
  let at = 0;
  const packed = outputs.map(({ subject, messageId, headers, payload }) => {
    all.set(payload, at);
    at += payload.byteLength;
    return { subject, messageId, headers, bytes: payload.byteLength };
  });
  return { outputs: packed, payloads: all.buffer };
}

export function unpackOutputs(outputs: readonly PackedOutput[], payloads: ArrayBuffer): Output[] {
  let at = 0;
  return outputs.map(({ subject, messageId, headers, bytes }) => {
    const payload = new Uint8Array(payloads, at, bytes);
    at += bytes;
    return headers === undefined ? { subject, messageId, payload } : { subject, messageId, payload, headers };
  });
}

export function crossing(error: unknown): CrossingError {
  if (!isStreamsError(error)) return { code: undefined, message: messageOf(error), remedy: '' };
  return { code: error.code, message: error.message, remedy: error.remedy };
}

/** The error again, so that it says the same under the same code. */
export function arrived({ code, message, remedy }: CrossingError): Error {
  if (code === undefined) return new Error(message);
  // A StreamsError's message is what it was made with, and the remedy in brackets.
  return new StreamsError(code, message.slice(0, message.length - remedy.length - 3), remedy);
}
