// What a kind of message is: subject, encoding, schema, codec, and an example that is also the golden test's input.
import { z } from 'zod';
import { type Codec, jsonCodec } from '../json.ts';

export interface MessageKind<T> {
  /** Stable name: `<first tokens of the subject>`, for example `obs.tracks`. */
  readonly name: string;
  /** The subject with its parameters in braces. */
  readonly address: string;
  readonly version: number;
  readonly title: string;
  readonly encoding: 'columns' | 'json';
  readonly codec: Codec<T>;
  readonly example: T;
  /** JSON Schema of a JSON payload; undefined for columns, whose layout is in `layout`. */
  readonly jsonSchema?: () => Readonly<Record<string, unknown>>;
  /** Where the bytes of a column message are described. */
  readonly layout?: string;
}

/** CloudEvents type of a kind. */
export function eventType({ name, version }: Pick<MessageKind<unknown>, 'name' | 'version'>): string {
  return `tidewatch.${name}.v${version}`;
}

/** A kind without its value's type: for tables and documents over all kinds. */
export interface AnyMessageKind extends Omit<MessageKind<unknown>, 'codec'> {
  decode(payload: Uint8Array): unknown;
  exampleBytes(): Uint8Array;
}

/** The parameters of every subject of a source. */
export const SOURCE = '{org}.{venue}.{source}';
/** 2026-07-25T12:00:00Z, the instant of every example. */
export const EXAMPLE_MS = 1_784_980_800_000;

/** A kind of JSON messages, with its codec and JSON Schema made from `schema`. */
export function json<S extends z.ZodType>(
  name: string,
  address: string,
  title: string,
  schema: S,
  example: z.infer<S>,
  version = 1,
): MessageKind<z.infer<S>> {
  return {
    name,
    address,
    version,
    title,
    encoding: 'json',
    codec: jsonCodec(name, schema),
    example,
    jsonSchema: () => z.toJSONSchema(schema),
  };
}

/** `kind` as an entry of a table. */
export function erased<T>({ codec, ...rest }: MessageKind<T>): AnyMessageKind {
  return {
    ...rest,
    decode: (payload) => codec.decode(payload),
    exampleBytes: () => codec.encode(rest.example),
  };
}
