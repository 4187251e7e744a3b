// A runner from outside: what it is given, what it tells of itself, how it is stopped.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { MetricsRegistry } from '#streams/metrics.ts';
import type { ProcessorRecipe } from './worker-protocol.ts';

export interface RunnerOptions {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly metrics: MetricsRegistry;
  /** Which part of the input this instance has; a token. Default `all`. */
  readonly partition?: string;
  /** A checkpoint at least this often while there is input, ms. Default 1,000. */
  readonly checkpointMs?: number;
  /** And after this many messages. Default 50,000. */
  readonly checkpointMessages?: number;
  /** Bounds of the consumer: messages and bytes in flight. */
  readonly maxMessages?: number;
  readonly maxBytes?: number;
  /** Bound of the publisher: unacknowledged outputs. */
  readonly maxInFlight?: number;
  /**
   * Runs the partition in a worker thread that makes the processor from this, beside reading and publishing on this one.
   * Not given: in this thread. Decoders get no headers and no deliveries in a worker.
   */
  readonly worker?: ProcessorRecipe;
  readonly log?: (line: string) => void;
}

export interface RunnerHealth {
  readonly state: 'starting' | 'running' | 'draining' | 'stopped' | 'failed';
  readonly processor: string;
  readonly partition: string;
  /** Messages in the stream behind the last batch. */
  readonly lag: number;
  readonly inputSeq: number;
  readonly generation: number;
  readonly messages: number;
  readonly outputs: number;
  /** Outputs found already stored after a restart, and left out. */
  readonly suppressed: number;
  readonly undecodable: number;
  readonly poisonous: number;
  /** Times it went back to a checkpoint without ending. */
  readonly recoveries: number;
  readonly lastBatchMs: number | undefined;
  readonly lastCheckpointMs: number | undefined;
  readonly error: string | undefined;
}

export interface Running {
  readonly health: RunnerHealth;
  /**
   * Finishes the batch at hand, stores outputs, writes a checkpoint, acknowledges, stops. Outputs that cannot be stored
   * within `limitMs` (default 15 s) are given up: it rejects, and the next start computes them again.
   */
  drain(limitMs?: number): Promise<void>;
  /** Resolves after drain(); rejects with the StreamsError that ended it. */
  readonly done: Promise<void>;
}
