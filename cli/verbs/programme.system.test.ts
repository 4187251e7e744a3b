// The verb as a process against a real server, and the processor that puts the programme among the results.
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { programmeProcessor } from '#processors/programme/index.ts';
import { runProcessor } from '#processors/runtime/index.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { programmeKind } from '#streams/schema/registry.ts';
import { STREAM, topology } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { tidewatch } from '#testing/command.ts';
import { startTestServer } from '#testing/nats.ts';
import { storeDemoVenues } from '../demo-venues.ts';

const VENUE = { org: 'stadium-centre', venue: 'harbour-stadium' };
const SUBJECT = `win.programme.${VENUE.org}.${VENUE.venue}.venue`;
const KICK_OFF = Date.parse('2026-05-02T11:30:00Z');
let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: NatsConnection;
beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'programme-test' });
  await apply(await jetstreamManager(nc), topology({ storageBytes: 2 ** 30 }));
  await storeDemoVenues(nc, () => undefined);
});
afterAll(async () => {
  await nc.close();
  await server.stop();
});

const programme = (...args: string[]) => tidewatch('programme', ...args, '--nats', server.url);
const at = ['--venue', `${VENUE.org}/${VENUE.venue}`];

it('stores an event, shows it, changes it and withdraws it; whoever reads results reads the same', async () => {
  const jsm = await jetstreamManager(nc);
  const stored = await (await VenueStore.open(nc)).get(VENUE);
  const running = await runProcessor(programmeProcessor(parseVenue(stored!.document)), {
    nc,
    jsm,
    metrics: new MetricsRegistry(),
    checkpointMs: 20,
  });
  const latest = async (done: (events: readonly string[], kickOff: number | undefined) => boolean) => {
    for (const end = Date.now() + 20_000; ; await delay(50)) {
      const message = await jsm.direct
        .getMessage(STREAM.derived, { last_by_subj: SUBJECT })
        .catch(() => null);
      const events = message === null ? [] : programmeKind.codec.decode(message.data).events;
      const kickOff = events[0]?.phases.find(({ phase }) => phase === 'play')?.fromMs;
      if (
        message !== null &&
        done(
          events.map(({ event }) => event),
          kickOff,
        )
      )
        return;
      if (Date.now() > end) throw new Error('the programme is not there');
    }
  };
  const set = await programme('set', 'cup-final', ...at, '--kick-off', '2026-05-02T19:30:00+08:00');
  expect([set.code, set.err]).toEqual([0, '']);
  expect(set.out).toContain('2026-05-02T11:30:00.000Z');
  await latest((events, kickOff) => events.length === 1 && kickOff === KICK_OFF);

  const later = await programme(
    'set',
    'cup-final',
    ...at,
    '--kick-off',
    '2026-05-02T11:45Z',
    '--doors',
    '2h',
  );
  expect(later.code).toBe(0);
  await latest((_, kickOff) => kickOff === KICK_OFF + 15 * 60_000);
  const shown = await programme('show', ...at);
  expect(shown.out).toContain('cup-final');
  expect(shown.out).toContain('2026-05-02T09:45:00.000Z 2026-05-02T11:45:00.000Z ingress');
  expect(shown.out).not.toContain('T11:30:00.000Z');

  expect((await programme('cancel', 'cup-final', ...at)).code).toBe(0);
  await latest((events) => events.length === 0);
  expect((await programme('show', ...at)).out).toContain('no events are known');
  await running.drain();
}, 180_000);

it('says what is wrong and stores nothing', async () => {
  const wrong: [string[], string][] = [
    [['set', 'x', ...at], 'give --kick-off'],
    [['set', 'x', ...at, '--kick-off', '2026-05-02T19:30'], 'with its zone'],
    [['set', 'x', ...at, '--kick-off', '2026-05-02T19:30Z', '--half', '45'], 'write 90m'],
    [['set', 'x', ...at, '--phases', 'play=2026-05-02T19:30Z'], 'end='],
    [['set', 'x', '--venue', 'nobody/nowhere', '--kick-off', '2026-05-02T19:30Z'], 'no venue nobody/nowhere'],
    [['cancel', 'x', ...at], 'no event "x"'],
  ];
  for (const [args, says] of wrong) {
    const { code, err } = await programme(...args);
    expect([code, err.includes(says) || err], args.join(' ')).toEqual([1, true]);
  }
  expect((await programme('show', ...at)).out).toContain('no events are known');
}, 180_000);
