// Window blocks as JSON messages: subject, id and headers from what a result is, and the head every window has.
import type { Output } from '#processors/runtime/index.ts';
import type { WindowBlock, WindowSpec } from '#processors/window/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import type { MessageKind } from '#streams/schema/registry.ts';
import { eventType } from '#streams/schema/registry.ts';
import type { WindowHead } from '#streams/schema/window.ts';
import { CLOCK_SOURCE, windowSubject } from '#streams/subjects.ts';

const encoder = new TextEncoder();

export interface WindowMessageParts<T> {
  readonly processor: string;
  readonly kind: Pick<MessageKind<T>, 'name' | 'version'>;
  readonly venue: {
    readonly org: string;
    readonly id: string;
    readonly cameras: readonly { readonly id: string }[];
  };
  /** Window specs of the operator, each with the token behind `win.`. */
  readonly specs: readonly (WindowSpec & { readonly metric: string })[];
  /** The operator's first keys, in order: those that are published. Rows of further keys are not. */
  readonly keys: readonly { readonly key: string; readonly level: number }[];
}

export interface WindowMessages<T> {
  append(block: WindowBlock, outputs: Output[], resultOf: (row: number) => T): void;
  headOf(block: WindowBlock, row: number): WindowHead;
}

export function windowMessages<T extends WindowHead>(parts: WindowMessageParts<T>): WindowMessages<T> {
  const { processor, kind, venue, specs, keys } = parts;
  const sources = [...venue.cameras.map(({ id }) => id), CLOCK_SOURCE];
  const subjects = specs.map(({ metric }) =>
    keys.map(({ key }) => windowSubject(metric, venue.org, venue.id, key)),
  );
  const type = eventType(kind);
  return {
    append(block, outputs, resultOf) {
      const { lengthMs } = specs[block.window]!;
      for (let row = 0; row < block.keys.length; row++) {
        const key = block.keys[row]!;
        if (key >= keys.length) continue;
        const subject = subjects[block.window]![key]!;
        const messageId = `${subject}|${lengthMs}|${block.end}|${block.revisions[row]!}`;
        outputs.push({
          subject,
          messageId,
          payload: encoder.encode(JSON.stringify(resultOf(row))),
          headers: cloudEventHeaders({
            id: messageId,
            source: `/processors/${processor}`,
            type,
            epochMs: block.end,
            dataSchema: kind.name,
          }),
        });
      }
    },
    headOf(block, row) {
      const { key, level } = keys[block.keys[row]!]!;
      const completeness = block.completeness[row]!;
      return {
        org: venue.org,
        venue: venue.id,
        key,
        level,
        start: block.start,
        end: block.end,
        hopMs: specs[block.window]!.hopMs,
        revision: block.revisions[row]!,
        completeness: Number.isNaN(completeness) ? null : completeness,
        silent: block.silent[row]!.flatMap((source) => sources[source] ?? []),
      };
    },
  };
}
