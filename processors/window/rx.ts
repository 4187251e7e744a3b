// The window operator as an RxJS operator over batches: one output per batch that produced any, never one per person.
import { Observable, type OperatorFunction } from 'rxjs';
import type { WindowOperator } from './operator.ts';
import type { WindowFrame, WindowOutput } from './types.ts';

/**
 * Feeds each batch of frames to `operator` and emits what came out of it. On completion of the source the operator is
 * closed and its last results are emitted. The operator is passed in, so that the caller can snapshot it between batches.
 * A WindowError for a bad frame errors the stream; a caller that must go on checks frames first and quarantines them.
 */
export function windowed(operator: WindowOperator): OperatorFunction<readonly WindowFrame[], WindowOutput> {
  return (source) =>
    new Observable((subscriber) => {
      const emit = (): void => {
        const output = operator.drain();
        const { windows, late, rejected, gaps } = output;
        if (windows.length + late.length + rejected.length + gaps.length > 0) subscriber.next(output);
      };
      return source.subscribe({
        next: (frames) => {
          try {
            for (const frame of frames) operator.push(frame);
          } catch (error) {
            subscriber.error(error);
            return;
          }
          emit();
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          operator.close();
          emit();
          subscriber.complete();
        },
      });
    });
}
