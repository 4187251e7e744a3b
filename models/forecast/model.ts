// A trained model as files: what it was trained on, how it did on days it never saw, and its networks. Training decides per
// horizon: a network is used only where it had the smaller error and the smaller pinball loss on the held-out days.
import { z } from 'zod';
import { backtest, type Point, Score, stepOf } from './backtest.ts';
import { ForecastError } from './errors.ts';
import { INPUTS, toScale } from './features.ts';
import { StatisticalForecaster } from './forecaster.ts';
import { fromBase64, toBase64 } from './memory.ts';
import { Network } from './network.ts';
import { type Samples, TRAIN_DEFAULTS, type Trained, type TrainOptions, trainNetwork } from './train.ts';
import { TrainedForecaster, WARM_UP } from './trained.ts';

const scores = z.object({
  forecasts: z.number(),
  mae: z.number(),
  pinball: z.number(),
  coverage: z.number(),
});
const range = z.object({ from: z.iso.datetime(), to: z.iso.datetime(), values: z.number() });

export const modelSchema = z.object({
  format: z.literal('tidewatch-forecast'),
  version: z.literal(1),
  /** The series it was trained on, as in the subject of its forecasts: `count.<org>.<venue>.<zone>`. For no other. */
  series: z.string().min(1).optional(),
  stepMs: z.number().positive(),
  data: range,
  training: range,
  validation: range,
  heldOut: range,
  trainer: z.object({ backend: z.string(), seed: z.number() }),
  horizons: z
    .array(
      z.object({
        horizonMs: z.number().positive(),
        used: z.boolean(),
        epochs: z.number(),
        statistical: scores,
        trained: scores,
        weights: z.string(),
      }),
    )
    .min(1),
});

/** What a model of any version says. */
const headSchema = z.object({ format: z.literal('tidewatch-forecast'), version: z.number() });

export type ForecastModel = z.infer<typeof modelSchema>;
type Scores = z.infer<typeof scores>;

/** Shares of a series: up to the first it is trained on, up to the second validated on, the rest is held out. */
const SPLITS = [0.6, 0.8] as const;
/** Values that a series to train on has at least. */
export const LEAST_VALUES = 1000;

/**
 * Trains one network per horizon on the earlier part of a series and judges it on the last fifth. `series` is its name.
 * @throws ForecastError for a series too short, or horizons without meaning
 */
export async function trainModel(
  points: readonly Point[],
  horizonsMs: readonly number[],
  options: TrainOptions = TRAIN_DEFAULTS,
  series?: string,
): Promise<ForecastModel> {
  if (points.length < LEAST_VALUES)
    throw new ForecastError(
      `${points.length} values: at least ${LEAST_VALUES} are needed to train and still hold days out; ` +
        'the statistical forecaster needs no training',
    );
  const stepMs = stepOf(points);
  const [a, b] = SPLITS.map((share) => Math.floor(points.length * share));
  const validFrom = points[a].epochMs;
  const heldFrom = points[b].epochMs;
  const samples = collect(points, stepMs, horizonsMs);
  const results: Trained[] = [];
  let backend = '';
  for (let i = 0; i < horizonsMs.length; i++) {
    // A sample belongs where its outcome lies, so that no outcome of a later part is trained on.
    const part = (from: number, to: number): Samples => {
      const rows = samples[i].filter((s) => s.targetMs >= from && s.targetMs < to);
      return { x: rows.map((s) => s.x), z: rows.map((s) => s.z) };
    };
    const found = await trainNetwork(part(0, validFrom), part(validFrom, heldFrom), options);
    backend = found.backend;
    results.push(found);
  }
  const judge = (networks?: Network[]): Scores[] => judged(points, horizonsMs, heldFrom, networks);
  const statistical = judge();
  const trained = judge(results.map((r) => r.network));
  const rangeOf = (from: number, to: number) => ({
    from: new Date(points[from].epochMs).toISOString(),
    to: new Date(points[to - 1].epochMs).toISOString(),
    values: to - from,
  });
  return {
    format: 'tidewatch-forecast',
    version: 1,
    ...(series === undefined ? {} : { series }),
    stepMs,
    data: rangeOf(0, points.length),
    training: rangeOf(0, a),
    validation: rangeOf(a, b),
    heldOut: rangeOf(b, points.length),
    trainer: { backend, seed: options.seed },
    horizons: horizonsMs.map((horizonMs, i) => ({
      horizonMs,
      used: trained[i].mae < statistical[i].mae && trained[i].pinball < statistical[i].pinball,
      epochs: results[i].epochs,
      statistical: statistical[i],
      trained: trained[i],
      weights: toBase64(results[i].network.weights),
    })),
  };
}

interface Sample {
  readonly targetMs: number;
  readonly x: Float64Array;
  readonly z: number;
}

/** What the statistical forecaster knew at each moment, and what came, per horizon. */
function collect(points: readonly Point[], stepMs: number, horizonsMs: readonly number[]): Sample[][] {
  const forecaster = new StatisticalForecaster({ stepMs, horizonsMs });
  const slotOf = (ms: number): number => Math.round((ms - points[0].epochMs) / stepMs);
  const values = new Map(points.map((p) => [slotOf(p.epochMs), p.value]));
  const samples: Sample[][] = horizonsMs.map(() => []);
  points.forEach(({ epochMs, value }, n) => {
    forecaster.update(epochMs, value);
    if (n < WARM_UP) return;
    horizonsMs.forEach((horizonMs, i) => {
      const actual = values.get(slotOf(epochMs) + Math.round(horizonMs / stepMs));
      if (actual === undefined) return;
      const x = new Float64Array(INPUTS);
      const { centre, unit } = forecaster.describe(i, x);
      samples[i].push({ targetMs: epochMs + horizonMs, x, z: (toScale('root', actual) - centre) / unit });
    });
  });
  return samples;
}

function judged(
  points: readonly Point[],
  horizonsMs: readonly number[],
  fromMs: number,
  networks?: readonly Network[],
): Scores[] {
  const found = horizonsMs.map(() => new Score());
  const make =
    networks === undefined
      ? {}
      : {
          make: (o: { stepMs: number; horizonsMs: readonly number[] }) => new TrainedForecaster(o, networks),
        };
  for (const row of backtest(points, { horizonsMs, ...make }))
    if (row.originMs >= fromMs) found[horizonsMs.indexOf(row.horizonMs)].add(row, row.actual);
  return found.map((s) => ({ forecasts: s.count, mae: s.mae, pinball: s.pinball, coverage: s.coverage }));
}

/** A model from the text of its file. @throws ForecastError for anything that is not one */
export function parseModel(text: string): ForecastModel {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ForecastError('the model file is not JSON: train the model anew', { cause });
  }
  const parsed = modelSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const other = headSchema.safeParse(json);
  throw new ForecastError(
    other.success && other.data.version !== 1
      ? `a forecast model of version ${other.data.version}, and this program reads version 1: train the model anew`
      : `not a forecast model of version 1: ${z.prettifyError(parsed.error)}`,
  );
}

/**
 * A forecaster with a model's networks where they were found to be better, statistical elsewhere.
 * @throws ForecastError when the series has another step than the model, or a horizon it was not trained for
 */
export function forecasterOf(
  model: ForecastModel,
  stepMs: number,
  horizonsMs: readonly number[],
): TrainedForecaster {
  if (model.stepMs !== stepMs)
    throw new ForecastError(
      `the model was trained on a step of ${model.stepMs} ms, this series has ${stepMs} ms: train one for it`,
    );
  const networks = horizonsMs.map((ms) => {
    const found = model.horizons.find((h) => h.horizonMs === ms);
    if (found === undefined)
      throw new ForecastError(
        `the model was not trained for ${ms} ms ahead, only ${model.horizons.map((h) => h.horizonMs).join(', ')}`,
      );
    return found.used ? new Network(fromBase64(found.weights)) : undefined;
  });
  return new TrainedForecaster({ stepMs, horizonsMs }, networks);
}

/** The model's card, in Markdown: for whom it is, what it was trained on, how it did, where it stops. */
export function modelCard(model: ForecastModel, series: string): string {
  const row = (h: ForecastModel['horizons'][number]): string => {
    const f = (x: number): string => x.toPrecision(4);
    const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
    return (
      `| ${h.horizonMs / 60_000} min | ${f(h.statistical.mae)} | ${f(h.trained.mae)} | ${f(h.statistical.pinball)} | ` +
      `${f(h.trained.pinball)} | ${percent(h.statistical.coverage)} | ${percent(h.trained.coverage)} | ` +
      `${h.used ? 'trained' : 'statistical'} |`
    );
  };
  const span = (r: ForecastModel['data']): string => `${r.from} to ${r.to}, ${r.values} values`;
  return `# Forecast model of ${model.series ?? series}

Corrects the statistical forecast of one series, ${model.stepMs / 1000} s per value, by a network of two hidden layers
trained on the pinball loss at 10, 50 and 90 % (TensorFlow.js, ${model.trainer.backend}, seed ${model.trainer.seed}).
The band is calibrated online by adaptive conformal quantiles.

- Data: ${series}, ${span(model.data)}
- Trained on: ${span(model.training)}
- Stopped by: ${span(model.validation)}
- Judged on: ${span(model.heldOut)} (seen by neither)

| ahead | MAE statistical | MAE trained | pinball statistical | pinball trained | in band statistical | in band trained | used |
|---|---|---|---|---|---|---|---|
${model.horizons.map(row).join('\n')}

The trained network is used only where both its error and its pinball loss were smaller on the days it was judged on.
Not for other series, other steps, or venues whose gates or events have changed since: train it anew and read this table.
`;
}
