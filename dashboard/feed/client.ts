// The page's end of the feed worker.
import type { FeedCommand, FeedEvent } from './messages.ts';

export interface FeedClient {
  send(command: FeedCommand): void;
  close(): void;
}

/** Starts the worker. `onEvent` is called for each event; a worker that dies is an event too. */
export function startFeed(onEvent: (event: FeedEvent) => void): FeedClient {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    type: 'module',
    name: 'tidewatch-feed',
  });
  worker.onmessage = ({ data }: MessageEvent<FeedEvent>) => onEvent(data);
  worker.onerror = (event) => {
    onEvent({ kind: 'problem', problem: 'worker-failed', detail: event.message });
  };
  return {
    send: (command) => worker.postMessage(command),
    close: () => worker.terminate(),
  };
}
