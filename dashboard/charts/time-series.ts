// A bounded history of one zone for the charts: sorted by event time, in typed arrays, oldest forgotten first.
// Results may come in any order (history and live overlap after a reconnect, late data correct earlier windows).

export class TimeSeries {
  readonly capacity: number;
  #size = 0;
  readonly #time: Float64Array;
  readonly #density: Float32Array;
  readonly #count: Float32Array;
  readonly #revision: Uint32Array;

  /** @param capacity points kept, at least 1 */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`capacity ${capacity} is not at least 1`);
    this.capacity = capacity;
    this.#time = new Float64Array(capacity);
    this.#density = new Float32Array(capacity);
    this.#count = new Float32Array(capacity);
    this.#revision = new Uint32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Event time of the newest point, epoch ms; undefined when empty. */
  get newest(): number | undefined {
    return this.#size === 0 ? undefined : this.#time[this.#size - 1];
  }

  /**
   * Puts one point at `time` (epoch ms). NaN stands for unknown and is kept as a gap. A point at a known time
   * replaces it unless its revision is older. Returns false when the point was not kept.
   */
  set(time: number, density: number, count: number, revision: number): boolean {
    let at = this.#size;
    while (at > 0 && this.#time[at - 1]! >= time) at--;
    if (at < this.#size && this.#time[at] === time) {
      if (revision < this.#revision[at]!) return false;
    } else if (this.#size === this.capacity) {
      if (at === 0) return false;
      // Full: everything before `at` moves one down over the oldest.
      for (const column of this.#columns()) column.copyWithin(0, 1, at);
      at--;
    } else {
      for (const column of this.#columns()) column.copyWithin(at + 1, at, this.#size);
      this.#size++;
    }
    this.#time[at] = time;
    this.#density[at] = density;
    this.#count[at] = count;
    this.#revision[at] = revision;
    return true;
  }

  clear(): void {
    this.#size = 0;
  }

  /**
   * Points in [from, to] as uPlot columns: epoch seconds, density p/m2, persons. Unknown is null (a gap in the
   * line), and so is a hole longer than `gapMs` between two points: a line across it would be invented data.
   */
  columns(from: number, to: number, gapMs: number): [number[], (number | null)[], (number | null)[]] {
    const times: number[] = [];
    const densities: (number | null)[] = [];
    const counts: (number | null)[] = [];
    let previous = Number.NaN;
    for (let i = 0; i < this.#size; i++) {
      const time = this.#time[i]!;
      if (time < from || time > to) continue;
      if (time - previous > gapMs) {
        times.push((previous + 1) / 1000);
        densities.push(null);
        counts.push(null);
      }
      times.push(time / 1000);
      densities.push(known(this.#density[i]!));
      counts.push(known(this.#count[i]!));
      previous = time;
    }
    return [times, densities, counts];
  }

  #columns() {
    return [this.#time, this.#density, this.#count, this.#revision] as const;
  }
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
