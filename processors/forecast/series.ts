// The forecaster of one series, statistical or trained, with its state by the name of the model behind it.
import { z } from 'zod';
import {
  type Band,
  forecasterOf,
  StatisticalForecaster,
  type TrainedForecaster,
} from '#models/forecast/index.ts';
import type { ForecastModelMessage } from '#streams/schema/forecast.ts';
import type { SeriesModel } from './models.ts';
import { HORIZONS_MS, STEP_MS } from './step.ts';

const STATISTICAL = 'statistical';
/** Format of the statistical forecaster's state. */
const STATISTICAL_VERSION = 1;

const statisticalShape = z.object({
  version: z.literal(1),
  stepMs: z.number(),
  horizonsMs: z.array(z.number()),
  state: z.string(),
});
const trainedShape = z.object({ statistical: statisticalShape, state: z.string() });
/** A series' state: the model's id, and the state of a forecaster of that model. */
const stateShape = z.object({ model: z.string(), state: z.union([trainedShape, statisticalShape]) });

export class SeriesForecaster {
  readonly #model: SeriesModel | undefined;
  readonly #trained: TrainedForecaster | undefined;
  #statistical: StatisticalForecaster | undefined;

  constructor(model: SeriesModel | undefined) {
    this.#model = model;
    const options = { stepMs: STEP_MS, horizonsMs: HORIZONS_MS };
    if (model === undefined) this.#statistical = new StatisticalForecaster(options);
    else this.#trained = forecasterOf(model.model, STEP_MS, HORIZONS_MS);
  }

  get #forecaster(): TrainedForecaster | StatisticalForecaster {
    return this.#trained ?? this.#statistical!;
  }

  update(epochMs: number, value: number): void {
    this.#forecaster.update(epochMs, value);
  }

  forecast(): Band[] | undefined {
    return this.#forecaster.forecast();
  }

  /** What the newest forecast is made with. */
  get told(): ForecastModelMessage {
    if (this.#model === undefined || this.#trained === undefined)
      return { id: STATISTICAL, version: STATISTICAL_VERSION, trainedAheadMs: [] };
    const { id, version } = this.#model;
    return { id, version, trainedAheadMs: [...this.#trained.trainedHorizonsMs] };
  }

  snapshot(): string {
    const state = { model: this.told.id, state: this.#forecaster.snapshot() };
    return JSON.stringify(state);
  }

  /**
   * Takes the place of the state there is. State of the same model goes on exactly. Of another one, what was learned without
   * a model is kept (it is the same for all), and the new model's calibration begins; true then.
   */
  restore(text: string): boolean {
    const { model, state } = stateShape.parse(JSON.parse(text));
    const same = model === this.told.id;
    const trained = 'statistical' in state ? state : undefined;
    const statistical = 'statistical' in state ? state.statistical : state;
    if (this.#trained === undefined) this.#statistical = StatisticalForecaster.restore(statistical);
    else if (same && trained !== undefined) this.#trained.restore(trained);
    else this.#trained.adopt(statistical);
    return !same;
  }
}

/** The state of a series as it was saved before models had names: it was statistical. */
export function unnamedState(text: string): string {
  const state = statisticalShape.parse(JSON.parse(text));
  return JSON.stringify({ model: STATISTICAL, state });
}
