// The AsyncAPI 3 document of the subjects, generated from the table of messages. It is never written by hand and not kept.
// https://www.asyncapi.com/docs/reference/specification/v3.0.0
import { type AnyMessageKind, eventType, MESSAGE_KINDS } from './registry.ts';

const PARAMETERS: Readonly<Record<string, string>> = {
  org: 'Organisation: 1 to 64 of a-z, 0-9 and hyphen',
  venue: 'Venue of the organisation',
  source: 'Camera, gate, door or other source of the venue; `clock` is reserved',
  level: 'Level ordinal: 0, 1, b1 for -1',
  key: 'Zone, line or other key of the window',
  window: 'Empty, or a hyphen and the name of the window, such as `-60s`',
};

export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: Readonly<Record<string, unknown>>;
  readonly defaultContentType: string;
  readonly channels: Readonly<Record<string, AsyncApiChannel>>;
  readonly operations: Readonly<Record<string, unknown>>;
  readonly components: {
    readonly messages: Readonly<Record<string, unknown>>;
    readonly schemas: Readonly<Record<string, unknown>>;
  };
}

export interface AsyncApiChannel {
  readonly address: string;
  readonly title: string;
  readonly parameters: Readonly<Record<string, { readonly description: string }>>;
  readonly messages: Readonly<Record<string, { readonly $ref: string }>>;
}

/** The document for the version of the product given. */
export function asyncApiDocument(version: string): AsyncApiDocument {
  const by = <T>(make: (kind: AnyMessageKind) => T): Record<string, T> =>
    Object.fromEntries(MESSAGE_KINDS.map((kind) => [idOf(kind), make(kind)]));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tidewatch',
      version,
      description: 'Subjects of the crowd-safety stream engine on NATS JetStream.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: by(channelOf),
    operations: {
      ...Object.fromEntries(
        MESSAGE_KINDS.map((kind) => [
          `${idOf(kind)}-publish`,
          { action: 'send', channel: { $ref: `#/channels/${idOf(kind)}` } },
        ]),
      ),
    },
    components: {
      messages: by(messageOf),
      schemas: by(
        (kind) => kind.jsonSchema?.() ?? { type: 'string', format: 'binary', description: kind.layout },
      ),
    },
  };
}

function idOf(kind: AnyMessageKind): string {
  return kind.name.replaceAll('.', '-');
}

function channelOf(kind: AnyMessageKind): AsyncApiChannel {
  const names = [...kind.address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  return {
    address: kind.address,
    title: kind.title,
    parameters: Object.fromEntries(names.map((name) => [name, { description: PARAMETERS[name]! }])),
    messages: { [idOf(kind)]: { $ref: `#/components/messages/${idOf(kind)}` } },
  };
}

function messageOf(kind: AnyMessageKind): Readonly<Record<string, unknown>> {
  const common = {
    name: eventType(kind),
    title: kind.title,
    payload: { $ref: `#/components/schemas/${idOf(kind)}` },
  };
  if (kind.encoding === 'columns') {
    return {
      ...common,
      contentType: 'application/octet-stream',
      description: `Little-endian columns behind a versioned header, laid out as ${kind.layout} says.`,
    };
  }
  return {
    ...common,
    contentType: 'application/json',
    headers: {
      type: 'object',
      required: ['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-time', 'ce-dataschema'],
      properties: {
        'ce-specversion': { const: '1.0' },
        'ce-id': { type: 'string', description: 'Also the JetStream message id' },
        'ce-source': { type: 'string', format: 'uri-reference' },
        'ce-type': { const: eventType(kind) },
        'ce-time': { type: 'string', format: 'date-time' },
        'ce-dataschema': { type: 'string' },
      },
    },
    examples: [{ payload: kind.example }],
  };
}
