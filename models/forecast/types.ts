// What goes into a forecaster and what comes out.

/** Forecast for one moment: the value is expected below `p50` as often as above, and within [p10, p90] in 80 % of cases. */
export interface Band {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

export interface ForecastOptions {
  /** Time between values, ms. Values are taken as belonging to the nearest whole step. */
  readonly stepMs: number;
  /** How far ahead, ms: whole multiples of `stepMs`, at most MOST_STEPS of them. */
  readonly horizonsMs: readonly number[];
}

/** A forecaster's whole state, as text and numbers. */
export interface ForecastSnapshot {
  readonly version: 1;
  readonly stepMs: number;
  readonly horizonsMs: readonly number[];
  /** Doubles, little-endian, base64. */
  readonly state: string;
}

/** Something that forecasts online: fed in order of time, asked at any moment, never told of the future. */
export interface Forecaster {
  readonly stepMs: number;
  readonly horizonsMs: readonly number[];
  update(epochMs: number, value: number): void;
  forecast(horizonsMs?: readonly number[]): Band[] | undefined;
}
