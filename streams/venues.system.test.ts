import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer } from '#testing/nats.ts';
import { apply } from './apply.ts';
import { connect } from './connect.ts';
import { isStreamsError } from './errors.ts';
import type { RunningServer } from './server/index.ts';
import { topology } from './topology.ts';
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
