// The Web Worker's edge: commands in, events out. All work is in session.ts.
import { config } from 'zod';
import type { FeedCommand } from './messages.ts';
import { FeedSession } from './session.ts';

// Compiled validators need `eval`, which the page's security policy forbids.
config({ jitless: true });

const session = new FeedSession((event, transfer) => self.postMessage(event, { transfer }));

self.onmessage = ({ data }: MessageEvent<FeedCommand>): void => {
  session.handle(data).catch((error: unknown) => {
    const detail = error instanceof Error ? error.message : String(error);
    self.postMessage({ kind: 'problem', problem: 'worker-failed', detail });
  });
};
