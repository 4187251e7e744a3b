// JSON payloads: parsed once at the boundary against their schema, written in the schema's own field order, so that
// equal values are equal bytes.
import type { z } from 'zod';
import { messageOf, StreamsError } from '../errors.ts';

/** A JSON message longer than this is not one of ours. */
export const MAX_JSON_BYTES = 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export interface Codec<T> {
  /** @throws StreamsError `payload-malformed` or `frame-malformed` when the value is not of the schema */
  encode(value: T): Uint8Array;
  /** @throws StreamsError `payload-malformed` or `frame-malformed` naming the first thing wrong */
  decode(payload: Uint8Array): T;
}

/** The codec of a schema; `what` names the message in errors. */
export function jsonCodec<S extends z.ZodType>(what: string, schema: S): Codec<z.infer<S>> {
  const check = (value: unknown): z.infer<S> => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [first] = result.error.issues;
    throw malformed(what, `${first?.path.join('.') || 'the whole'}: ${first?.message ?? 'invalid'}`);
  };
  return {
    encode: (value) => encoder.encode(JSON.stringify(check(value))),
    decode(payload) {
      if (payload.byteLength > MAX_JSON_BYTES) {
        throw malformed(what, `${payload.byteLength} bytes exceed ${MAX_JSON_BYTES}`);
      }
      let parsed: unknown;
      try {
        parsed = JSON.parse(decoder.decode(payload));
      } catch (error) {
        throw malformed(what, `it is not JSON in UTF-8: ${messageOf(error)}`, error);
      }
      return check(parsed);
    },
  };
}

function malformed(what: string, why: string, cause?: unknown): StreamsError {
  return new StreamsError('payload-malformed', `${what}: ${why}`, 'send what its schema says', cause);
}
