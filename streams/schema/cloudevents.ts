// CloudEvents 1.0 in NATS binary mode: attributes are headers, the payload is the JSON data itself.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md
import { headers, type MsgHdrs } from '@nats-io/nats-core';
import { StreamsError } from '../errors.ts';
import { MAX_EPOCH_MS } from './tracks.ts';

export interface CloudEventAttributes {
  /** Unique within the source; also the JetStream message id, so that sending it twice stores it once. */
  readonly id: string;
  /** Who says so: `/<org>/<venue>/<source>` or `/processors/<name>`. */
  readonly source: string;
  /** `tidewatch.<kind>.v<version>`. */
  readonly type: string;
  /** Event time, UTC epoch ms. */
  readonly epochMs: number;
  /** Name of the schema of the data. */
  readonly dataSchema: string;
}

/** Header names and values as plain pairs, for the publisher. */
export function cloudEventHeaders(event: CloudEventAttributes): Readonly<Record<string, string>> {
  return {
    'ce-specversion': '1.0',
    'ce-id': event.id,
    'ce-source': event.source,
    'ce-type': event.type,
    'ce-time': new Date(event.epochMs).toISOString(),
    'ce-dataschema': event.dataSchema,
    'content-type': 'application/json',
  };
}

/**
 * The attributes of a received message.
 * @throws StreamsError `payload-malformed` naming the header that is missing or wrong
 */
export function parseCloudEvent(received: MsgHdrs | undefined): CloudEventAttributes {
  const from = received ?? headers();
  if (from.get('ce-specversion') !== '1.0') {
    throw malformed(`ce-specversion is "${from.get('ce-specversion')}", not 1.0`);
  }
  const required = (name: string): string => {
    const value = from.get(name);
    if (value === '') throw malformed(`header ${name} is missing`);
    return value;
  };
  const epochMs = Date.parse(required('ce-time'));
  if (!(epochMs >= 0 && epochMs <= MAX_EPOCH_MS)) {
    throw malformed(`ce-time "${from.get('ce-time')}" is not an RFC 3339 time before 2100`);
  }
  return {
    id: required('ce-id'),
    source: required('ce-source'),
    type: required('ce-type'),
    epochMs,
    dataSchema: required('ce-dataschema'),
  };
}

function malformed(why: string): StreamsError {
  return new StreamsError(
    'payload-malformed',
    `CloudEvent: ${why}`,
    'send CloudEvents 1.0 in binary mode, attributes as ce- headers',
  );
}
