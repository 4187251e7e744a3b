// How many persons are on the site: every passage has one counter of record, a device (turnstile, door, tickets) or the camera
// line over it; the other, where there is one, is only compared with it. Never below zero, never a person twice, and what
// nobody counted is named.
import { type Comparison, type ComparisonState, CounterComparison, type Persons } from './comparison.ts';
import { flowBound } from './counter.ts';
import { OccupancyError } from './errors.ts';
import type { Device, DeviceCorrection } from './gate-counters.ts';
import {
  type LineCorrection,
  type LineState,
  LineTally,
  type LineWindow,
  NOTHING_UNSEEN,
  sum,
  type Unseen,
} from './line-tally.ts';

export type CounterKind = 'device' | 'line';

export interface PassagePlan extends Device {
  /** Whether a camera line lies over it. */
  readonly line: boolean;
  /**
   * Whose count is taken. `auto`, the default: the line's until the device has spoken for the first time, the device's from then on;
   * of a passage without a line the device's.
   */
  readonly counter?: CounterKind | 'auto';
}

/** Persons that a device counted in [sinceMs, epochMs], as GateCounters gives them. */
export interface DeviceCount {
  readonly at: string;
  readonly sinceMs: number;
  readonly epochMs: number;
  readonly in: number;
  readonly out: number;
}

export interface LedgerCorrection extends Omit<LineCorrection, 'reason'> {
  /**
   * `negative`: more went out than were in; occupancy was set to 0 and the difference is remembered. `covered`: what a device counted
   * in time that the line had counted before the device spoke for the first time.
   */
  readonly reason: DeviceCorrection['reason'] | LineCorrection['reason'] | 'negative' | 'covered';
}

/** What a message added to the site. Negative only where a line's window was revised. */
export interface Entry {
  readonly in: number;
  readonly out: number;
  readonly corrections: readonly LedgerCorrection[];
}

export interface PassageFigures {
  /** The counter of record now. */
  readonly counter: CounterKind;
  readonly in: number;
  readonly out: number;
  /** What the counter of record could not see. */
  readonly unseen: Unseen;
  /** null where one counter is all there is, or they have not been compared yet. */
  readonly comparison: Comparison | null;
}

interface Passage {
  readonly counter: CounterKind | 'auto';
  readonly tally: LineTally | undefined;
  in: number;
  out: number;
  unseen: Unseen;
  readonly comparison: CounterComparison;
  /**
   * Where `auto` went over from the line to the device: the first instant it spoke of, or, when that word came late, how far the
   * line had counted by then. null before.
   */
  heardMs: number | null;
  /** Up to here persons are counted by the line; null where it did not see when the device spoke first. */
  coveredToMs: number | null;
}

const NOBODY: Persons = { in: 0, out: 0 };
const VERSION = 2;

export class OccupancyLedger {
  readonly #passages = new Map<string, Passage>();
  #initial: number;
  #admitted = 0;
  #left = 0;
  /** Persons added because the sum fell below zero. */
  #unexplained = 0;
  #unseen = NOTHING_UNSEEN;
  /** What a line saw before this is of the day before; `carries`: and those persons were taken over from it. */
  #began: { readonly epochMs: number; readonly carries: boolean } | null = null;

  /** @throws OccupancyError for passages without a bound, two of one name, or a line of record where there is none */
  constructor(passages: readonly PassagePlan[], initial = 0) {
    if (!(Number.isInteger(initial) && initial >= 0))
      throw new OccupancyError(`${initial} persons cannot be there`);
    this.#initial = initial;
    for (const { id, line, counter = 'auto', lanes: _, ...device } of passages) {
      if (this.#passages.has(id)) throw new OccupancyError(`passage ${id} is named twice`);
      if (counter === 'line' && !line)
        throw new OccupancyError(`${id} has no line that could count; only gates and exits have one`);
      this.#passages.set(id, {
        counter,
        // A camera does not count lanes: its bound is the width.
        tally: line ? new LineTally(flowBound(device)) : undefined,
        in: 0,
        out: 0,
        unseen: NOTHING_UNSEEN,
        comparison: new CounterComparison(),
        heardMs: null,
        coveredToMs: null,
      });
    }
  }

  /** Persons on the site, >= 0. */
  get present(): number {
    return this.#initial + this.#admitted - this.#left + this.#unexplained;
  }

  /** Persons on the site when counting began. */
  get initial(): number {
    return this.#initial;
  }

  /** Persons admitted since counting began, those who came back included. */
  get admitted(): number {
    return this.#admitted;
  }

  get left(): number {
    return this.#left;
  }

  /** Persons that had to be added so that the sum is not negative: missed at the entrances, or counted twice going out. */
  get unexplained(): number {
    return this.#unexplained;
  }

  has(id: string): boolean {
    return this.#passages.has(id);
  }

  hasLine(id: string): boolean {
    return this.#passages.get(id)?.tally !== undefined;
  }

  /** Passages that nothing counts at `nowMs`: the line of record does not see, or a device of record has never spoken. */
  blind(nowMs: number): string[] {
    return [...this.#passages].flatMap(([id, passage]) => {
      if (recordOf(passage) === 'line') return passage.tally!.sees(nowMs) ? [] : [id];
      return passage.counter === 'device' && passage.heardMs === null ? [id] : [];
    });
  }

  /** Time that lines of record did not see, summed over lines, and the persons to be expected in it. */
  unseen(nowMs: number): Unseen {
    let all = this.#unseen;
    for (const passage of this.#passages.values())
      if (recordOf(passage) === 'line') all = sum(all, passage.tally!.openUnseen(nowMs));
    return all;
  }

  /** @throws OccupancyError for an unknown passage */
  figures(id: string): PassageFigures {
    const passage = this.#passage(id);
    const { in: entered, out, unseen, comparison } = passage;
    return { counter: recordOf(passage), in: entered, out, unseen, comparison: comparison.last };
  }

  /**
   * Takes what a device counted.
   * @throws OccupancyError for an unknown passage
   */
  device({ at, sinceMs, epochMs, in: entered, out }: DeviceCount): Entry {
    const passage = this.#passage(at);
    if (passage.heardMs === null) {
      const lineMs = passage.tally?.endMs ?? epochMs;
      // A word that comes late finds time counted by the line although it may not see just now.
      const covers =
        recordOf(passage) === 'line' &&
        passage.tally!.everSeen &&
        (lineMs > epochMs || passage.tally!.sees(epochMs));
      passage.heardMs = covers ? Math.max(epochMs, lineMs) : epochMs;
      passage.coveredToMs = covers && passage.counter === 'auto' ? passage.heardMs : null;
    }
    if (passage.tally !== undefined) passage.comparison.device(epochMs, entered, out, passage.tally);
    if (recordOf(passage) !== 'device') return { ...NOBODY, corrections: [] };
    // Up to there the time is the line's, also where its windows are still to come. A count across that moment is taken whole: on
    // the safe side, a few may be counted twice, once.
    const { coveredToMs } = passage;
    const isCovered = coveredToMs !== null && epochMs <= coveredToMs && sinceMs < coveredToMs;
    if (!isCovered) return this.#enter(passage, epochMs, entered, out, []);
    const raw = entered + out;
    const why = {
      epochMs,
      direction: 'both',
      reason: 'covered',
      before: 0,
      after: raw,
      raw,
      counted: 0,
    } as const;
    return this.#enter(passage, epochMs, 0, 0, raw === 0 ? [] : [why]);
  }

  /**
   * Takes a window of the line over a passage. One of record is added; another is only compared.
   * @throws OccupancyError for an unknown passage, one without a line, or a window that is none
   */
  line(at: string, window: LineWindow): Entry {
    const passage = this.#passage(at);
    const { tally, counter, heardMs } = passage;
    if (tally === undefined) throw new OccupancyError(`${at} has no line; only gates and exits have one`);
    const taken = tally.take(window);
    passage.comparison.line(window, taken, tally, counter === 'device');
    // Windows of before the device spoke are still the line's, also when they come or are corrected later.
    const counts =
      counter === 'line' || (counter === 'auto' && (heardMs === null || window.startMs < heardMs));
    if (!counts) return { ...NOBODY, corrections: [] };
    passage.unseen = sum(passage.unseen, taken.unseen);
    if (this.#began !== null && window.endMs <= this.#began.epochMs) {
      // A correction of the day before changes who was there when this one began, not who was admitted since.
      passage.in += taken.in;
      passage.out += taken.out;
      if (this.#began.carries) this.#initial = Math.max(0, this.#initial + taken.in - taken.out);
      return { in: taken.in, out: taken.out, corrections: taken.corrections };
    }
    this.#unseen = sum(this.#unseen, taken.unseen);
    return this.#enter(passage, window.endMs, taken.in, taken.out, taken.corrections);
  }

  /**
   * A new day or event at `epochMs`: admissions are counted from nought.
   * @param empty false: who is here stays here; true: nobody is here
   */
  begin(epochMs: number, empty = false): void {
    this.#began = { epochMs, carries: !empty };
    this.#initial = empty ? 0 : this.present;
    this.#admitted = 0;
    this.#left = 0;
    this.#unexplained = 0;
    this.#unseen = NOTHING_UNSEEN;
  }

  #enter(
    passage: Passage,
    epochMs: number,
    entered: number,
    left: number,
    before: readonly LedgerCorrection[],
  ): Entry {
    const corrections = [...before];
    passage.in += entered;
    passage.out += left;
    this.#admitted += entered;
    this.#left += left;
    if (this.present < 0) {
      const raw = this.present;
      const direction = 'out';
      corrections.push({ epochMs, direction, reason: 'negative', before: raw, after: 0, raw, counted: 0 });
      this.#unexplained -= raw;
    }
    return { in: entered, out: left, corrections };
  }

  #passage(id: string): Passage {
    const passage = this.#passages.get(id);
    if (passage === undefined)
      throw new OccupancyError(`there is no passage "${id}"; add it to the venue, or correct the sender`);
    return passage;
  }

  /** Everything that what is to come depends on, as JSON. */
  snapshot(): string {
    const passages = [...this.#passages].map(([id, { tally, comparison, counter: _, ...passage }]) => ({
      id,
      ...passage,
      comparison: comparison.state,
      line: tally?.state ?? null,
    }));
    const written: Snapshot = {
      version: VERSION,
      initial: this.#initial,
      admitted: this.#admitted,
      left: this.#left,
      unexplained: this.#unexplained,
      unseen: this.#unseen,
      began: this.#began,
      passages,
    };
    return JSON.stringify(written);
  }

  /** @throws OccupancyError for a snapshot of another version or of other passages */
  restore(snapshot: string): void {
    const s = JSON.parse(snapshot) as Snapshot;
    const same =
      s.version === VERSION &&
      s.passages.length === this.#passages.size &&
      s.passages.every(({ id, line }) => this.has(id) && this.hasLine(id) === (line !== null));
    if (!same)
      throw new OccupancyError('the snapshot is of another version or of other passages; start without it');
    this.#initial = s.initial;
    this.#admitted = s.admitted;
    this.#left = s.left;
    this.#unexplained = s.unexplained;
    this.#unseen = s.unseen;
    this.#began = s.began;
    for (const { id, line, comparison, ...rest } of s.passages) {
      const passage = this.#passage(id);
      Object.assign(passage, rest);
      passage.comparison.restore(comparison);
      if (line !== null) passage.tally!.restore(line);
    }
  }
}

function recordOf({ counter, tally, heardMs }: Passage): CounterKind {
  if (counter !== 'auto') return counter;
  return tally === undefined || heardMs !== null ? 'device' : 'line';
}

interface Snapshot {
  readonly version: number;
  readonly initial: number;
  readonly admitted: number;
  readonly left: number;
  readonly unexplained: number;
  readonly unseen: Unseen;
  readonly began: { readonly epochMs: number; readonly carries: boolean } | null;
  readonly passages: readonly (Omit<Passage, 'tally' | 'counter' | 'comparison'> & {
    readonly id: string;
    readonly comparison: ComparisonState;
    readonly line: LineState | null;
  })[];
}
