// Venue time and watermark from event times alone: no clock is read, so the same input gives the same answer.
//
// Venue time V rises by agreement: to the greatest time a clock source has sent, or to the quorum-th greatest time that
// the other sources claim. One source with a wrong clock can neither move V nor make all others look idle, and where the
// venue has a clock several cannot either. Where nobody
// else speaks (V has not risen by agreement while one source went steadily on for its idle bound), that one is
// followed, so that a dead clock or dead neighbours never stop the venue.
// Watermark W: the least time reached by the awaited sources (V where none is), minus the disorder bound. A source is
// awaited while V minus its own time is at most its idle bound. Both only rise.
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { WindowConfig } from './types.ts';

const NEVER = Number.NEGATIVE_INFINITY;

/** What of a window configuration says how time is agreed on. */
export type ClockConfig = Pick<WindowConfig, 'sources' | 'disorderMs' | 'idleMs' | 'futureMs' | 'quorum'>;

export class VenueClock {
  /** Venue time, ms; -Infinity before the start. */
  venueMs = NEVER;
  watermarkMs = NEVER;
  readonly #isClock: Uint8Array;
  readonly #idleMs: Float64Array;
  /** Greatest accepted time per source. */
  readonly #reached: Float64Array;
  /** The time a source says it is: its greatest accepted time, or that of its last disbelieved frame. */
  readonly #claim: Float64Array;
  /** Claim of the source when its present steady run began, and the agreement it began under. */
  readonly #runFrom: Float64Array;
  readonly #runUnder: Float64Array;
  readonly #disorderMs: number;
  readonly #futureMs: number;
  readonly #quorum: number;
  /** Greatest claims, descending; scratch. */
  readonly #top: Float64Array;
  #startMs = NEVER;
  #clockMs = NEVER;
  /** How often V has risen by agreement. */
  #agreements = 0;

  constructor(config: ClockConfig) {
    const { sources } = config;
    const count = sources.length;
    const cameras = sources.filter((source) => source.kind !== 'clock').length;
    const wanted = config.quorum ?? 2;
    this.#isClock = Uint8Array.from(sources, (source) => (source.kind === 'clock' ? 1 : 0));
    this.#idleMs = Float64Array.from(sources, (source) => source.idleMs ?? config.idleMs);
    this.#reached = new Float64Array(count).fill(NEVER);
    this.#claim = new Float64Array(count).fill(NEVER);
    this.#runFrom = new Float64Array(count).fill(NEVER);
    this.#runUnder = new Float64Array(count).fill(-1);
    this.#disorderMs = config.disorderMs;
    this.#futureMs = config.futureMs;
    // With a clock, a lone camera is checked against it; without one, it is the only time there is.
    this.#quorum = cameras < count ? wanted : Math.max(1, Math.min(wanted, cameras));
    this.#top = new Float64Array(this.#quorum);
  }

  get started(): boolean {
    return this.#startMs !== NEVER;
  }

  isClock(source: number): boolean {
    return this.#isClock[source] === 1;
  }

  believes(epochMs: number): boolean {
    return epochMs <= this.venueMs + this.#futureMs;
  }

  /** Takes note that `source` says it is `epochMs`; may move V. False: too far in the future to be believed. */
  claim(source: number, epochMs: number): boolean {
    const before = this.#claim[source]!;
    // A source that was not believed is taken at its newest word, so that a mended clock counts again at once.
    const disbelieved = before > this.#reached[source]!;
    if (epochMs <= before && !disbelieved) return true;
    const claim = Math.max(epochMs, this.#reached[source]!);
    this.#claim[source] = claim;
    if (this.#isClock[source] === 1) this.#clockMs = Math.max(this.#clockMs, epochMs);
    const steady = claim >= before && claim - before <= this.#futureMs;
    if (!steady || this.#runUnder[source] !== this.#agreements) {
      this.#runFrom[source] = claim;
      this.#runUnder[source] = this.#agreements;
    }
    const agreed = this.#withoutLeap(this.#agreed(this.#quorum));
    if (agreed > this.venueMs) {
      this.venueMs = agreed;
      this.#agreements++;
    } else if (claim > this.venueMs && claim - this.#runFrom[source]! > this.#idleMs[source]!) {
      this.venueMs = claim;
    }
    return this.believes(epochMs);
  }

  /**
   * Cameras on one switch can share a wrong clock. Where the venue has a clock of its own, they alone do not move V further
   * than a frame may be ahead; when the clock is dead, they are followed once they have gone steadily on.
   */
  #withoutLeap(agreed: number): number {
    return this.#clockMs !== NEVER && agreed > this.venueMs + this.#futureMs ? this.#clockMs : agreed;
  }

  /** The time that the clock or `quorum` sources vouch for. */
  #agreed(quorum: number): number {
    const top = this.#top.fill(NEVER);
    for (let s = 0; s < this.#claim.length; s++) {
      let value = this.#claim[s]!;
      if (this.#isClock[s] === 1 || value <= top[top.length - 1]!) continue;
      for (let i = 0; i < top.length; i++) {
        if (value > top[i]!) {
          const lower = top[i]!;
          top[i] = value;
          value = lower;
        }
      }
    }
    return Math.max(this.#clockMs, top[quorum - 1]!);
  }

  /** The time of the start when waiting for more voices is over: that of those who have spoken. */
  settle(): number {
    if (this.venueMs !== NEVER) return this.venueMs;
    let claimants = 0;
    for (const claim of this.#claim) if (claim !== NEVER) claimants++;
    return this.#agreed(Math.max(1, Math.min(this.#quorum, claimants)));
  }

  /** Replays a frame held at the start: V follows the frames up to the settled time, so that none looks late. */
  replay(epochMs: number, settledMs: number): boolean {
    if (epochMs > settledMs + this.#futureMs) return false;
    const venue = Math.min(epochMs, settledMs);
    if (!this.started) {
      this.#startMs = venue;
      this.venueMs = venue;
    } else if (venue > this.venueMs) this.venueMs = venue;
    return true;
  }

  /** Ends the replay of held frames. */
  begin(settledMs: number): void {
    if (!this.started) this.#startMs = settledMs;
    if (settledMs > this.venueMs) this.venueMs = settledMs;
  }

  /** V before the replay of held frames. */
  rewind(): void {
    this.venueMs = NEVER;
  }

  /** Records an accepted frame and moves the watermark. */
  reach(source: number, epochMs: number): void {
    if (epochMs > this.#reached[source]!) {
      this.#reached[source] = epochMs;
      if (epochMs > this.#claim[source]!) this.#claim[source] = epochMs;
    }
    this.moveWatermark();
  }

  moveWatermark(): void {
    let least = Number.POSITIVE_INFINITY;
    for (let s = 0; s < this.#reached.length; s++) {
      const at = this.#at(s);
      if (at < least && this.#isClock[s] === 0 && this.venueMs - at <= this.#idleMs[s]!) least = at;
    }
    if (least === Number.POSITIVE_INFINITY) least = this.venueMs;
    const watermark = least - this.#disorderMs;
    if (watermark > this.watermarkMs) this.watermarkMs = watermark;
  }

  /** Where a source stands; one never heard of stands at the start. */
  #at(source: number): number {
    return this.#reached[source] === NEVER ? this.#startMs : this.#reached[source]!;
  }

  /** Sources that are not awaited now. */
  idle(): number[] {
    const idle: number[] = [];
    if (!this.started) return idle;
    for (let s = 0; s < this.#reached.length; s++) {
      if (this.#isClock[s] === 0 && this.venueMs - this.#at(s) > this.#idleMs[s]!) idle.push(s);
    }
    return idle;
  }

  /** End of input: the pane of the last frame is complete. */
  finish(paneMs: number): void {
    for (const at of this.#reached) {
      const paneEnd = (Math.floor(at / paneMs) + 1) * paneMs;
      if (paneEnd > this.watermarkMs) this.watermarkMs = paneEnd;
    }
  }

  write(writer: ByteWriter): void {
    for (const value of [this.venueMs, this.watermarkMs, this.#startMs, this.#clockMs]) writer.f64(value);
    writer.uint(this.#agreements);
    for (const column of this.#columns()) writer.floats(column, 0, column.length, NEVER);
  }

  read(reader: ByteReader): void {
    this.venueMs = reader.f64();
    this.watermarkMs = reader.f64();
    this.#startMs = reader.f64();
    this.#clockMs = reader.f64();
    this.#agreements = reader.uint();
    for (const column of this.#columns()) reader.floats(column, 0, column.length, NEVER);
  }

  #columns(): Float64Array[] {
    return [this.#reached, this.#claim, this.#runFrom, this.#runUnder];
  }
}
