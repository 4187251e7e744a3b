// Results of the gates, the ledger and drift as messages: subject, id and headers from what a result is. A result is named by the
// second that the venue's time is in; what changes within that second is a higher revision, so that it shows at once.
import type { Venue } from '#models/venue/index.ts';
import type { Output } from '#processors/runtime/index.ts';
import { cloudEventHeaders } from '#streams/schema/cloudevents.ts';
import { eventType, type MessageKind } from '#streams/schema/registry.ts';
import type { WindowHead } from '#streams/schema/window.ts';
import { windowSubject } from '#streams/subjects.ts';

/** Key of the venue as a whole. */
export const SITE_KEY = 'site';
/** Results name the second their event is in. */
export const HOP_MS = 1_000;

/** Key, end and revision of its last result. */
export type LastResult = readonly [key: string, end: number, revision: number];

export class Results {
  /** The venue's time: the latest event time seen. */
  nowMs = 0;
  readonly #processor: string;
  readonly #venue: Venue;
  readonly #level: number;
  readonly #levels: ReadonlyMap<string, number>;
  #last = new Map<string, { readonly end: number; readonly revision: number }>();

  constructor(processor: string, venue: Venue) {
    this.#processor = processor;
    this.#venue = venue;
    this.#level = venue.levels[0]?.ordinal ?? 0;
    const passages = [...venue.gates, ...venue.exits, ...venue.doors];
    this.#levels = new Map(passages.map((passage) => [passage.id, passage.level]));
  }

  /** The head of the next result of a key. `name` tells apart keys of one name in several metrics. */
  head(key: string, name = key): WindowHead {
    const end = (Math.floor(this.nowMs / HOP_MS) + 1) * HOP_MS;
    const before = this.#last.get(name);
    const revision = before?.end === end ? before.revision + 1 : 0;
    this.#last.set(name, { end, revision });
    return {
      org: this.#venue.org,
      venue: this.#venue.id,
      key,
      level: this.#levels.get(key) ?? this.#level,
      start: end - HOP_MS,
      end,
      hopMs: HOP_MS,
      revision,
      completeness: null,
      silent: [],
    };
  }

  message<T>(kind: MessageKind<T>, value: T, subject: string, id: string, epochMs: number): Output {
    return {
      subject,
      messageId: id,
      payload: kind.codec.encode(value),
      headers: cloudEventHeaders({
        id,
        source: `/processors/${this.#processor}`,
        type: eventType(kind),
        epochMs,
        dataSchema: kind.name,
      }),
    };
  }

  window<T extends WindowHead & { readonly metric: string }>(kind: MessageKind<T>, value: T): Output {
    const subject = windowSubject(value.metric, value.org, value.venue, value.key);
    const id = `${subject}|${value.hopMs}|${value.end}|${value.revision}`;
    return this.message(kind, value, subject, id, value.end);
  }

  get state(): { readonly nowMs: number; readonly last: readonly LastResult[] } {
    return {
      nowMs: this.nowMs,
      last: [...this.#last].map(([name, { end, revision }]) => [name, end, revision]),
    };
  }

  restore({ nowMs, last }: { readonly nowMs: number; readonly last: readonly LastResult[] }): void {
    this.nowMs = nowMs;
    this.#last = new Map(last.map(([name, end, revision]) => [name, { end, revision }]));
  }
}
