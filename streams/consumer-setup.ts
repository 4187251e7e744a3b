// How a consumer is set up on the server, where it starts, and how its failures are told.
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import type { ConsumerOptions } from './consume.ts';
import { isStreamsError, messageOf, StreamsError } from './errors.ts';
import { positionOf, START, type StreamPosition } from './position.ts';

const NANOS_PER_MS = 1_000_000;
/** Within it the server may redeliver; redelivered messages are recognised, this only keeps them rare. */
const ACK_WAIT_MS = 120_000;
/** A nameless reader that vanished is removed by the server after this. */
const IDLE_MS = 60_000;
export const CONSUMER_NOT_FOUND = 10014;
export const STREAM_NOT_FOUND = 10059;

/** The server's consumer for `options`, beginning with stream sequence `first`; `owner` tells incarnations of one reader from another's. */
export function consumerConfig(
  options: ConsumerOptions,
  name: string,
  owner: string,
  first: number,
): Partial<ConsumerConfig> {
  const common: Partial<ConsumerConfig> = {
    name,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: first,
    filter_subjects: [...options.filters],
    max_waiting: 16,
    metadata: { owner },
    ...(options.headersOnly ? { headers_only: true } : {}),
  };
  if (options.durable === undefined) {
    return {
      ...common,
      ack_policy: AckPolicy.None,
      inactive_threshold: IDLE_MS * NANOS_PER_MS,
      mem_storage: true,
      num_replicas: 1,
    };
  }
  return {
    ...common,
    durable_name: options.durable,
    ack_policy: AckPolicy.All,
    ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
    max_ack_pending: options.maxAckPending ?? 200_000,
  };
}

/** The position behind which to read. */
export async function startPosition(
  jsm: JetStreamManager,
  options: ConsumerOptions,
): Promise<StreamPosition> {
  const { start, stream, durable } = options;
  if (typeof start === 'object') return start.after;
  if (start === 'first') return START;
  if (start === 'new') return positionOf(jsm, stream, (await jsm.streams.info(stream)).state.last_seq);
  if (durable === undefined) throw failed(stream, new Error('start "acked" needs a durable name'));
  try {
    return positionOf(jsm, stream, (await jsm.consumers.info(stream, durable)).ack_floor.stream_seq);
  } catch (error) {
    if (isApiError(error, CONSUMER_NOT_FOUND)) return START;
    throw error;
  }
}

export function isApiError(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** The error of a reader that another one has replaced. */
export function taken(durable: string): StreamsError {
  return new StreamsError(
    'consumer-taken',
    `another process reads as "${durable}" now`,
    'run one instance of a processor per partition; this one stops',
  );
}

/** Anything thrown while reading, as a StreamsError. */
export function failed(stream: string, cause: unknown): StreamsError {
  return isStreamsError(cause)
    ? cause
    : new StreamsError(
        'consume-failed',
        `cannot read stream ${stream}: ${messageOf(cause)}`,
        'check that the stream exists and that this account may read it',
        cause,
      );
}
