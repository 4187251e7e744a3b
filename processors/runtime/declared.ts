// The subjects that a processor says it writes to. An output outside them would not be found after a crash, and doubled.
import { StreamsError } from '#streams/errors.ts';
import { subjectMatches } from '#streams/topology.ts';
import type { OutputStream } from './recovery.ts';

/** Subjects remembered as declared; far more than a venue has. */
const MOST_KNOWN = 100_000;

export class DeclaredSubjects {
  readonly #processor: string;
  readonly #streams: readonly OutputStream[];
  readonly #known = new Set<string>();

  constructor(processor: string, streams: readonly OutputStream[]) {
    this.#processor = processor;
    this.#streams = streams;
  }

  /** @throws StreamsError `processor-failed` for a subject that no filter covers */
  check(subject: string): void {
    if (this.#known.has(subject)) return;
    const declared = this.#streams.some(({ filters }) =>
      filters.some((filter) => subjectMatches(filter, subject)),
    );
    if (!declared) {
      throw new StreamsError(
        'processor-failed',
        `${this.#processor} published to ${subject}, which it does not declare`,
        'add a filter that covers it to the outputs of the processor',
      );
    }
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.add(subject);
  }
}
