// What goes into the window operator and what comes out: its configuration, one frame, and the outputs of a batch.
import type { AggregateSpec } from './aggregates/spec.ts';

/** A column of values, one per sample. */
export type Column = Float64Array | Float32Array;

/**
 * One input message: `n` samples of one source at one instant. The operator reads the arrays during the call and
 * keeps no reference, so that a caller may reuse them.
 */
export interface WindowFrame {
  /** Index into `config.sources`. */
  readonly source: number;
  /** Event time, integer UTC epoch ms. */
  readonly epochMs: number;
  /** The source's own message number; only needed where a source sends several messages in one millisecond. */
  readonly seq?: number;
  /** Number of samples; the first n entries of each array count. */
  readonly n: number;
  /** Key index of each sample; -1 is "in no key" and is passed over. A sample in two keys is given twice. */
  readonly keys: Int32Array;
  /** Value columns, as many as `config.columns` names. NaN is "not known" and enters no aggregate of that column. */
  readonly columns: readonly Column[];
}

export interface SourceSpec {
  readonly name: string;
  /**
   * `frames`: a camera; sends at a rate also when it sees nobody; two messages of one instant are duplicates.
   * `events`: a gate or door; sends when something happens; duplicates have the same instant and seq; has no rate.
   * `clock`: carries venue time only. Trusted, never awaited, never expected.
   */
  readonly kind: 'frames' | 'events' | 'clock';
  /** Frames per second that the source should send; needed for `frames`. */
  readonly rateHz?: number;
  /** Event time the source may lag behind the venue before it is no longer awaited, ms. Default `config.idleMs`. */
  readonly idleMs?: number;
}

export interface KeySpec {
  readonly name: string;
  /** Indexes of the sources that observe this key; samples of others are refused. At most 64. */
  readonly sources: readonly number[];
}

export interface WindowSpec {
  readonly name: string;
  /** Window length, ms; a multiple of paneMs. Windows are [end - length, end). */
  readonly lengthMs: number;
  /** Distance of window ends, ms; a multiple of paneMs. Ends are multiples of it since the epoch. hop = length: tumbling. */
  readonly hopMs: number;
}

export interface WindowConfig {
  /** The grain that windows share, ms: a divisor of every length and hop. It is also the tick of `tickMean`. */
  readonly paneMs: number;
  readonly windows: readonly WindowSpec[];
  readonly sources: readonly SourceSpec[];
  readonly keys: readonly KeySpec[];
  /** Names of the value columns. */
  readonly columns: readonly string[];
  /** Aggregates by name; the name prefixes the output columns. */
  readonly aggregates: Readonly<Record<string, AggregateSpec>>;
  /** How far out of order frames may arrive without being late, ms of event time. */
  readonly disorderMs: number;
  /** How long after its pane closed a frame still corrects results, ms. */
  readonly latenessMs: number;
  /** Event time by which a source may lag behind the venue before it is no longer awaited, ms. */
  readonly idleMs: number;
  /** Frames further ahead of venue time are rejected, ms. */
  readonly futureMs: number;
  /** Cameras that must agree before venue time moves without a clock. Default 2, or all when there are fewer. */
  readonly quorum?: number;
  /** Silence of every source, clock included, after which windows are no longer emitted but announced as a gap, ms. Default 60 s; never less than the longest window. */
  readonly gapMs?: number;
}

/** Results of one window of one spec for many keys, in columns: row i belongs to key `keys[i]`. */
export interface WindowBlock {
  /** Index into `config.windows`. */
  readonly window: number;
  readonly start: number;
  readonly end: number;
  /** Key indexes, ascending. All keys in a first emission; the affected ones in a correction. */
  readonly keys: Int32Array;
  /** 0 in the first emission, then +1 per correction of that key's window. */
  readonly revisions: Uint32Array;
  /** Share of expected frames seen, [0,1]; NaN where no source with a rate is expected. */
  readonly completeness: Float64Array;
  /** Frames (and event messages) seen from the key's sources. */
  readonly frames: Float64Array;
  /** Per row the source indexes that should have sent and did not. */
  readonly silent: readonly (readonly number[])[];
  /** Numeric outputs by column name, e.g. `speed` or `persons.max`. NaN is null: unknown, never zero. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** Outputs that are not numbers (histograms, user-defined), by aggregate name; null is unknown. */
  readonly objects: Readonly<Record<string, readonly unknown[]>>;
}

/** A frame that came too late to correct anything. */
export interface LateFrame {
  readonly source: number;
  readonly epochMs: number;
  readonly seq: number;
  readonly samples: number;
  /** The watermark it missed. */
  readonly watermarkMs: number;
}

/** A frame ahead of venue time by more than the bound. */
export interface RejectedFrame {
  readonly source: number;
  readonly epochMs: number;
  readonly seq: number;
  readonly samples: number;
  readonly venueMs: number;
}

/** Window ends in [fromMs, toMs) were not emitted: for that long no source, not even the clock, sent anything. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface WindowOutput {
  readonly windows: readonly WindowBlock[];
  readonly late: readonly LateFrame[];
  readonly rejected: readonly RejectedFrame[];
  readonly gaps: readonly Gap[];
}

/** Counters since the first frame (they survive a restore). */
export interface WindowStats {
  readonly frames: number;
  readonly samples: number;
  readonly duplicates: number;
  /** Late frames that corrected, or could still enter, results. */
  readonly lateAccepted: number;
  /** Late frames beyond the bound: on the late output. */
  readonly lateRejected: number;
  readonly futureRejected: number;
  /** Result rows issued again. */
  readonly revisions: number;
  readonly results: number;
  readonly watermarkMs: number;
  readonly venueMs: number;
  /** Sources not awaited at the moment. */
  readonly idle: readonly number[];
}
