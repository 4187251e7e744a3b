// The aggregates a window can have, as configuration. Output columns are `<name>` or `<name>.<part>`.

/**
 * Fixed point: values are rounded to multiples of `quantum` and summed as integers, so that no order of arrival can
 * change a bit. The rounding error of a mean is at most quantum / 2.
 */
export interface FixedPoint {
  /** A power of two; default 2^-10. */
  readonly quantum?: number;
  /** Greatest magnitude a value may have; a larger one is refused. Default 1024. maxAbs / quantum is at most 2^26. */
  readonly maxAbs?: number;
}

/** One sample as a user-defined aggregate sees it; the object is reused, keep nothing of it. */
export interface UserSample {
  epochMs: number;
  source: number;
  seq: number;
  /** The columns named by the aggregate, in its order. NaN is not known. */
  readonly values: Float64Array;
}

/** What a pane knows when it is sealed. */
export interface PaneContext {
  readonly startMs: number;
  readonly endMs: number;
  /** Frames of `source` in the pane. */
  frames(source: number): number;
  /** Sources registered for the key. */
  readonly sources: readonly number[];
}

/**
 * An aggregate of the user's own. Samples of a pane are folded in the canonical order (epochMs, source, seq, position
 * in the frame) once the pane has closed, and again when a late frame changes it; so `add` need not be commutative.
 * Panes are merged left to right but bracketed freely: `merge` must be associative. All functions must be pure and
 * must not change their arguments.
 */
export interface UserAggregate<Acc, Sealed, Result> {
  zero(): Acc;
  add(acc: Acc, sample: UserSample): Acc;
  /** The pane's accumulator as the value that windows merge; null where the pane contributes nothing. */
  seal(acc: Acc, pane: PaneContext): Sealed | null;
  merge(older: Sealed, newer: Sealed): Sealed;
  /** null where no pane contributed. */
  result(value: Sealed | null): Result;
  /** For checkpoints; default JSON, which the value must then survive (NaN does not). */
  encode?(value: Sealed): Uint8Array;
  decode?(bytes: Uint8Array): Sealed;
}

export type AggregateSpec =
  /** Samples; with a column, those whose value is known. Output `<name>`. */
  | { readonly kind: 'count'; readonly column?: string }
  /** Output `<name>`; 0 when observed and empty. */
  | ({ readonly kind: 'sum'; readonly column: string } & FixedPoint)
  /** Output `<name>`; NaN without a known value. */
  | ({ readonly kind: 'mean'; readonly column: string } & FixedPoint)
  /** Population variance, from exact integer sums of values and squares. Output `<name>`; NaN without a known value. */
  | ({ readonly kind: 'variance'; readonly column: string } & FixedPoint)
  | { readonly kind: 'min' | 'max'; readonly column: string }
  /** The value with the greatest (epochMs, source, seq, position). Outputs `<name>`, `<name>.epochMs`. */
  | { readonly kind: 'last'; readonly column: string }
  /**
   * Persons in view: per pane ("tick") the sum over the key's sources of (samples / frames) of that source, in units of
   * 2^-16; over the window its mean and maximum over the ticks in which at least one source sent a frame.
   * Outputs `<name>.mean`, `<name>.max`, `<name>.ticks`.
   */
  | { readonly kind: 'tickMean' }
  /** Distinct ids (integers in [0, 2^32)), exact. Output `<name>`. */
  | { readonly kind: 'distinct'; readonly column: string }
  /**
   * Samples per bin; bin i is [edges[i-1], edges[i]), with one bin below the first edge and one from the last edge up.
   * Object output `<name>`: number[] of edges.length + 1.
   */
  | { readonly kind: 'histogram'; readonly column: string; readonly edges: readonly number[] }
  /**
   * Quantiles with bounded relative error, from the bins of a DDSketch (Masson, Rim, Lee, VLDB 2019) over [min, max];
   * lower values count as 0 (below min) and higher ones as max. Outputs `<name>.p<percent>`, e.g. `speed.p95`.
   */
  | {
      readonly kind: 'quantile';
      readonly column: string;
      /** Each in [0, 1]. */
      readonly quantiles: readonly number[];
      readonly min: number;
      readonly max: number;
      /** Default 0.01. */
      readonly relativeAccuracy?: number;
    }
  /** Object output `<name>`. */
  | {
      readonly kind: 'user';
      readonly columns: readonly string[];
      /** Part of the configuration fingerprint: change it when the functions change their meaning. */
      readonly version: string;
      // The operator never looks inside the three types; `userAggregate` is the typed way to make one.
      readonly aggregate: UserAggregate<unknown, unknown, unknown>;
    };

/** A user-defined aggregate as configuration, its types checked here and forgotten by the engine. */
export function userAggregate<Acc, Sealed, Result>(
  columns: readonly string[],
  version: string,
  aggregate: UserAggregate<Acc, Sealed, Result>,
): AggregateSpec {
  // Sound because the engine only ever hands values back to the aggregate that made them.
  return { kind: 'user', columns, version, aggregate: aggregate as UserAggregate<unknown, unknown, unknown> };
}
