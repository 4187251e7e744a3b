// Input that cannot be read is kept, not dropped: its bytes go to `bad.<kind>.<org>.<venue>.<source>` (or `bad.unknown`
// where the subject says nothing usable) with the reason as headers. The message id is the place it came from, so reading
// the same bad input twice keeps it once.
import { messageOf, StreamsError } from './errors.ts';
import type { OutgoingMessage } from './publish.ts';
import { isToken } from './subjects.ts';

export const UNKNOWN_BAD_SUBJECT = 'bad.unknown';

/** Headers of a quarantined message. */
export const BAD_HEADER = {
  /** Stable error code, or `error` for one that has none. */
  code: 'Tidewatch-Bad-Code',
  reason: 'Tidewatch-Bad-Reason',
  subject: 'Tidewatch-Bad-Subject',
  /** Stream and sequence it was read from; absent for input that never reached a stream. */
  stream: 'Tidewatch-Bad-Stream',
  seq: 'Tidewatch-Bad-Seq',
  /** When it was received, RFC 3339. */
  time: 'Tidewatch-Bad-Time',
  /** Who refused it. */
  by: 'Tidewatch-Bad-By',
  /** Bytes of the original where only its beginning is kept. */
  truncatedFrom: 'Tidewatch-Bad-Truncated-From',
} as const;

/** More of a bad message helps nobody, and quarantine must stay small. */
export const MAX_KEPT_BYTES = 1024 * 1024;
const MAX_REASON = 500;

export interface BadInput {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly error: unknown;
  /** Name of the processor or adapter that refused it. */
  readonly by: string;
  /** When it was received, UTC epoch ms. From a stream: when the stream stored it, so that a repeat is equal. */
  readonly receivedMs: number;
  /** Where it was read; for input from outside a stream, `id` tells equal input apart instead. */
  readonly from: { readonly stream: string; readonly seq: number } | { readonly id: string };
}

/** The message that keeps `bad` in quarantine. The payload is copied. */
export function quarantineMessage(bad: BadInput): OutgoingMessage {
  const code = bad.error instanceof StreamsError ? bad.error.code : 'error';
  const size = bad.payload.byteLength;
  const place =
    'stream' in bad.from
      ? { [BAD_HEADER.stream]: bad.from.stream, [BAD_HEADER.seq]: String(bad.from.seq) }
      : {};
  const id = 'stream' in bad.from ? `${bad.from.stream}:${bad.from.seq}` : bad.from.id;
  return {
    subject: quarantineSubject(bad.subject),
    payload: bad.payload.slice(0, MAX_KEPT_BYTES),
    // The refuser is part of the id: a second processor may refuse the same input for another reason.
    messageId: `bad:${bad.by}:${headerText(id)}`,
    headers: {
      [BAD_HEADER.code]: code,
      [BAD_HEADER.reason]: headerText(messageOf(bad.error)),
      [BAD_HEADER.subject]: headerText(bad.subject),
      [BAD_HEADER.time]: new Date(bad.receivedMs).toISOString(),
      [BAD_HEADER.by]: headerText(bad.by),
      ...place,
      ...(size > MAX_KEPT_BYTES ? { [BAD_HEADER.truncatedFrom]: String(size) } : {}),
    },
  };
}

/** `bad.` and the subject without `obs.`; `bad.unknown` when any part of it is not a token. */
export function quarantineSubject(subject: string): string {
  const parts = subject.split('.');
  if (parts.length === 5 && parts[0] === 'obs' && parts.every(isToken))
    return `bad.${parts.slice(1).join('.')}`;
  return UNKNOWN_BAD_SUBJECT;
}

/** One line of printable ASCII: a header may not break, and the text may be an attacker's. */
function headerText(text: string): string {
  const line = text.replace(/[^\x20-\x7e]+/g, '?').trim();
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON - 3)}...` : line;
}
