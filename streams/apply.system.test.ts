import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer } from '#testing/nats.ts';
import { apply, describePlan, plan } from './apply.ts';
import { connect } from './connect.ts';
import { BUCKET, topology } from './topology.ts';

let server: Awaited<ReturnType<typeof startTestServer>>;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it('creates, changes nothing the second time, updates what differs, refuses what cannot be changed', async () => {
  const nc = await connect({ servers: server.url, name: 'apply-test' });
  const jsm = await jetstreamManager(nc);
  const declared = topology({ storageBytes: 2 ** 30 });
  try {
    const first = await apply(jsm, declared);
    expect(first.every((step) => step.action === 'create')).toBe(true);
    expect(first).toHaveLength(declared.length);

    const lines: string[] = [];
    const second = await apply(jsm, declared, (line) => lines.push(line));
    expect(second.every((step) => step.action === 'keep')).toBe(true);
    expect(lines).toEqual([]);

    // Buckets are real buckets to a key-value client.
    const kv = await new Kvm(nc).open(BUCKET.venues);
    await kv.put('org.venue', 'model');
    expect((await kv.get('org.venue'))?.string()).toBe('model');

    const changed = declared.map((d) =>
      d.config.name === 'DERIVED' ? { ...d, config: { ...d.config, max_age: 5_000_000_000_000 } } : d,
    );
    const printed = describePlan(await plan(jsm, changed));
    expect(printed).toEqual(['update DERIVED', `  max_age: ${30 * 86_400 * 1e9} -> 5000000000000`]);
    await apply(jsm, changed);
    expect((await jsm.streams.info('DERIVED')).config.max_age).toBe(5_000_000_000_000);

    // A conflict anywhere: refused with the remedy, and nothing else is touched.
    const conflicting = declared.map((d) => {
      if (d.config.name === 'GRID') return { ...d, config: { ...d.config, storage: 'memory' as const } };
      return d;
    });
    await expect(apply(jsm, conflicting)).rejects.toMatchObject({
      code: 'stream-differs',
      remedy: expect.stringContaining('storage'),
    });
    expect((await jsm.streams.info('DERIVED')).config.max_age).toBe(5_000_000_000_000);
  } finally {
    await nc.close();
  }
});

it('says which stream the server refuses when another one holds its subjects', async () => {
  const nc = await connect({ servers: server.url, name: 'apply-test' });
  const jsm = await jetstreamManager(nc);
  try {
    const rogue = topology({ storageBytes: 2 ** 30 })
      .slice(0, 1)
      .map((d) => ({ ...d, config: { ...d.config, name: 'ROGUE' } }));
    await expect(apply(jsm, rogue)).rejects.toMatchObject({ code: 'stream-differs' });
  } finally {
    await nc.close();
  }
});

it('tells that no server answers', async () => {
  await expect(connect({ servers: 'nats://127.0.0.1:9', name: 'nobody' })).rejects.toMatchObject({
    code: 'server-unreachable',
  });
});
