import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer } from '#testing/nats.ts';
import { apply } from './apply.ts';
import { connect } from './connect.ts';
import { isStreamsError } from './errors.ts';
import type { RunningServer } from './server/index.ts';
import { BUCKET, topology } from './topology.ts';
import { VenueStore } from './venues.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it('keeps a venue once, by revision, and refuses a change over one it has not seen', async () => {
  const nc = await connect({ servers: server.url, name: 'test' });
  try {
    await expect(VenueStore.open(nc)).rejects.toSatisfy((e) => isStreamsError(e, 'stream-missing'));
    await apply(await jetstreamManager(nc), topology({ storageBytes: 2 ** 30 }));
    const store = await VenueStore.open(nc);
    const key = { org: 'unit-a', venue: 'pool' };
    expect(await store.get(key)).toBeUndefined();
    expect(await store.create(key, 'one')).toBe(true);
    expect(await store.create(key, 'other')).toBe(false);
    const first = await store.get(key);
    expect(first?.document).toBe('one');
    await store.replace(key, 'two', first!.revision);
    await expect(store.replace(key, 'three', first!.revision)).rejects.toSatisfy((e) =>
      isStreamsError(e, 'publish-refused'),
    );
    expect((await store.get(key))?.document).toBe('two');
    expect(await store.keys()).toEqual([key]);
  } finally {
    await nc.close();
  }
});

it('says what a venue was at a time, and that it does not know where it has forgotten', async () => {
  const nc = await connect({ servers: server.url, name: 'history test' });
  try {
    await apply(await jetstreamManager(nc), topology({ storageBytes: 2 ** 30 }));
    const store = await VenueStore.open(nc);
    const key = { org: 'unit-a', venue: 'hall' };
    const [before, beside] = [Date.now() - 1_000, { org: 'unit-a', venue: 'hall-2' }];
    expect(await store.history(key)).toEqual({ revisions: [], complete: true });
    expect(await store.asOf(key, Date.now())).toBeUndefined();

    await store.create(key, 'v1');
    await store.create(beside, 'another venue');
    await delay(5);
    let { revision } = (await store.get(key))!;
    revision = await store.replace(key, 'v2', revision);
    const { revisions, complete } = await store.history(key);
    expect(complete).toBe(true);
    expect(revisions.map(({ document }) => document)).toEqual(['v1', 'v2']);
    expect(revisions[1]!.revision).toBe(revision);
    expect(revisions[1]!.storedMs).toBeGreaterThan(revisions[0]!.storedMs);
    expect(Math.abs(revisions[0]!.storedMs - Date.now())).toBeLessThan(10_000);
    const asOf = async (epochMs: number) => (await store.asOf(key, epochMs))?.document;
    expect(await asOf(before)).toBeUndefined();
    expect(await asOf(revisions[0]!.storedMs)).toBe('v1');
    expect(await asOf(revisions[1]!.storedMs - 1)).toBe('v1');
    expect(await asOf(revisions[1]!.storedMs)).toBe('v2');

    // Removed: nothing since then, and still what it was before.
    const bucket = await new Kvm(nc).open(BUCKET.venues);
    await delay(5);
    await bucket.delete('unit-a.hall');
    const removed = (await store.history(key)).revisions.at(-1)!;
    expect(removed.document).toBeUndefined();
    expect(await asOf(removed.storedMs)).toBeUndefined();
    expect(await asOf(removed.storedMs - 1)).toBe('v2');

    // The bucket keeps 16: whatever is older is forgotten, and not taken for "there was none".
    await delay(5);
    expect(await store.create(key, 'v4')).toBe(true);
    revision = (await store.get(key))!.revision;
    for (let v = 5; v <= 20; v++) revision = await store.replace(key, `v${v}`, revision);
    const late = await store.history(key);
    expect(late.complete).toBe(false);
    expect(late.revisions).toHaveLength(16);
    expect(late.revisions.at(-1)).toMatchObject({ ...key, document: 'v20', revision });
    await expect(store.asOf(key, before)).rejects.toSatisfy((e) => isStreamsError(e, 'venue-forgotten'));
    expect(await asOf(Date.now() + 1_000)).toBe('v20');
    expect((await store.history(beside)).revisions).toHaveLength(1);

    // Purged: what was before it is gone for good.
    await bucket.purge('unit-a.hall');
    expect(await store.history(key)).toMatchObject({ complete: false });
    expect(await asOf(Date.now() + 1_000)).toBeUndefined();
    await expect(store.asOf(key, before)).rejects.toSatisfy((e) => isStreamsError(e, 'venue-forgotten'));
  } finally {
    await nc.close();
  }
});
