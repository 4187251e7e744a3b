// Positions in a stream: read from a message's acknowledgement subject, and checked against what a server still holds.
import type { JetStreamManager } from '@nats-io/jetstream';
import { StreamsError } from './errors.ts';

/** A message of a stream. The time tells it from another message that got the same sequence after data loss. */
export interface StreamPosition {
  readonly seq: number;
  /** When JetStream stored it, ns since the epoch, as decimal text (it exceeds 2^53). */
  readonly timeNs: string;
}

/** Before the first message. */
export const START: StreamPosition = { seq: 0, timeNs: '' };

/** What a delivered message's reply subject says. */
export interface Delivery extends StreamPosition {
  /** Count of deliveries of its consumer up to this one. */
  readonly consumerSeq: number;
  /** Messages of the consumer's filter still in the stream. */
  readonly pending: number;
}

/**
 * Reads `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>[.<random>]`.
 * @throws StreamsError `consume-failed` when it is not one
 */
export function parseDelivery(reply: string): Delivery {
  const parts = reply.split('.');
  const first = parts.length === 9 ? 4 : 6;
  const delivery = {
    seq: Number(parts[first + 1]),
    consumerSeq: Number(parts[first + 2]),
    timeNs: parts[first + 3] ?? '',
    pending: Number(parts[first + 4]),
  };
  if (
    parts.length >= 9 &&
    parts[0] === '$JS' &&
    parts[1] === 'ACK' &&
    Number.isSafeInteger(delivery.seq) &&
    Number.isSafeInteger(delivery.consumerSeq) &&
    Number.isSafeInteger(delivery.pending)
  ) {
    return delivery;
  }
  throw new StreamsError(
    'consume-failed',
    `"${reply}" is not a JetStream delivery`,
    'read only through a JetStream consumer',
  );
}

/** `fits`: the message is there. `expired`: retention removed it since. `rewound`: the server lost it. */
export type PositionCheck = 'fits' | 'expired' | 'rewound';

/**
 * Whether a stream still continues from a position. Sequence 0 (nothing read yet) always fits; a position without a time
 * (its message had expired) fits a stream that reaches it.
 */
export async function checkPosition(
  jsm: JetStreamManager,
  stream: string,
  position: StreamPosition,
): Promise<PositionCheck> {
  if (position.seq === 0) return 'fits';
  const { state } = await jsm.streams.info(stream);
  if (state.last_seq < position.seq) return 'rewound';
  if (state.first_seq > position.seq) return 'expired';
  if (position.timeNs === '') return 'fits';
  const stored = await jsm.streams.getMessage(stream, { seq: position.seq });
  // Retention may have taken it between the two questions; a hole elsewhere cannot come from data loss.
  if (stored === null) return 'expired';
  return nanosecondsOf(stored.timestamp) === position.timeNs ? 'fits' : 'rewound';
}

/** The position of a stored message; without a time when retention removed it. Sequence 0 is before the first. */
export async function positionOf(
  jsm: JetStreamManager,
  stream: string,
  seq: number,
): Promise<StreamPosition> {
  const stored = seq === 0 ? null : await jsm.streams.getMessage(stream, { seq });
  return { seq, timeNs: stored === null ? '' : nanosecondsOf(stored.timestamp) };
}

/** RFC 3339 with up to nine decimals, as ns since the epoch in decimal text. */
export function nanosecondsOf(rfc3339: string): string {
  const match = /^(.*?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(rfc3339);
  const seconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  if (match === null || Number.isNaN(seconds)) {
    throw new StreamsError('consume-failed', `"${rfc3339}" is not an RFC 3339 time`, 'check the server');
  }
  return String(BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0')));
}
