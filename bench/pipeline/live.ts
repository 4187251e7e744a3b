// Cameras, server and processor as three processes on one machine, live: at a rate for the latency, and at rising rates for
// the highest that they sustain.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { apply } from '#streams/apply.ts';
import { connect } from '#streams/connect.ts';
import { findProgram, startServer } from '#streams/server/index.ts';
import { topology } from '#streams/topology.ts';
import { PERSONS } from './hall.ts';
import { isHealth, isReport, type LiveHealth, type LiveReport } from './live-protocol.ts';

export interface LiveScene {
  /** A connection of this process to the server. */
  readonly nc: NatsConnection;
  /** Sends for so long; resolves when the server has stored all. */
  send(framesPerS: number, seconds: number): Promise<LiveReport>;
  processor(): Promise<LiveHealth>;
}

/** Runs `use` with a server, the cameras and the density processor, each a process; ends them afterwards. */
export async function withLiveScene<T>(use: (scene: LiveScene) => Promise<T>): Promise<T> {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tidewatch-live-'));
  const server = await startServer({ serverPath: (await findProgram()).path, dataFolder, temporary: true });
  const children: ChildProcess[] = [];
  const start = async (file: string): Promise<ChildProcess> => {
    const child = fork(path.join(import.meta.dirname, file), [server.url], { execArgv: ['--import', 'tsx'] });
    children.push(child);
    await answer(child);
    return child;
  };
  try {
    const nc = await connect({ servers: server.url, name: 'bench live' });
    await apply(await jetstreamManager(nc), topology({ storageBytes: 6 * 2 ** 30 }));
    const processor = await start('live-processor.ts');
    const cameras = await start('live-source.ts');
    const ask = async (child: ChildProcess, message: object): Promise<unknown> => {
      const answered = answer(child);
      child.send(message);
      return answered;
    };
    const result = await use({
      nc,
      async send(framesPerS, seconds) {
        const report = await ask(cameras, { framesPerS, seconds });
        if (!isReport(report)) throw new TypeError('the cameras answered something else');
        return report;
      },
      async processor() {
        const health = await ask(processor, {});
        if (!isHealth(health)) throw new TypeError('the processor answered something else');
        return health;
      },
    });
    await nc.close();
    return result;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await server.stop();
  }
}

async function answer(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const onExit = () => ended.abort(new Error('a process of the bench ended before it answered'));
  child.once('exit', onExit);
  try {
    const [message]: unknown[] = await once(child, 'message', { signal: ended.signal });
    return message;
  } finally {
    child.off('exit', onExit);
  }
}

const WARM_UP_RATE = 5_000;
const WARM_UP_S = 3;
const STEP_S = 4;
/** A rate is sustained when this share of it was sent and stored in time ... */
const SENT_SHARE = 0.97;
/** ... and the processor is behind by no more than this much of it at the end. */
const LAG_S = 0.25;
const RATES = [5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 60_000];

export interface LiveRate {
  readonly positions_per_s_live: number;
  readonly frames_per_s_live: number;
  readonly live_rss_mb: number;
  /** CPU of the processor at that rate, share of one core. */
  readonly live_processor_cpu: number;
}

/** The highest rate of a rising row that is sustained; the row ends at the second that is not. About half a minute. */
export async function measureLive(): Promise<LiveRate> {
  return withLiveScene(async ({ send, processor }) => {
    await send(WARM_UP_RATE, WARM_UP_S);
    let best: LiveRate = {
      positions_per_s_live: 0,
      frames_per_s_live: 0,
      live_rss_mb: 0,
      live_processor_cpu: 0,
    };
    let failed = 0;
    for (const rate of RATES) {
      const before = await processor();
      const { sent, total, seconds } = await send(rate, STEP_S);
      const after = await processor();
      const behind = total - after.messages;
      const sustained = sent / seconds >= SENT_SHARE * rate && behind <= LAG_S * rate;
      console.log(
        `  ${rate} frames/s: ${Math.round(sent / seconds)} sent and stored, processor ${behind} behind` +
          `${sustained ? '' : ': not sustained'}`,
      );
      if (sustained) {
        best = {
          positions_per_s_live: Math.round((sent / seconds) * PERSONS),
          frames_per_s_live: Math.round(sent / seconds),
          live_rss_mb: Math.round(after.rssMb),
          live_processor_cpu: Math.round(((after.cpuS - before.cpuS) / seconds) * 100) / 100,
        };
      } else if (++failed === 2) break;
      while ((await processor()).messages < total) await delay(50);
    }
    return best;
  });
}
