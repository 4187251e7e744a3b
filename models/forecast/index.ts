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
export {
  type ForecastModel,
  forecasterOf,
  LEAST_VALUES,
  modelCard,
  parseModel,
  trainModel,
} from './model.ts';
export { Network } from './network.ts';
export { minutesToThreshold, type TimeToThreshold } from './threshold.ts';
export { TRAIN_DEFAULTS, type TrainOptions } from './train.ts';
export { TrainedForecaster, type TrainedSnapshot, WARM_UP } from './trained.ts';
export type { Band, Forecaster, ForecastOptions, ForecastSnapshot } from './types.ts';
