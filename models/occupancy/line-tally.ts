// One camera line as a counter: tumbling windows of crossings, each taken once. A higher revision of a window replaces it,
// and a window in which nobody could see the line is no zero: its time is kept, with the persons to be expected in it.
import { type FlowBound, mostIn } from './counter.ts';
import { occupancyDefaults } from './defaults.ts';
import { OccupancyError } from './errors.ts';

/** Crossings of a line in [startMs, endMs); null when no camera saw the line. */
export interface LineWindow {
  readonly startMs: number;
  readonly endMs: number;
  readonly revision: number;
  readonly counts: { readonly in: number; readonly out: number } | null;
}

export interface LineCorrection {
  readonly epochMs: number;
  readonly direction: 'in' | 'out' | 'both';
  /**
   * `revised`: a higher revision of the window; `out-of-order`: older than what is kept, or over part of a window taken;
   * `over-bound`: more than can pass; `unseen`: the line is seen again, `raw` persons were to be expected meanwhile.
   */
  readonly reason: 'revised' | 'out-of-order' | 'over-bound' | 'unseen';
  readonly before: number;
  readonly after: number;
  readonly raw: number;
  readonly counted: number;
}

/** Time without sight, ms, and the persons to be expected in it; fractions of persons. */
export interface Unseen {
  readonly ms: number;
  readonly in: number;
  readonly out: number;
}

/** What a window changes. Negative only where a higher revision takes back. */
export interface LineTaken {
  readonly in: number;
  readonly out: number;
  readonly unseen: Unseen;
  readonly corrections: readonly LineCorrection[];
}

export const NOTHING_UNSEEN: Unseen = { ms: 0, in: 0, out: 0 };

/** Windows kept for revisions to replace: a minute at half a second. */
const WINDOWS_KEPT = 128;

interface Kept {
  readonly startMs: number;
  readonly endMs: number;
  readonly revision: number;
  /** null: unknown. */
  readonly counts: { readonly in: number; readonly out: number } | null;
  readonly unseen: Unseen;
}

/** JSON of everything `take` depends on. */
export interface LineState {
  readonly in: number;
  readonly out: number;
  readonly endMs: number | null;
  readonly seen: boolean;
  readonly run: Unseen;
  readonly rate: readonly [number, number];
  readonly knownMs: number;
  readonly kept: readonly WrittenWindow[];
}

/** Start, length, revision, persons in and out; of a window without sight null and the persons to be expected in it. */
type WrittenWindow =
  | readonly [startMs: number, lengthMs: number, revision: number, entered: number, left: number]
  | readonly [
      startMs: number,
      lengthMs: number,
      revision: number,
      unknown: null,
      entered: number,
      left: number,
    ];

export class LineTally {
  readonly #bound: FlowBound;
  #in = 0;
  #out = 0;
  #endMs: number | null = null;
  #seen = false;
  /** The present time without sight. */
  #run: Unseen = NOTHING_UNSEEN;
  /** Persons per second in and out, mean over the last minutes that were seen. */
  #rate: readonly [number, number] = [0, 0];
  #knownMs = 0;
  #kept: Kept[] = [];

  constructor(bound: FlowBound) {
    this.#bound = bound;
  }

  /** Persons counted since the beginning. */
  get totals(): { readonly in: number; readonly out: number } {
    return { in: this.#in, out: this.#out };
  }

  /** Up to here the line has reported; null before the first window. */
  get endMs(): number | null {
    return this.#endMs;
  }

  /** Whether any window was known. */
  get everSeen(): boolean {
    return this.#knownMs > 0;
  }

  /** Whether the line sees at `nowMs`: its last window was known, and is not older than `silentLine`. */
  sees(nowMs: number): boolean {
    return this.#seen && !this.#isSilent(nowMs);
  }

  /** What to add for time after the last window, once it is too long ago to be still on its way. */
  openUnseen(nowMs: number): Unseen {
    if (this.#endMs === null || !this.#isSilent(nowMs)) return NOTHING_UNSEEN;
    return this.#expected(nowMs - this.#endMs, this.#run.ms);
  }

  #isSilent(nowMs: number): boolean {
    return this.#endMs === null || nowMs - this.#endMs > occupancyDefaults.silentLine.value * 1000;
  }

  /** @throws OccupancyError for a window that ends before it starts or counts that are no whole numbers >= 0 */
  take({ startMs, endMs, revision, counts }: LineWindow): LineTaken {
    if (!(endMs > startMs)) throw new OccupancyError(`a line's window from ${startMs} to ${endMs} ms`);
    for (const n of counts === null ? [] : [counts.in, counts.out])
      if (!(Number.isSafeInteger(n) && n >= 0))
        throw new OccupancyError(`a line counted ${n} persons; counts are whole and >= 0`);
    const at = this.#kept.findIndex((one) => one.startMs === startMs && one.endMs === endMs);
    if (at >= 0) return this.#revise(at, { startMs, endMs, revision, counts });
    if (this.#endMs !== null && startMs < this.#endMs) {
      const raw = counts === null ? 0 : counts.in + counts.out;
      return change(0, 0, NOTHING_UNSEEN, [
        { epochMs: endMs, direction: 'both', reason: 'out-of-order', before: 0, after: raw, raw, counted: 0 },
      ]);
    }
    return this.#append({ startMs, endMs, revision, counts });
  }

  #append({ startMs, endMs, revision, counts }: LineWindow): LineTaken {
    const corrections: LineCorrection[] = [];
    // What lies between two windows was not reported at all.
    const gap = this.#endMs === null ? NOTHING_UNSEEN : this.#miss(startMs - this.#endMs);
    this.#endMs = endMs;
    let unseen = NOTHING_UNSEEN;
    let taken: Kept['counts'] = null;
    if (counts === null) unseen = this.#miss(endMs - startMs);
    else {
      if (this.#run.ms > 0 && this.everSeen) {
        const total = this.#in + this.#out;
        const raw = Math.round(this.#run.in + this.#run.out);
        corrections.push({
          epochMs: startMs,
          direction: 'both',
          reason: 'unseen',
          before: total,
          after: total,
          raw,
          counted: 0,
        });
      }
      this.#run = NOTHING_UNSEEN;
      taken = this.#within(counts, endMs - startMs, endMs, corrections);
      this.#observe(taken, endMs - startMs);
    }
    this.#seen = counts !== null;
    this.#in += taken?.in ?? 0;
    this.#out += taken?.out ?? 0;
    this.#kept.push({ startMs, endMs, revision, counts: taken, unseen });
    if (this.#kept.length > WINDOWS_KEPT) this.#kept.shift();
    return change(taken?.in ?? 0, taken?.out ?? 0, sum(gap, unseen), corrections);
  }

  #revise(at: number, { startMs, endMs, revision, counts }: LineWindow): LineTaken {
    const before = this.#kept[at]!;
    // The same message again.
    if (revision <= before.revision) return change(0, 0, NOTHING_UNSEEN, []);
    const corrections: LineCorrection[] = [];
    const after = counts === null ? null : this.#within(counts, endMs - startMs, endMs, corrections);
    const was = before.counts ?? { in: 0, out: 0 };
    const is = after ?? { in: 0, out: 0 };
    const [entered, left] = [is.in - was.in, is.out - was.out];
    let unseen = NOTHING_UNSEEN;
    if (after === null) unseen = before.counts === null ? before.unseen : this.#expected(endMs - startMs, 0);
    corrections.push({
      epochMs: endMs,
      direction: 'both',
      reason: 'revised',
      before: was.in + was.out,
      after: is.in + is.out,
      raw: entered + left,
      counted: entered + left,
    });
    this.#in += entered;
    this.#out += left;
    if (at === this.#kept.length - 1) this.#seen = counts !== null;
    this.#kept[at] = { startMs, endMs, revision, counts: after, unseen };
    return change(entered, left, sum(unseen, before.unseen, -1), corrections);
  }

  /** No more than can have passed. */
  #within(
    counts: { readonly in: number; readonly out: number },
    lengthMs: number,
    epochMs: number,
    corrections: LineCorrection[],
  ): { readonly in: number; readonly out: number } {
    const most = mostIn(this.#bound, lengthMs);
    for (const direction of ['in', 'out'] as const) {
      const raw = counts[direction];
      if (raw > most)
        corrections.push({
          epochMs,
          direction,
          reason: 'over-bound',
          before: 0,
          after: raw,
          raw,
          counted: most,
        });
    }
    return { in: Math.min(counts.in, most), out: Math.min(counts.out, most) };
  }

  /** Time goes by without sight. */
  #miss(ms: number): Unseen {
    if (ms <= 0) return NOTHING_UNSEEN;
    const missed = this.#expected(ms, this.#run.ms);
    this.#run = sum(this.#run, missed);
    return missed;
  }

  /** At the rate of before; a rate from long ago says nothing, so that after `unseenHold` no more are expected. */
  #expected(ms: number, afterMs: number): Unseen {
    const { unseenHold, leastKnown } = occupancyDefaults;
    // Of a line seen for a moment only, one group of people would be taken for a steady stream.
    const known = Math.min(1, this.#knownMs / (1000 * leastKnown.value));
    const believed = (known * Math.max(0, Math.min(ms, unseenHold.value * 1000 - afterMs))) / 1000;
    return { ms, in: this.#rate[0] * believed, out: this.#rate[1] * believed };
  }

  /** Running mean until `rateTime` has been seen, exponential with that time behind it. */
  #observe(counts: { readonly in: number; readonly out: number }, ms: number): void {
    this.#knownMs += ms;
    const weight = ms / Math.min(this.#knownMs, Math.max(ms, occupancyDefaults.rateTime.value * 1000));
    const toward = (rate: number, n: number): number => rate + ((1000 * n) / ms - rate) * weight;
    this.#rate = [toward(this.#rate[0], counts.in), toward(this.#rate[1], counts.out)];
  }

  get state(): LineState {
    return {
      in: this.#in,
      out: this.#out,
      endMs: this.#endMs,
      seen: this.#seen,
      run: this.#run,
      rate: this.#rate,
      knownMs: this.#knownMs,
      // Checkpoints hold a hundred windows of each line: no names in them.
      kept: this.#kept.map(({ startMs, endMs, revision, counts, unseen }) =>
        counts === null
          ? [startMs, endMs - startMs, revision, null, unseen.in, unseen.out]
          : [startMs, endMs - startMs, revision, counts.in, counts.out],
      ),
    };
  }

  restore(state: LineState): void {
    this.#in = state.in;
    this.#out = state.out;
    this.#endMs = state.endMs;
    this.#seen = state.seen;
    this.#run = state.run;
    this.#rate = state.rate;
    this.#knownMs = state.knownMs;
    this.#kept = state.kept.map((one) => {
      const [startMs, lengthMs, revision] = one;
      const head = { startMs, endMs: startMs + lengthMs, revision };
      if (one[3] === null)
        return { ...head, counts: null, unseen: { ms: lengthMs, in: one[4], out: one[5] } };
      return { ...head, counts: { in: one[3], out: one[4] }, unseen: NOTHING_UNSEEN };
    });
  }
}

function change(
  entered: number,
  left: number,
  unseen: Unseen,
  corrections: readonly LineCorrection[],
): LineTaken {
  return { in: entered, out: left, unseen, corrections };
}

/** a + sign * b. */
export function sum(a: Unseen, b: Unseen, sign: 1 | -1 = 1): Unseen {
  return { ms: a.ms + sign * b.ms, in: a.in + sign * b.in, out: a.out + sign * b.out };
}
