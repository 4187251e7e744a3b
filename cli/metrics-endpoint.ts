// /metrics and /healthz of one process over HTTP, on loopback: what a Prometheus on the machine reads.
import { createServer } from 'node:http';
import type { MetricsRegistry } from '#streams/metrics.ts';

export interface MetricsEndpoint {
  readonly url: string;
  close(): void;
}

export interface HealthReport {
  readonly ok: boolean;
  readonly [detail: string]: unknown;
}

/**
 * @param port TCP port on 127.0.0.1; 0 for a free one
 * @throws Error when the port is taken
 */
export async function startMetricsEndpoint(
  port: number,
  metrics: MetricsRegistry,
  health: () => HealthReport,
): Promise<MetricsEndpoint> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET') response.writeHead(405, { Allow: 'GET' }).end();
    else if (path === '/metrics') {
      response
        .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
        .end(metrics.text());
    } else if (path === '/healthz') {
      const report = health();
      response
        .writeHead(report.ok ? 200 : 503, { 'Content-Type': 'application/json' })
        .end(JSON.stringify(report));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Error(`port ${port} for metrics cannot be had: choose another, or 0 for any`, { cause })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const listening = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://127.0.0.1:${listening}`, close: () => server.close() };
}
