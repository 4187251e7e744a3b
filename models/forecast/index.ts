// models/forecast: what will come 5, 15, 30 minutes (or k steps) ahead, with an 80 % band, learned online. Pure.
export {
  type BacktestOptions,
  type BacktestRow,
  backtest,
  type MakeForecaster,
  type Point,
  pinball,
  Score,
  STEP_SAMPLES,
  stepOf,
} from './backtest.ts';
export { ForecastError } from './errors.ts';
export { checkOptions, MOST_STEPS, StatisticalForecaster } from './forecaster.ts';
export { minutesToThreshold, type TimeToThreshold } from './threshold.ts';
export type { Band, Forecaster, ForecastOptions, ForecastSnapshot } from './types.ts';
