// A cluster of three on this machine: replicated streams work, and nothing acknowledged is lost with one server.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { startTestCluster } from '#testing/nats.ts';
import { ServerOptionsError } from './index.ts';

describe('a cluster of three', () => {
  it('replicates a stream three times, survives kill -9 of one server, and takes it back', async () => {
    await using cluster = await startTestCluster(3);
    const nc = await connect({
      servers: [...cluster.urls],
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    // Three servers agree through one disk: with others on it that may take longer than the usual five seconds.
    const jsm = await jetstreamManager(nc, { timeout: 30_000 });
    const info = await jsm.streams.add({ name: 'R3', subjects: ['r3.>'], num_replicas: 3 });
    expect(info.cluster?.replicas?.length).toBe(2);
    const js = jetstream(nc);
    for (let i = 0; i < 100; i++) await js.publish('r3.a', String(i), { msgID: String(i) });

    const leader = (await jsm.streams.info('R3')).cluster?.leader;
    const victim = cluster.servers.find((server) => server.name === leader);
    expect(victim).toBeDefined();
    await victim!.kill9();
    await cluster.untilAgreed();
    let acknowledged = 100;
    const deadline = Date.now() + 30_000;
    while (acknowledged < 110 && Date.now() < deadline) {
      try {
        await js.publish('r3.a', String(acknowledged), { msgID: String(acknowledged), timeout: 1_000 });
        acknowledged++;
      } catch (error) {
        // While the stream elects a new leader, publishing is refused; the message id makes the retry safe.
        expect(error).toBeInstanceOf(Error);
      }
    }
    expect(acknowledged).toBe(110);
    expect((await jsm.streams.info('R3')).state.messages).toBe(110);

    await victim!.restart();
    await cluster.untilAgreed();
    const caughtUp = async () => {
      const { cluster: state } = await jsm.streams.info('R3');
      return state?.replicas?.length === 2 && state.replicas.every((replica) => replica.current);
    };
    while (!(await caughtUp()) && Date.now() < deadline + 30_000)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await caughtUp()).toBe(true);
    await nc.close();
  });

  it('names a size that makes no sense', async () => {
    await expect(startTestCluster(1)).rejects.toThrow(ServerOptionsError);
  });
});
