// Reads JetStream's publish acknowledgements without JSON.parse: `{"stream":"S","seq":7}` with `"duplicate":true` at
// the end where it was one, or `{"error":{...},...}`. The server writes `error` first and `seq` as a bare number.
import { messageOf } from './errors.ts';

/** Sequence and whether the server already had the message; or the error. */
export type PublishAck =
  | { readonly seq: number; readonly duplicate: boolean; readonly stream: string }
  | { readonly error: { readonly code: number; readonly errCode: number; readonly description: string } };

const LOWER_E = 0x65;
const QUOTE = 0x22;
const text = new TextDecoder();
const SEQ_KEY = [...'"seq":'].map((c) => c.charCodeAt(0));
const STREAM_KEY = '{"stream":"';

/** Knows the last stream's name as bytes, so that a run of acknowledgements of one stream decodes it once. */
export class AckReader {
  #streamBytes = new Uint8Array(0);
  #stream = '';

  read(payload: Uint8Array): PublishAck {
    // `{"e` begins an error; `{"s` a success. Anything else goes to the slow and strict parser.
    if (payload.length < 16 || payload[0] !== 0x7b || payload[1] !== QUOTE || payload[2] === LOWER_E) {
      return readStrictly(payload);
    }
    const stream = this.#streamOf(payload);
    if (stream === undefined) return readStrictly(payload);
    let at = STREAM_KEY.length + this.#streamBytes.length;
    const last = payload.length - SEQ_KEY.length;
    while (at <= last && !matches(payload, at, SEQ_KEY)) at++;
    if (at > last) return readStrictly(payload);
    at += SEQ_KEY.length;
    let seq = 0;
    for (let digit = payload[at]! - 48; digit >= 0 && digit <= 9; digit = payload[++at]! - 48)
      seq = seq * 10 + digit;
    // Only `true}` ends in a letter and a brace.
    return { seq, duplicate: payload[payload.length - 2] === LOWER_E, stream };
  }

  #streamOf(payload: Uint8Array): string | undefined {
    const from = STREAM_KEY.length;
    const known = this.#streamBytes;
    let i = 0;
    while (i < known.length && payload[from + i] === known[i]) i++;
    if (i === known.length && i > 0 && payload[from + i] === QUOTE) return this.#stream;
    const end = payload.indexOf(QUOTE, from);
    if (end < 0) return undefined;
    this.#streamBytes = payload.slice(from, end);
    this.#stream = text.decode(this.#streamBytes);
    return this.#stream;
  }
}

function matches(payload: Uint8Array, at: number, key: readonly number[]): boolean {
  for (let i = 0; i < key.length; i++) if (payload[at + i] !== key[i]) return false;
  return true;
}

function readStrictly(payload: Uint8Array): PublishAck {
  const unreadable = (why: string): PublishAck => ({
    error: { code: 500, errCode: 0, description: `unreadable acknowledgement: ${why}` },
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.decode(payload));
  } catch (error) {
    return unreadable(messageOf(error));
  }
  if (typeof parsed !== 'object' || parsed === null) return unreadable('not an object');
  const { error, seq, stream, duplicate } = parsed as Record<string, unknown>;
  if (typeof error === 'object' && error !== null) {
    const { code, err_code, description } = error as Record<string, unknown>;
    return {
      error: {
        code: typeof code === 'number' ? code : 500,
        errCode: typeof err_code === 'number' ? err_code : 0,
        description: typeof description === 'string' ? description : 'no description',
      },
    };
  }
  if (typeof seq !== 'number' || typeof stream !== 'string') return unreadable('no stream and sequence');
  return { seq, stream, duplicate: duplicate === true };
}
