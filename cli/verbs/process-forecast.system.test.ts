// `tidewatch process forecast --model` as a process against a real server: a model trained here forecasts its series, the
// process says which series have none, and a restart without the model goes on statistically and says so in every message.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModel, WARM_UP } from '#models/forecast/index.ts';
import { parseVenue, writeVenue } from '#models/venue/index.ts';
import { forecastPartition, trainedForecastProcessor } from '#processors/forecast/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { ticks, venueOfBoxes } from '#processors/shared/fixtures/density-windows.ts';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { Publisher } from '#streams/publish.ts';
import { densityKind, forecastKind } from '#streams/schema/registry.ts';
import { windowSubject } from '#streams/subjects.ts';
import { topology } from '#streams/topology.ts';
import { VenueStore } from '#streams/venues.ts';
import { startTestServer } from '#testing/nats.ts';
import { trainFile } from './train.ts';

const command = path.resolve(import.meta.dirname, '../../bin/tidewatch.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'tidewatch-forecast-'));
const document = writeVenue(venueOfBoxes(['north', 'south'], ['north', 'south']));
const venue = parseVenue(document);
const minutesOf = (minute: number): number =>
  60 + 40 * Math.sin(minute / 23) + 10 * Math.sin(minute * 12.9898) * Math.cos(minute * 78.233);
const windows = Array.from({ length: WARM_UP + 40 }, (_, minute) => minute).flatMap((minute) =>
  ticks(venue, 60 * minute + 59, 1, (_, zone) => ({ count: minutesOf(minute) - 15 * zone + 20, speed: 1 })),
);
const text = ({ payload, subject }: Output): string => `${subject} ${new TextDecoder().decode(payload)}`;

let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: Awaited<ReturnType<typeof connect>>;
let jsm: Awaited<ReturnType<typeof jetstreamManager>>;
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'process-forecast-test' });
  jsm = await jetstreamManager(nc);
  await apply(jsm, topology({ storageBytes: 2 ** 30 }));
  await (await VenueStore.open(nc)).create({ org: 'o', venue: 'v' }, JSON.stringify(document));
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  await nc.close();
  await server.stop(1_000);
  rmSync(folder, { recursive: true });
});

async function publish(from: number, to: number): Promise<void> {
  const publisher = new Publisher(nc, { maxAttempts: 100 });
  for (const one of windows.slice(from, to)) {
    const subject = windowSubject('density', one.org, one.venue, one.key);
    const messageId = `${subject}|5000|${one.end}|${one.revision}`;
    await publisher.publish({ subject, payload: densityKind.codec.encode(one), messageId });
  }
  await publisher.close();
}

async function stored(): Promise<string[]> {
  const filters = ['fcst.*.o.v.*'];
  const reader = await BatchConsumer.open(nc, jsm, { stream: 'DERIVED', filters, start: 'first' });
  const all: string[] = [];
  while (all.length < reader.pendingAtOpen) {
    for (const { subject, data } of (await reader.next())!.messages)
      all.push(`${subject} ${new TextDecoder().decode(data)}`);
  }
  await reader.close();
  return all;
}

function start(...args: string[]) {
  const child = spawn(process.execPath, [
    command,
    'process',
    'forecast',
    '--worker-thread',
    '--nats',
    server.url,
    ...args,
  ]);
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    said,
    ended,
    async stopAfter(count: number): Promise<void> {
      for (const end = Date.now() + 60_000; (await stored()).length < count; await delay(100)) {
        if (Date.now() > end || child.exitCode !== null)
          throw new Error(`${count} forecasts are not there: ${said.out}${said.err}`);
      }
      child.kill('SIGTERM');
      expect(await ended, said.err).toBe(0);
    },
  };
}

describe('process forecast', () => {
  it('uses a trained model, says what has none, and goes on without it after a restart', async () => {
    const series = path.join(folder, 'north.csv');
    const rows = Array.from(
      { length: 1100 },
      (_, i) => `${1_700_000_000_000 + i * 60_000},${minutesOf(i).toFixed(3)}`,
    );
    writeFileSync(series, `timestamp,value\n${rows.join('\n')}\n`);
    const out = path.join(folder, 'model');
    const training = { horizons: '5m,15m,30m', seed: 1, epochs: 2, series: 'count.o.v.north' };
    await trainFile({ in: series, out, ...training });
    // Whether two epochs were enough to be better is not what is looked at here: the model is used as if they were.
    const file = path.join(out, 'model.json');
    const model = parseModel(readFileSync(file, 'utf8'));
    writeFileSync(
      file,
      JSON.stringify({ ...model, horizons: model.horizons.map((h) => ({ ...h, used: true })) }),
    );

    const files = [{ name: out, text: readFileSync(file, 'utf8') }];
    const cut = 2 * (WARM_UP + 20);
    const pure = trainedForecastProcessor({ venue, files }).create();
    const first = pure.onBatch(windows.slice(0, cut)).map(text);
    const plain = forecastPartition(venue);
    plain.onBatch(windows.slice(0, cut));
    const second = plain.onBatch(windows.slice(cut)).map(text);

    await publish(0, cut);
    const trained = start('--model', out);
    await trained.stopAfter(first.length);
    expect(trained.said.out).toMatch(/count\.o\.v\.north: trained model [0-9a-f]{16}, format version 1/);
    expect(trained.said.out).toContain('count.o.v.south: statistical forecast, no trained model is given');
    expect(await stored()).toEqual(first);
    const newest = forecastKind.codec.decode(
      new TextEncoder().encode(
        first
          .filter((line) => line.startsWith('fcst.count.o.v.north'))
          .at(-1)!
          .split(' ')[1]!,
      ),
    );
    expect(newest.model).toMatchObject({ version: 1, trainedAheadMs: [300_000, 900_000, 1_800_000] });

    await publish(cut, windows.length);
    const without = start();
    await without.stopAfter(first.length + second.length);
    expect(without.said.out).toContain('no --model was given: every forecast is statistical');
    expect((await stored()).slice(first.length)).toEqual(second);
    expect(second.every((line) => line.includes('"id":"statistical"'))).toBe(true);
  }, 180_000);

  it('ends with what to do when a model cannot be read, or is given to a processor that uses none', async () => {
    const missing = start('--model', path.join(folder, 'nowhere'));
    expect(await missing.ended).not.toBe(0);
    expect(missing.said.err).toMatch(/nowhere cannot be read: give a folder that train has written/);
    const child = spawn(process.execPath, [
      command,
      'process',
      'flow',
      '--nats',
      server.url,
      '--model',
      folder,
    ]);
    children.push(child);
    let err = '';
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).not.toBe(0);
    expect(err).toMatch(/flow uses no trained model/);
  }, 60_000);
});
