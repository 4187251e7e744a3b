// Results of one processor of a session on their way to another one that reads them: a bounded queue in event time.
import type { Output } from '#processors/runtime/index.ts';
import type { RawMessage } from '#streams/consume.ts';

/** A message and when it is due among those of other feeds: the greatest event time of its feed so far. */
export interface Timed {
  readonly message: RawMessage;
  readonly dueMs: number;
  /** Its own event time. */
  readonly epochMs: number;
}

/** Messages held before the writer has to wait for the reader. */
const MOST_HELD = 20_000;

/** Who reads waits for what comes, who writes waits while too much is held. */
export class SessionFeed {
  readonly #wanted: readonly RegExp[];
  #queue: Timed[] = [];
  #at = 0;
  #dueMs = Number.NEGATIVE_INFINITY;
  #throughMs = Number.NEGATIVE_INFINITY;
  #ended = false;
  #abandoned = false;
  #wakeReader: (() => void) | undefined;
  #room: { readonly promise: Promise<void>; readonly open: () => void } | undefined;

  /** @param filters subjects that the reader wants of this writer */
  constructor(filters: readonly string[]) {
    this.#wanted = filters.map(patternOf);
  }

  /** Gives a result. Returns a promise when the reader is behind. */
  push({ subject, payload }: Output, epochMs: number): Promise<void> | undefined {
    if (this.#abandoned || !this.#wanted.some((pattern) => pattern.test(subject))) return undefined;
    this.#dueMs = Math.max(this.#dueMs, epochMs);
    this.#queue.push({ message: { subject, data: payload }, dueMs: this.#dueMs, epochMs });
    this.#wake();
    if (this.#queue.length - this.#at < MOST_HELD) return undefined;
    if (this.#room === undefined) {
      let open: () => void = () => undefined;
      const promise = new Promise<void>((resolve) => {
        open = resolve;
      });
      this.#room = { promise, open };
    }
    return this.#room.promise;
  }

  /** Everything with an event time up to `epochMs` has been given, corrections aside. */
  progress(epochMs: number): void {
    if (epochMs <= this.#throughMs) return;
    this.#throughMs = epochMs;
    this.#wake();
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The reader wants nothing more: who writes never waits again. */
  abandon(): void {
    this.#abandoned = true;
    this.#queue = [];
    this.#at = 0;
    this.#room?.open();
    this.#room = undefined;
  }

  get head(): Timed | undefined {
    return this.#queue[this.#at];
  }

  /** No later message is due before it; Infinity when none comes. */
  get throughMs(): number {
    return this.#ended ? Number.POSITIVE_INFINITY : this.#throughMs;
  }

  take(): Timed {
    const first = this.#queue[this.#at++]!;
    if (this.#at >= MOST_HELD / 2 || this.#at === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#at);
      this.#at = 0;
    }
    if (this.#room !== undefined && this.#queue.length - this.#at < MOST_HELD / 2) {
      this.#room.open();
      this.#room = undefined;
    }
    return first;
  }

  /** Resolves when something has come, or time has gone on, since it was called. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReader = resolve;
    });
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}

/** A subject filter as a pattern: `*` is one token, `>` what follows. */
export function patternOf(filter: string): RegExp {
  const tokens = filter.split('.').map((token) => {
    if (token === '*') return '[^.]+';
    return token === '>' ? '.+' : token.replaceAll(/[^A-Za-z0-9_-]/g, '\\$&');
  });
  return new RegExp(`^${tokens.join('\\.')}$`);
}

/** Whether subjects that `output` covers are among those that `wanted` asks for. */
export function feeds(output: string, wanted: string): boolean {
  const [have, want] = [output.split('.'), wanted.split('.')];
  for (let i = 0; i < Math.max(have.length, want.length); i++) {
    const [a, b] = [have[i], want[i]];
    if (a === '>' || b === '>') return true;
    if (a === undefined || b === undefined) return false;
    if (a !== b && a !== '*' && b !== '*') return false;
  }
  return true;
}
