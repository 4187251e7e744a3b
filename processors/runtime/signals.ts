// SIGTERM and SIGINT end a process in order: finish the batch, store the outputs, write the checkpoint.
import type { Running } from './running.ts';

/**
 * Drains all runners at the first signal. Gives a promise of that moment's end; a second signal does not wait.
 * The caller closes its connection and exits when it resolves.
 */
export function drainOnSignals(runners: readonly Running[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      // The shell's convention: 128 and the signal's number.
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
      asked = true;
      Promise.all(runners.map((runner) => runner.drain())).then(() => resolve(), reject);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
