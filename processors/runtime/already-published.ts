// Outputs that were stored before a restart and will be computed again: each is left out exactly once.

export class AlreadyPublished {
  /** Per stream: id to sequence, in stream order. */
  readonly #streams: ReadonlyMap<string, Map<string, number>>;
  #waiting = 0;
  #suppressed = 0;

  constructor(streams: ReadonlyMap<string, Map<string, number>>) {
    this.#streams = streams;
    for (const ids of streams.values()) this.#waiting += ids.size;
  }

  /** True, once per id, when an output of this id is stored. */
  has(messageId: string): boolean {
    if (this.#waiting === 0) return false;
    for (const ids of this.#streams.values()) {
      if (ids.delete(messageId)) {
        this.#waiting--;
        this.#suppressed++;
        return true;
      }
    }
    return false;
  }

  /** Ids not computed again yet. */
  get waiting(): number {
    return this.#waiting;
  }

  get suppressed(): number {
    return this.#suppressed;
  }

  /** The sequence behind which a checkpoint must still look; undefined when nothing of the stream is waited for. */
  after(stream: string): number | undefined {
    const oldest = this.#streams.get(stream)?.values().next();
    return oldest === undefined || oldest.done ? undefined : oldest.value - 1;
  }

  /** Gives up on what was not computed again, and says how many that were. */
  forget(): number {
    const forgotten = this.#waiting;
    for (const ids of this.#streams.values()) ids.clear();
    this.#waiting = 0;
    return forgotten;
  }
}
