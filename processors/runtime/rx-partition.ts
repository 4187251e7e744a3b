// A partition written as an RxJS operator over batches: inputs in, outputs out, synchronously.
import { type OperatorFunction, Subject } from 'rxjs';
import { StreamsError } from '#streams/errors.ts';
import type { Output, Partition } from './processor.ts';

export interface RxPartitionParts<Input> {
  /**
   * Batches to outputs. Must emit for a batch before `next` returns: no timers, no promises, no schedulers, or the outputs
   * would not belong to the checkpoint of their inputs.
   */
  readonly pipeline: OperatorFunction<readonly Input[], readonly Output[]>;
  snapshot(): Uint8Array;
  restore(snapshot: Uint8Array): void;
  figures?(): Readonly<Record<string, number>>;
}

/** The partition that pushes each batch through `parts.pipeline` and collects what it emits. */
export function rxPartition<Input>(parts: RxPartitionParts<Input>): Partition<Input> {
  const input = new Subject<readonly Input[]>();
  let collected: Output[] = [];
  let failure: unknown;
  let failed = false;
  let within = false;
  input.pipe(parts.pipeline).subscribe({
    next: (outputs) => {
      if (!within) {
        failed = true;
        failure = new StreamsError(
          'processor-failed',
          'the pipeline emitted outside a batch',
          'remove timers, promises and schedulers from it: event time is the only clock',
        );
        return;
      }
      for (const output of outputs) collected.push(output);
    },
    error: (error: unknown) => {
      failed = true;
      failure = error;
    },
    complete: () => {
      failed = true;
      failure = new StreamsError(
        'processor-failed',
        'the pipeline completed',
        'do not use take() or first() in it',
      );
    },
  });
  return {
    onBatch(inputs) {
      collected = [];
      if (!failed) {
        within = true;
        input.next(inputs);
        within = false;
      }
      if (failed) throw failure;
      return collected;
    },
    snapshot: () => parts.snapshot(),
    restore: (snapshot) => parts.restore(snapshot),
    ...(parts.figures ? { figures: () => parts.figures!() } : {}),
  };
}
