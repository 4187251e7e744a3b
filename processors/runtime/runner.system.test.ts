import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { BatchConsumer } from '#streams/consume.ts';
import { MetricsRegistry } from '#streams/metrics.ts';
import { patiently } from '#streams/patience.ts';
import { type OutgoingMessage, Publisher } from '#streams/publish.ts';
import { BAD_HEADER } from '#streams/quarantine.ts';
import { topology } from '#streams/topology.ts';
import { startTestServer } from '#testing/nats.ts';
import {
  countingMessage,
  countingPartition,
  countingProcessor,
  countingRecipe,
} from './fixtures/counting.ts';
import type { Processor } from './processor.ts';
import { runProcessor } from './runner.ts';
import type { RunnerOptions, Running } from './running.ts';

let server: Awaited<ReturnType<typeof startTestServer>>;
let nc: Awaited<ReturnType<typeof connect>>;
let jsm: Awaited<ReturnType<typeof jetstreamManager>>;

beforeEach(async () => {
  server = await startTestServer();
  nc = await connect({ servers: server.url, name: 'runner-test' });
  jsm = await jetstreamManager(nc);
  // Results must be right without the help of the output stream's duplicate window.
  const declared = topology({ storageBytes: 2 ** 30 }).map((one) =>
    one.config.name === 'DERIVED'
      ? { ...one, config: { ...one.config, duplicate_window: 100_000_000 } }
      : one,
  );
  await apply(jsm, declared);
});
afterEach(async () => {
  await nc.close();
  await server.stop(1_000);
});

const KEYS = Array.from({ length: 20 }, (_, i) => `key-${i}`);
const message = (i: number) => countingMessage(i, KEYS[i % KEYS.length]!);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** What the processor must say, computed without any of the machinery. */
function expected(indices: readonly number[]): string[] {
  const inputs = indices.map((i) => ({ key: KEYS[i % KEYS.length]!, value: i, poison: false }));
  return countingPartition()
    .onBatch(inputs)
    .map(({ payload }) => new TextDecoder().decode(payload));
}

async function publishAll(messages: readonly OutgoingMessage[]): Promise<void> {
  const publisher = new Publisher(nc, { maxAttempts: 100 });
  for (const one of messages) await publisher.publish(one);
  await publisher.close();
}

interface Stored {
  readonly text: string;
  readonly header: (name: string) => string;
}

async function stored(stream: string, filter: string): Promise<Stored[]> {
  const reader = await BatchConsumer.open(nc, jsm, { stream, filters: [filter], start: 'first' });
  const all: Stored[] = [];
  while (all.length < reader.pendingAtOpen) {
    for (const { data, headers } of (await reader.next())!.messages) {
      all.push({ text: new TextDecoder().decode(data), header: (name) => headers?.get(name) ?? '' });
    }
  }
  await reader.close();
  return all;
}
const results = async () => (await stored('DERIVED', 'win.counting.>')).map(({ text }) => text);

async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  for (const end = Date.now() + limitMs; !(await condition()); await delay(20)) {
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs} ms`);
  }
}

/** Kills the server, changes what is on its disk, and starts it again. */
async function crash(change: () => void): Promise<void> {
  const reconnected = (async () => {
    for await (const { type } of nc.status()) if (type === 'reconnect') return;
  })();
  await server.kill9();
  change();
  await server.restart();
  await reconnected;
  await patiently('starting JetStream', () => jsm.getAccountInfo());
}

function spawnChild(engine: string): {
  process: ChildProcess;
  reading: Promise<void>;
  ended: Promise<number | null>;
  output: () => string;
} {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', path.join(import.meta.dirname, 'fixtures/child.ts'), server.url, engine],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const reading = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.includes('reading')) resolve();
    });
    child.on('exit', () => reject(new Error(`child ended: ${output}`)));
  });
  reading.catch(() => undefined);
  return { process: child, reading, ended, output: () => output };
}

describe.each([
  { engine: 'in-process', worker: undefined },
  { engine: 'worker', worker: countingRecipe },
])('runner, $engine', ({ engine, worker }) => {
  function options(more: Partial<RunnerOptions> = {}): RunnerOptions {
    const where = worker === undefined ? {} : { worker };
    return { nc, jsm, metrics: new MetricsRegistry(), checkpointMs: 20, ...where, ...more };
  }

  it('gives the same output stream, byte for byte, when process and server are killed again and again', async () => {
    const count = 30_000;
    const publishing = (async () => {
      const publisher = new Publisher(nc, { maxAttempts: 100 });
      for (const i of range(0, count)) {
        await publisher.publish(message(i));
        if (i % 100 === 0) await delay(25);
      }
      await publisher.close();
    })();
    let child = spawnChild(engine);
    for (let kill = 0; kill < 6; kill++) {
      await child.reading;
      await delay(100 + 97 * kill);
      if (kill % 3 === 2) {
        await server.kill9();
        await server.restart();
        await delay(300);
      }
      child.process.kill('SIGKILL');
      await child.ended;
      child = spawnChild(engine);
    }
    await publishing;
    const want = expected(range(0, count));
    await until('all results', async () => {
      const { state } = await jsm.streams.info('DERIVED');
      return state.messages >= want.length;
    });
    await child.reading;
    // The results may all be a former child's: this one must have been given all input before it drains.
    await until('all input', async () => {
      const { num_pending, delivered } = await jsm.consumers.info('OBS_TRACKS', 'counting_all');
      return num_pending === 0 && delivered.stream_seq === count;
    });
    await delay(200);
    child.process.kill('SIGTERM');
    expect(await child.ended, child.output()).toBe(0);
    expect(child.output()).not.toContain('not computed again');
    expect(await results()).toEqual(want);
    // Drained: everything is in the checkpoint and acknowledged.
    const info = await jsm.consumers.info('OBS_TRACKS', 'counting_all');
    expect(info.ack_floor.stream_seq).toBe(count);
    expect(info.num_ack_pending).toBe(0);
  }, 180_000);

  it('quarantines what cannot be decoded and what makes it throw, with the reason, and goes on as if they were not there', async () => {
    const bad = new Map<number, { poison?: boolean; garbage?: boolean }>([
      [5, { garbage: true }],
      [700, { poison: true }],
      [701, { poison: true }],
      [1_500, { garbage: true }],
      [1_999, { poison: true }],
    ]);
    const indices = range(0, 2_000);
    await publishAll(indices.map((i) => countingMessage(i, KEYS[i % KEYS.length]!, bad.get(i))));
    const runner = await runProcessor(countingProcessor, options());
    await until('all input', () => runner.health.inputSeq === 2_000);
    await runner.drain();
    expect(await results()).toEqual(expected(indices.filter((i) => !bad.has(i))));
    const quarantined = await stored('QUARANTINE', 'bad.>');
    const seqs = quarantined.map(({ header }) => Number(header(BAD_HEADER.seq)));
    // Stream sequences begin at 1.
    expect(seqs.sort((a, b) => a - b)).toEqual([...bad.keys()].map((i) => i + 1));
    const codes = quarantined.map(({ header }) => header(BAD_HEADER.code));
    expect(codes.filter((code) => code === 'payload-malformed')).toHaveLength(2);
    expect(
      quarantined
        .find(({ header }) => header(BAD_HEADER.code) === 'processor-failed')
        ?.header(BAD_HEADER.reason),
    ).toContain('cannot bear');
    expect(runner.health).toMatchObject({ state: 'stopped', poisonous: 3 });
  });

  it.each([
    ['outputs', 'DERIVED'],
    ['inputs', 'OBS_TRACKS'],
    ['checkpoints', 'KV_CHECKPOINTS'],
  ])('finds a checkpoint that fits when the server has lost its newest %s', async (_, stream) => {
    const run = async (upTo: number) => {
      const runner = await runProcessor(countingProcessor, options());
      await until('all input', () => runner.health.inputSeq === upTo);
      await runner.drain();
      return runner.health;
    };
    await publishAll(range(0, 3_000).map(message));
    await run(3_000);
    const folder = path.join(server.dataFolder, 'jetstream/jetstream/$G/streams', stream);
    const copy = path.join(server.dataFolder, 'older');
    await crash(() => cpSync(folder, copy, { recursive: true }));
    await publishAll(range(3_000, 5_000).map(message));
    await run(5_000);
    expect(await results()).toEqual(expected(range(0, 5_000)));

    await crash(() => {
      rmSync(folder, { recursive: true });
      cpSync(copy, folder, { recursive: true });
    });
    // The source sends again what it was not sure of, and goes on.
    await publishAll(range(2_900, 6_000).map(message));
    const runner = await runProcessor(countingProcessor, options());
    await until('all results', async () => (await results()).length >= 600);
    await runner.drain();
    const got = await results();
    expect(got).toEqual(expected(range(0, 6_000)));
  });

  it('waits for the publisher instead of reading on, and its memory of inputs stays bounded', async () => {
    await publishAll(range(0, 5_000).map(message));
    const runner = await runProcessor(countingProcessor, options({ maxInFlight: 4, maxMessages: 100 }));
    await until('all input', () => runner.health.inputSeq === 5_000);
    await runner.drain();
    expect(await results()).toEqual(expected(range(0, 5_000)));
  });

  it('stops when another instance takes its partition', async () => {
    await publishAll(range(0, 100).map(message));
    const first = await runProcessor(countingProcessor, options());
    const second = await runProcessor(countingProcessor, options());
    await expect(first.done).rejects.toMatchObject({
      code: expect.stringMatching(/consumer-taken|checkpoint-conflict/),
    });
    expect(first.health.state).toBe('failed');
    await until('all input', () => second.health.inputSeq === 100);
    await second.drain();
    expect(await results()).toEqual(expected(range(0, 100)));
  });

  it('keeps the quarantine of its partitions apart: one does not wait for what another has set aside', async () => {
    const part = (key: string) => ({
      ...countingProcessor,
      input: { stream: 'OBS_TRACKS', filters: [`obs.tracks.org.venue.${key}`] },
      outputs: [`win.counting.org.venue.${key}`],
    });
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    for (let round = 0; round < 3; round++) {
      const runners: Running[] = [];
      for (const key of ['key-0', 'key-1']) {
        runners.push(await runProcessor(part(key), options({ partition: key, log })));
      }
      for (let i = 0; i < 5; i++) {
        const at = 100 * round + 10 * i;
        await publishAll([countingMessage(at, 'key-0'), countingMessage(at + 1, 'key-1', { garbage: true })]);
        await delay(60);
      }
      await until('all input', () => runners.every(({ health }) => health.messages === 5));
      for (const runner of runners) await runner.drain();
    }
    expect(await stored('QUARANTINE', 'bad.>')).toHaveLength(15);
    expect(lines).toEqual([]);
  });

  it('refuses a checkpoint of another state version by name, and migrates an older one', async () => {
    await publishAll(range(0, 1_000).map(message));
    const first = await runProcessor(countingProcessor, options());
    await until('all input', () => first.health.inputSeq === 1_000);
    await first.drain();
    const newer: Processor<ReturnType<typeof countingProcessor.decode>> = {
      ...countingProcessor,
      stateVersion: 2,
    };
    await expect(runProcessor(newer, options())).rejects.toMatchObject({
      code: 'checkpoint-refused',
      message: expect.stringContaining('version 1'),
    });
    await publishAll(range(1_000, 2_000).map(message));
    const migrated = await runProcessor({ ...newer, migrate: (snapshot) => snapshot }, options());
    await until('all input', () => migrated.health.inputSeq === 2_000);
    await migrated.drain();
    expect(await results()).toEqual(expected(range(0, 2_000)));
  });

  it('ends when an output is outside the subjects it declares, instead of risking it twice', async () => {
    await publishAll(range(0, 200).map(message));
    const narrow = { ...countingProcessor, outputs: ['win.counting.org.venue.key-1'] };
    const runner = await runProcessor(narrow, options());
    await expect(runner.done).rejects.toMatchObject({ code: 'processor-failed' });
    expect(runner.health).toMatchObject({ state: 'failed', error: expect.stringContaining('key-0') });
  });

  it('measures itself', async () => {
    await publishAll(range(0, 1_000).map(message));
    const metrics = new MetricsRegistry();
    const runner = await runProcessor(countingProcessor, options({ metrics }));
    await until('all input', () => runner.health.inputSeq === 1_000);
    await delay(200);
    await runner.drain();
    const text = metrics.text();
    expect(text).toContain('tidewatch_processor_messages_total{partition="all",processor="counting"} 1000');
    expect(text).toContain('tidewatch_processor_lag_messages{partition="all",processor="counting"} 0');
    expect(text).toContain('tidewatch_processor_keys{partition="all",processor="counting"} 20');
  });
});

describe('worker thread', () => {
  const dying = (deaths: number): { deaths: Int32Array; more: RunnerOptions; lines: string[] } => {
    const left = new Int32Array(new SharedArrayBuffer(4)).fill(deaths);
    const lines: string[] = [];
    const worker = { ...countingRecipe, argument: { dieAt: 1_234, deaths: left } };
    const log = (line: string) => lines.push(line);
    return {
      deaths: left,
      lines,
      more: { nc, jsm, metrics: new MetricsRegistry(), checkpointMs: 20, maxMessages: 200, worker, log },
    };
  };

  it('goes back to its checkpoint when it ends, says so, and nothing is lost or doubled', async () => {
    await publishAll(range(0, 3_000).map(message));
    const { more, lines, deaths } = dying(2);
    const runner = await runProcessor(countingProcessor, more);
    await until('all input', () => runner.health.inputSeq === 3_000);
    await runner.drain();
    expect(deaths[0]).toBeLessThan(0);
    expect(await results()).toEqual(expected(range(0, 3_000)));
    expect(runner.health).toMatchObject({ state: 'stopped', recoveries: 2, poisonous: 0 });
    expect(lines.join()).toContain('the worker thread of counting ended: exit code 3');
  });

  it('gives up when it ends again and again at the same place', async () => {
    await publishAll(range(0, 3_000).map(message));
    const runner = await runProcessor(countingProcessor, dying(1_000).more);
    await expect(runner.done).rejects.toThrow('the worker thread of counting ended');
    expect(runner.health.state).toBe('failed');
  });

  it('refuses to start when the recipe makes another processor, or none', async () => {
    const more = dying(0).more;
    const renamed = { ...countingProcessor, name: 'other' };
    await expect(runProcessor(renamed, more)).rejects.toMatchObject({ code: 'processor-failed' });
    const worker = { ...countingRecipe, export: 'missing' };
    await expect(runProcessor(countingProcessor, { ...more, worker })).rejects.toThrow('does not make');
  });
});
