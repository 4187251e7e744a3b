// Publishes what one life of a runner puts out: each output once, although going back to a checkpoint computes it again.
import type { JetStreamManager } from '@nats-io/jetstream';
import { StreamsError } from '#streams/errors.ts';
import { patiently } from '#streams/patience.ts';
import type { OutgoingMessage, Publisher } from '#streams/publish.ts';
import type { AlreadyPublished } from './already-published.ts';
import type { OutputPosition } from './checkpoint.ts';
import type { DeclaredSubjects } from './declared.ts';
import type { Worked } from './engine.ts';
import { outputsStored } from './recovery.ts';
import type { SetAside } from './step.ts';
import type { Tally } from './tally.ts';

/** Checkpoints without an output left out until the rest of what was stored counts as never coming again. */
const QUIET_CHECKPOINTS = 4;

export interface LifeOutputsParts {
  readonly publisher: Publisher;
  readonly already: AlreadyPublished;
  /** Where each output stream ended when this life began. */
  readonly ends: ReadonlyMap<string, number>;
  readonly declared: DeclaredSubjects;
  readonly tally: Tally;
}

export class LifeOutputs {
  readonly publisher: Publisher;
  readonly #already: AlreadyPublished;
  readonly #ends: ReadonlyMap<string, number>;
  readonly #declared: DeclaredSubjects;
  readonly #tally: Tally;
  /** Checkpoints written since outputs were last left out. */
  #quietCheckpoints = 0;

  constructor({ publisher, already, ends, declared, tally }: LifeOutputsParts) {
    this.publisher = publisher;
    this.#already = already;
    this.#ends = ends;
    this.#declared = declared;
    this.#tally = tally;
  }

  /** Outputs found already stored, and left out. */
  get suppressed(): number {
    return this.#already.suppressed;
  }

  /** Publishes what became of a batch. Gives a promise only when something has to be waited for. */
  publish({ bad, outputs }: Worked): Promise<void> | undefined {
    const all = bad.length === 0 ? outputs : [...this.#notYetSetAside(bad), ...outputs];
    for (let i = 0; i < all.length; i++) {
      const waiting = this.#publishOne(all[i]!);
      if (waiting !== undefined) return this.#publishRest(all, i + 1, waiting);
    }
    return undefined;
  }

  /** What this process puts in quarantine now; going back to a checkpoint meets the same input again. */
  #notYetSetAside(bad: readonly SetAside[]): OutgoingMessage[] {
    const fresh = bad.filter(({ message }) => !this.#already.has(message.messageId));
    for (const { poisonous } of fresh) this.#tally[poisonous ? 'poisonous' : 'undecodable']++;
    return fresh.map(({ message }) => message);
  }

  async #publishRest(all: readonly OutgoingMessage[], from: number, waiting: Promise<void>): Promise<void> {
    await waiting;
    for (let i = from; i < all.length; i++) await this.#publishOne(all[i]!);
  }

  #publishOne(message: OutgoingMessage): Promise<void> | undefined {
    if (this.#already.has(message.messageId)) {
      this.#quietCheckpoints = 0;
      return undefined;
    }
    this.#declared.check(message.subject);
    this.#tally.outputs++;
    return this.publisher.publish(message);
  }

  /** The sequence in an output stream behind which a checkpoint taken now must look for outputs of later inputs. */
  after(stream: string): number {
    return (
      this.#already.after(stream) ?? this.publisher.acked.get(stream)?.seq ?? this.#ends.get(stream) ?? 0
    );
  }

  /**
   * Outputs stored before that nobody computes again mean lost input or a processor that is not deterministic. Called after
   * each checkpoint; gives how many were given up now.
   */
  forgetStale(): number {
    if (this.#already.waiting === 0 || this.#tally.lag > 0) return 0;
    if (++this.#quietCheckpoints < QUIET_CHECKPOINTS) return 0;
    return this.#already.forget();
  }

  /**
   * After a reconnection: whether the server still has what it said was stored.
   * @throws StreamsError `stream-rewound`
   */
  async check(jsm: JetStreamManager): Promise<void> {
    for (const [stream, through] of this.publisher.acked) {
      const position: OutputPosition = { stream, after: 0, through };
      if (await patiently('checking outputs', () => outputsStored(jsm, position))) continue;
      throw new StreamsError(
        'stream-rewound',
        `${stream} lost outputs that were stored`,
        'going back to a checkpoint that fits',
      );
    }
  }
}
