// A consumer's batches as an RxJS observable with back-pressure.
import { defer, EMPTY, from, mergeMap, type Observable, type ObservableInput, of, repeat } from 'rxjs';
import type { Batch, BatchConsumer } from './consume.ts';

/**
 * A consumer's batches through `project`, one at a time: the next is asked for when the observable of the one before has
 * completed. Ends when the consumer is closed, fails when it fails.
 */
export function batches<T>(
  consumer: Pick<BatchConsumer, 'next'>,
  project: (batch: Batch) => ObservableInput<T>,
): Observable<T> {
  let ended = false;
  return defer(() => from(consumer.next())).pipe(
    mergeMap((batch) => {
      if (batch !== undefined) return project(batch);
      ended = true;
      return EMPTY;
    }),
    repeat({ delay: () => (ended ? EMPTY : of(0)) }),
  );
}
