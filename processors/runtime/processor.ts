// What a processor is to the runner: decode, a partition with state, and nothing about NATS, time or checkpoints.
import type { RawMessage } from '#streams/consume.ts';

/** One thing a processor says. Deterministic: the same input gives the same bytes under the same message id. */
export interface Output {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Unique within the output's stream for ever: for a window `metric|key|length|window end|revision`. */
  readonly messageId: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The state of one partition (usually one venue). Pure and synchronous: no clock, no I/O, no randomness.
 * How the input is cut into batches must not change what comes out.
 */
export interface Partition<Input> {
  /** May throw: the runner then finds the input that does it, sets it aside and goes on without it. */
  onBatch(inputs: readonly Input[]): readonly Output[];
  /** Everything onBatch depends on. The bytes belong to the caller. */
  snapshot(): Uint8Array;
  /** Makes the state what it was at snapshot(). Called at most once, before the first batch. */
  restore(snapshot: Uint8Array): void;
  /** Figures for health and metrics, by name; see PARTITION_METRICS for the usual names. */
  figures?(): Readonly<Record<string, number>>;
}

export interface Processor<Input> {
  /** A token; also the name of its checkpoint and its consumer. */
  readonly name: string;
  /** Raised when snapshots of before cannot be restored; `migrate` may bridge. */
  readonly stateVersion: number;
  /** The stream and the subjects it reads. */
  readonly input: { readonly stream: string; readonly filters: readonly string[] };
  /** Filters that cover every subject of its outputs, and of no one else's. */
  readonly outputs: readonly string[];
  /** Bytes to input; copies what it keeps. Throws for input that cannot be read: it goes to quarantine. */
  decode(message: RawMessage): Input;
  /** A partition with empty state. Called again after a failure. */
  create(): Partition<Input>;
  /** A snapshot of an older version as one of this version; throws when it cannot be. */
  migrate?(snapshot: Uint8Array, fromVersion: number): Uint8Array;
}

/** Names of figures that dashboards expect of a windowing partition. */
export const PARTITION_METRICS = {
  watermarkMs: 'Event time up to which windows are final, UTC epoch ms',
  late_total: 'Inputs that came after their windows were closed for good',
  revisions_total: 'Results issued again because of late input within the bound',
  dropped_total: 'Inputs neither used nor published as late: must be 0',
  keys: 'Keys with state',
} as const;
