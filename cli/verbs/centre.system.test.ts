// The verb as a process: what it prints makes a real site's server a leaf of a real centre, and it says when a site is away.
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { Publisher } from '#streams/publish.ts';
import { freePorts } from '#streams/server/index.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { tidewatch } from '#testing/command.ts';
import { startTestServer } from '#testing/nats.ts';

const centre = (...args: string[]) => tidewatch('centre', ...args);

it('links a site to a centre with what it prints, and says when the site is away', async () => {
  const [leafPort] = await freePorts(1);
  await using hub = await startTestServer({ name: 'centre', leaf: { domain: 'centre', port: leafPort! } });
  const printed = await centre(
    'site-config',
    '--domain',
    'pool',
    '--urls',
    `nats-leaf://127.0.0.1:${leafPort}`,
  );
  expect(printed.code).toBe(0);
  expect(printed.out).toContain('domain: "pool"');
  await using site = await startTestServer({
    name: 'pool',
    leaf: { domain: 'pool' },
    extraConfig: printed.out,
  });
  const nc = await connect({ servers: site.url, name: 'centre verb test' });
  await apply(await jetstreamManager(nc), topology({ storageBytes: 2 ** 30 }));

  const applied = async () => (await centre('apply', '--sites', 'pool', '--nats', hub.url)).out;
  expect(await applied()).toMatch(/streams for 1 sites, [1-9]\d* changed/);
  expect(await applied()).toContain('streams for 1 sites, 0 changed');
  const publisher = new Publisher(nc);
  for (let k = 0; k < 10; k++)
    await publisher.publish({ subject: 'win.x.o.v.k', payload: new Uint8Array([k]), messageId: `${k}` });
  await publisher.close();
  const wall = await connect({ servers: hub.url, name: 'centre verb test' });
  const jsm = await jetstreamManager(wall);
  for (let left = 200; (await jsm.streams.info(STREAM.derived)).state.messages < 10; left--) {
    if (left === 0) throw new Error('the centre has not got the results');
    await delay(100);
  }
  const well = await centre('status', '--nats', hub.url);
  expect(well.out).toContain('DERIVED of pool: the centre has all');
  expect(well.out).toContain('LEDGER of pool: the centre has all');
  expect(well.code).toBe(0);

  await nc.close();
  await site.stop();
  const away = await centre('status', '--nats', hub.url);
  expect(away.out).toContain('DERIVED of pool: cannot be asked');
  expect(away.code).toBe(1);
  await wall.close();
}, 120_000);

it('refuses what cannot be a site', async () => {
  const { code, err } = await centre('apply', '--sites', 'a,b c');
  expect(code).not.toBe(0);
  expect(err).toContain('a domain is lower-case letters, digits and hyphens');
}, 60_000);
