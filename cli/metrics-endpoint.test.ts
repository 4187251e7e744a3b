import { expect, it } from 'vitest';
import { MetricsRegistry } from '#streams/metrics.ts';
import { startMetricsEndpoint } from './metrics-endpoint.ts';

it('gives metrics as Prometheus text, and health as a status', async () => {
  const metrics = new MetricsRegistry();
  metrics.counter('tidewatch_test_total', 'Things', { kind: 'a' }).add(3);
  let ok = true;
  const endpoint = await startMetricsEndpoint(0, metrics, () => ({ ok, venues: ['x'] }));
  try {
    const text = await (await fetch(`${endpoint.url}/metrics`)).text();
    expect(text).toContain('# TYPE tidewatch_test_total counter');
    expect(text).toContain('tidewatch_test_total{kind="a"} 3');
    expect((await fetch(`${endpoint.url}/healthz`)).status).toBe(200);
    ok = false;
    const sick = await fetch(`${endpoint.url}/healthz`);
    expect([sick.status, await sick.json()]).toEqual([503, { ok: false, venues: ['x'] }]);
    expect((await fetch(`${endpoint.url}/other`)).status).toBe(404);
    const taken = startMetricsEndpoint(Number(new URL(endpoint.url).port), metrics, () => ({ ok }));
    await expect(taken).rejects.toThrow('choose another');
  } finally {
    endpoint.close();
  }
});
