// From input to result, live, at 20,000 and 2,000 frames/s of 100 persons: cameras, server and processor are three processes.
//
// Latency of a result: from the publishing of the frame that completes its window (the last camera's first frame at or behind
// the window's end; the watermark then passes the end) to the arrival of the result at a subscriber, both by the machine's
// monotonic clock. How long a window waits for stragglers is event time and set to zero here. Event time runs faster than
// the clock on the wall so that one hall makes that many frames; the engine reads no clock and does not know.
//
// Beside it what the machine itself does to a process in that time: lateness of a 2 ms timer, and round trips to the server.
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/nats-core';
import { densityWindows, NOW_METRIC } from '#processors/density/index.ts';
import { decodeTracks } from '#streams/schema/tracks.ts';
import { observationSubject } from '#streams/subjects.ts';
import { hall } from './pipeline/hall.ts';
import { withLiveScene } from './pipeline/live.ts';
import { LIVE_VENUE, SENT_HEADER } from './pipeline/live-protocol.ts';

const WARM_UP_S = 4;
const MEASURE_S = 10;
const BUSY_RATE = 20_000;
const CALM_RATE = 2_000;
const TIMER_MS = 2;

interface Measured {
  readonly latencyMs: readonly number[];
  readonly timerMs: readonly number[];
  readonly pingMs: readonly number[];
  readonly framesPerS: number;
}

export async function run(_options: { json: boolean }): Promise<Record<string, number | string>> {
  return withLiveScene(async ({ nc, send }) => {
    await send(CALM_RATE, WARM_UP_S);
    const at = async (rate: number): Promise<Measured> => {
      await send(rate, WARM_UP_S / 2);
      const latency = watchLatency(nc);
      const host = watchHost(nc);
      const { sent, seconds } = await send(rate, MEASURE_S);
      // Results of the last frames are still on their way.
      await delay(500);
      return { latencyMs: latency(), ...(await host()), framesPerS: sent / seconds };
    };
    const calm = await at(CALM_RATE);
    const busy = await at(BUSY_RATE);
    console.log(
      'from the frame that completes a window to its result at a subscriber; 100 persons per frame',
    );
    const row = ({ latencyMs, timerMs, pingMs, framesPerS }: Measured) => ({
      'frames/s': Math.round(framesPerS),
      results: latencyMs.length,
      'p50 ms': quantile(latencyMs, 0.5),
      'p99 ms': quantile(latencyMs, 0.99),
      'timer late p99 ms': quantile(timerMs, 0.99),
      'ping p50 ms': quantile(pingMs, 0.5),
      'ping p99 ms': quantile(pingMs, 0.99),
    });
    console.table({ [`${CALM_RATE} frames/s`]: row(calm), [`${BUSY_RATE} frames/s`]: row(busy) });
    if (busy.framesPerS < 0.97 * BUSY_RATE)
      console.log(`this machine did not send ${BUSY_RATE} frames/s: the cameras themselves were late`);
    return {
      p50_ms: quantile(busy.latencyMs, 0.5),
      p99_ms: quantile(busy.latencyMs, 0.99),
      jitter_p99_ms: quantile(busy.timerMs, 0.99),
      ping_p50_ms: quantile(busy.pingMs, 0.5),
      ping_p99_ms: quantile(busy.pingMs, 0.99),
      frames_per_s: Math.round(busy.framesPerS),
      results: busy.latencyMs.length,
      calm_p50_ms: quantile(calm.latencyMs, 0.5),
      calm_p99_ms: quantile(calm.latencyMs, 0.99),
      calm_jitter_p99_ms: quantile(calm.timerMs, 0.99),
    };
  });
}

/** Begins to note when windows are completed and when their results arrive; the returned function ends it. */
function watchLatency(nc: NatsConnection): () => number[] {
  const venue = hall(LIVE_VENUE);
  const { org, id } = venue;
  const tickMs = densityWindows(venue.tickMs).find(({ metric }) => metric === NOW_METRIC)!.hopMs;
  const lastCamera = venue.cameras.at(-1)!.id;
  /** When the frame that completes the window ending there was published, ns. */
  const completedNs = new Map<number, bigint>();
  let reachedMs: number | undefined;
  const latencies: number[] = [];
  const frames = nc.subscribe(observationSubject('tracks', { org, venue: id, source: lastCamera }), {
    callback: (error, message) => {
      if (error !== null) throw error;
      const { epochMs } = decodeTracks(message.data);
      const sentNs = BigInt(message.headers?.get(SENT_HEADER) ?? '0');
      if (reachedMs !== undefined) {
        for (let end = Math.floor(reachedMs / tickMs + 1) * tickMs; end <= epochMs; end += tickMs)
          completedNs.set(end, sentNs);
      }
      reachedMs = epochMs;
    },
  });
  const results = nc.subscribe(`win.${NOW_METRIC}.${org}.${id}.*`, {
    callback: (error, message) => {
      const now = process.hrtime.bigint();
      if (error !== null) throw error;
      // subject | length | end | revision
      const [, , end, revision] = (message.headers?.get('Nats-Msg-Id') ?? '').split('|');
      const sentNs = completedNs.get(Number(end));
      if (sentNs !== undefined && revision === '0') latencies.push(Number(now - sentNs) / 1e6);
    },
  });
  return () => {
    frames.unsubscribe();
    results.unsubscribe();
    return latencies;
  };
}

/** Begins to measure the machine's own jitter; the returned function ends it. */
function watchHost(nc: NatsConnection): () => Promise<{ timerMs: number[]; pingMs: number[] }> {
  const timerMs: number[] = [];
  const pingMs: number[] = [];
  let going = true;
  const timers = (async () => {
    while (going) {
      const from = performance.now();
      await delay(TIMER_MS);
      timerMs.push(Math.max(0, performance.now() - from - TIMER_MS));
    }
  })();
  const pings = (async () => {
    while (going) {
      // nc.rtt() counts whole milliseconds.
      const from = performance.now();
      await nc.flush();
      pingMs.push(performance.now() - from);
      await delay(10);
    }
  })();
  return async () => {
    going = false;
    await Promise.all([timers, pings]);
    return { timerMs, pingMs };
  };
}

/** Rounded to 0.01. */
function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new Error('nothing was measured: no result arrived');
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]! * 100) / 100;
}
