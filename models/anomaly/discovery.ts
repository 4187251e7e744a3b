// Which of many series alarm at a moment. Each series brings a magnitude (how far it departs); its probability is its rank
// among all magnitudes that the venue has shown before (a conformal p-value, so no distribution is assumed). Over the
// series of the moment the false discovery rate is held at `rate` (Benjamini & Hochberg 1995). When nothing is wrong,
// the chance of any alarm at a moment is then at most `rate`, and alarms per day at most rate x moments per day.
//
// A departure counts only when two moments in a row show it in the same direction: what is ranked is the lesser of the two.
import { RarityBank, raritySize } from './rarity.ts';

/** An alarm is over after so many ordinary moments (more common than 1 in 20) in a row; until then it is not raised again. */
const ORDINARY_MOMENTS = 3;
const ORDINARY = -Math.log10(0.05);
/** Magnitudes known before anything can be rare. */
const FEWEST = 1000;

export interface Verdict {
  /** -log10 of the probability of a departure at least as large; 0 is common or not known. */
  readonly rarity: number;
  /** Rarity that would have been enough at this moment; infinite while too little has been seen. */
  readonly needed: number;
  /** True at the moment at which the alarm is raised. */
  readonly alarm: boolean;
}

const NOTHING: Verdict = { rarity: 0, needed: Number.POSITIVE_INFINITY, alarm: false };

/** Magnitudes seen before: of one venue, of series whose departures are told in the same unit. */
export class SeenMagnitudes {
  readonly #counts: Float32Array;
  readonly #meta: Float64Array;
  readonly #bank: RarityBank;

  constructor() {
    const { counts, meta } = raritySize(1);
    this.#counts = new Float32Array(counts);
    this.#meta = new Float64Array(meta);
    this.#bank = new RarityBank(this.#counts, this.#meta);
  }

  /** Whether enough has been seen to call anything rare. */
  get ready(): boolean {
    return this.#meta[2]! >= FEWEST;
  }

  /** -log10 of the share of magnitudes at least as large. */
  rarity(magnitude: number): number {
    return this.#bank.rarity(0, magnitude);
  }

  learn(magnitude: number): void {
    this.#bank.learn(0, magnitude);
  }

  /**
   * Remembers what raised an alarm, up to the largest seen: a true anomaly says nothing of what is ordinary and must not hide
   * the next one, and a false one must make its like less rare.
   */
  learnAlarm(magnitude: number): void {
    this.#bank.learn(0, Math.min(magnitude, this.#meta[3]!));
  }

  snapshot(): Uint8Array {
    const bytes = new Uint8Array(this.#meta.byteLength + this.#counts.byteLength);
    bytes.set(new Uint8Array(this.#meta.buffer));
    bytes.set(new Uint8Array(this.#counts.buffer), this.#meta.byteLength);
    return bytes;
  }

  /** @throws RangeError when the bytes are not those of a snapshot */
  restore(bytes: Uint8Array): void {
    const { buffer } = bytes.slice();
    this.#meta.set(new Float64Array(buffer, 0, this.#meta.length));
    this.#counts.set(new Float32Array(buffer, this.#meta.byteLength, this.#counts.length));
  }
}

export class DiscoveryGate {
  readonly #rate: number;
  readonly #seen: SeenMagnitudes;
  /** Signed departures of the moment before; NaN: none. */
  readonly #before: Float64Array;
  /** Ordinary moments still needed until a series may alarm again; 0: it may. */
  readonly #resting: Float64Array;

  /**
   * @param rate chance of any false alarm at a moment
   * @param seen may be shared with other gates
   */
  constructor(series: number, rate: number, seen: SeenMagnitudes) {
    this.#rate = rate;
    this.#seen = seen;
    this.#before = new Float64Array(series).fill(Number.NaN);
    this.#resting = new Float64Array(series);
  }

  /**
   * @param departures signed; NaN where a series has nothing to say at this moment
   * @param material whether a departure would matter if it were real; others never alarm
   */
  judge(departures: ArrayLike<number>, material: (i: number) => boolean): Verdict[] {
    const lesser = Float64Array.from(departures, (now, i) => {
      const before = this.#before[i]!;
      this.#before[i] = now;
      if (Number.isNaN(now) || Number.isNaN(before)) return Number.NaN;
      return now * before > 0 ? Math.min(Math.abs(now), Math.abs(before)) : 0;
    });
    const rarities = lesser.map((m) => (Number.isNaN(m) ? Number.NaN : this.#seen.rarity(m)));
    const tested = rarities.filter((r) => !Number.isNaN(r)).length;
    const needed = this.#seen.ready ? this.#needed(rarities, tested) : Number.POSITIVE_INFINITY;
    return Array.from(rarities, (rarity, i) => {
      if (Number.isNaN(rarity)) return NOTHING;
      const resting = this.#resting[i]!;
      const alarm = resting === 0 && rarity >= needed && material(i);
      if (alarm) this.#resting[i] = ORDINARY_MOMENTS;
      else if (resting > 0) this.#resting[i] = rarity < ORDINARY ? resting - 1 : ORDINARY_MOMENTS;
      // What lasts is one anomaly: it counts once among what has been seen.
      if (alarm) this.#seen.learnAlarm(lesser[i]!);
      else if (resting === 0) this.#seen.learn(lesser[i]!);
      return { rarity, needed, alarm };
    });
  }

  /** Rarity from which a series is discovered. */
  #needed(rarities: Float64Array, tested: number): number {
    const sorted = [...rarities].filter((r) => !Number.isNaN(r)).sort((a, b) => b - a);
    let found = 1;
    sorted.forEach((rarity, k) => {
      if (10 ** -rarity <= ((k + 1) * this.#rate) / tested) found = k + 1;
    });
    return -Math.log10((found * this.#rate) / tested);
  }

  snapshot(): Uint8Array {
    return new Uint8Array(Float64Array.of(...this.#before, ...this.#resting).buffer);
  }

  /**
   * @param from for each series its place in the snapshot's, or -1 for a new one
   * @throws RangeError when the bytes are not those of a snapshot
   */
  restore(bytes: Uint8Array, from: readonly number[]): void {
    const doubles = new Float64Array(bytes.slice().buffer);
    const series = doubles.length / 2;
    from.forEach((place, i) => {
      this.#before[i] = place < 0 ? Number.NaN : doubles[place]!;
      this.#resting[i] = place < 0 ? 0 : doubles[series + place]!;
    });
  }
}
