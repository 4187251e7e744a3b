// A TCP link between two servers that a test can cut, freeze and restore: the servers stay as they are, the way between fails.
import net from 'node:net';

/** What the link does with bytes and with new connections. */
export type LinkState =
  /** Bytes pass. */
  | 'up'
  /** Connections are reset and new ones refused, as when a cable or a modem goes. */
  | 'cut'
  /** Nothing passes and nobody is told, as when a router loses its way; what was sent arrives after the thaw. */
  | 'frozen';

export interface TcpLink extends AsyncDisposable {
  readonly port: number;
  readonly state: LinkState;
  /** Bytes that came through towards the far side, and back. */
  readonly bytes: { readonly there: number; readonly back: number };
  cut(): void;
  freeze(): void;
  restore(): void;
}

/** Listens on a port of its own and passes connections on to `farPort`; both on loopback. */
export async function openLink(farPort: number): Promise<TcpLink> {
  let state: LinkState = 'up';
  const bytes = { there: 0, back: 0 };
  const pairs = new Set<readonly [net.Socket, net.Socket]>();

  const listener = net.createServer((near) => {
    if (state === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = net.connect({ host: '127.0.0.1', port: farPort });
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    // A connection that breaks is what this link is for; both ends are told by the close.
    for (const socket of pair) socket.on('error', end).on('close', end);
    pass(near, far, (n) => {
      bytes.there += n;
    });
    pass(far, near, (n) => {
      bytes.back += n;
    });
    if (state === 'frozen') for (const socket of pair) socket.pause();
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port');

  function pass(from: net.Socket, to: net.Socket, count: (bytes: number) => void): void {
    from.on('data', (chunk) => {
      count(chunk.length);
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (state !== 'frozen') from.resume();
    });
  }

  const reset = (): void => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  };
  return {
    port: address.port,
    bytes,
    get state() {
      return state;
    },
    cut() {
      state = 'cut';
      reset();
    },
    freeze() {
      state = 'frozen';
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    restore() {
      state = 'up';
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      reset();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
