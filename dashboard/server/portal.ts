// The portal: serves the wall's pages and tells them where live data are. Live data themselves do not pass here: browsers
// take them from NATS. Loopback only until there are users and log-in.
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import sirv from 'sirv';
import type { WallConfig } from '../config.ts';
import { securityHeaders } from './headers.ts';

export interface PortalOptions {
  /** TCP port on 127.0.0.1; 0: a free one. */
  readonly port: number;
  /** The built pages (`dist/`). */
  readonly staticFolder: string;
  /** Where browsers find NATS, for example "ws://127.0.0.1:8080". */
  readonly websocketUrl: string;
  /** Names of organisations, shown instead of their subject tokens. */
  readonly organisations?: WallConfig['organisations'];
}

export interface Portal {
  /** For example "http://127.0.0.1:3000". */
  readonly url: string;
  close(): Promise<void>;
}

export type PortalErrorCode = 'pages-missing' | 'port-in-use' | 'listen-failed' | 'address-invalid';

export class PortalError extends Error {
  override readonly name = 'PortalError';
  readonly code: PortalErrorCode;
  readonly remedy: string;

  constructor(code: PortalErrorCode, message: string, remedy: string, cause?: unknown) {
    super(`${message} (${remedy})`, cause === undefined ? {} : { cause });
    this.code = code;
    this.remedy = remedy;
  }
}

/** @throws PortalError */
export async function startPortal(options: PortalOptions): Promise<Portal> {
  const { staticFolder, websocketUrl } = options;
  if (!existsSync(path.join(staticFolder, 'index.html'))) {
    throw new PortalError(
      'pages-missing',
      `there are no built pages in ${staticFolder}`,
      'run "npm run build"',
    );
  }
  const headers = headersFor(websocketUrl);
  const config: WallConfig = { format: 1, websocketUrl, organisations: options.organisations ?? [] };
  const pages = sirv(staticFolder, {
    etag: true,
    // Names under assets/ carry a hash of their content; the page itself is asked for every time.
    setHeaders: (response, pathname) => {
      const lasting = pathname.startsWith('/assets/');
      response.setHeader('Cache-Control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      answerJson(response, 405, { error: 'method-not-allowed', remedy: 'use GET' });
      return;
    }
    const pathname = (request.url ?? '/').split('?', 1)[0];
    if (pathname === '/healthz') answerJson(response, 200, { status: 'ok' });
    else if (pathname === '/api/config') answerJson(response, 200, config);
    else if (pathname?.startsWith('/api/')) notFound(request, response);
    else pages(request, response, () => notFound(request, response));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new PortalError(
              'port-in-use',
              `port ${options.port} is taken`,
              'end the other program or choose another port',
              error,
            )
          : new PortalError(
              'listen-failed',
              `the portal cannot listen on port ${options.port}: ${error.message}`,
              'choose another port',
              error,
            ),
      );
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new PortalError('listen-failed', 'the portal has no TCP address', 'choose another port');
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function headersFor(websocketUrl: string): Readonly<Record<string, string>> {
  if (!/^wss?:\/\/[^\s/]+/.test(websocketUrl)) {
    throw new PortalError(
      'address-invalid',
      `"${websocketUrl}" is no WebSocket address`,
      'give ws://host:port or wss://host:port',
    );
  }
  return securityHeaders(websocketUrl);
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(body));
}

function notFound(request: IncomingMessage, response: ServerResponse): void {
  answerJson(response, 404, { error: 'not-found', path: request.url ?? '', remedy: 'open /' });
}
