// Trained models in the processor: used where they are for the series, said where they are not, named in every message and
// in the checkpoint; a restart with another model keeps what holds for both.
import { beforeAll, describe, expect, it } from 'vitest';
import { type ForecastModel, TRAIN_DEFAULTS, trainModel, WARM_UP } from '#models/forecast/index.ts';
import type { Output, Partition } from '#processors/runtime/index.ts';
import { type ForecastMessage, forecastMessage } from '#streams/schema/forecast.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { at, ticks, venueOfBoxes } from '../shared/fixtures/density-windows.ts';
import { joinSections, splitSections } from '../shared/sections.ts';
import {
  forecastPartition,
  forecastProcessor,
  HORIZONS_MS,
  type ModelFile,
  STEP_MS,
  trainedForecastProcessor,
  venueModels,
} from './index.ts';

const venue = venueOfBoxes(['north', 'south', 'dark'], ['north', 'south']);
const NORTH = 'count.o.v.north';
const count = (minute: number): number =>
  60 + 40 * Math.sin(minute / 23) + 10 * Math.sin(minute * 12.9898) * Math.cos(minute * 78.233);
/** One window per zone and minute. */
const minutes = (from: number, n: number): DensityWindow[] =>
  Array.from({ length: n }, (_, k) => from + k).flatMap((minute) =>
    ticks(venue, 60 * minute + 59, 1, (_, zone) =>
      zone === 2 ? null : { count: Math.max(0, count(minute) - 20 * zone), speed: 1 },
    ),
  );
const read = ({ payload }: Output): ForecastMessage =>
  forecastMessage.parse(JSON.parse(new TextDecoder().decode(payload)));
const bytes = (outputs: readonly Output[]): string[] =>
  outputs.map((o) => `${o.messageId} ${new TextDecoder().decode(o.payload)}`);
const of = (outputs: readonly Output[], key: string) => outputs.map(read).filter((m) => m.key === key);

let model: ForecastModel;
/** The model as if its networks had been better at the first two horizons. */
const file = (change: object = {}, name = 'models/north'): ModelFile => {
  const horizons = model.horizons.map((h, i) => ({ ...h, used: i < 2 }));
  return { name, text: JSON.stringify({ ...model, horizons, ...change }) };
};
const partitionOf = (...files: ModelFile[]): Partition<DensityWindow> =>
  trainedForecastProcessor({ venue, files }).create();
const restored = (to: Partition<DensityWindow>, from: Partition<DensityWindow>) => {
  to.restore(from.snapshot());
  return to;
};

beforeAll(async () => {
  const points = Array.from({ length: 1100 }, (_, i) => ({ epochMs: i * STEP_MS, value: count(i) }));
  model = await trainModel(points, HORIZONS_MS, { ...TRAIN_DEFAULTS, epochs: 2 }, NORTH);
}, 60_000);

describe('models for a venue', () => {
  it('are found by series; the series without one are named', () => {
    const { models, notices } = venueModels(venue, [file()]);
    expect([...models.keys()]).toEqual([NORTH]);
    expect(models.get(NORTH)!.id).toMatch(/^[0-9a-f]{16}$/);
    expect(notices).toEqual([
      'count.o.v.south: statistical forecast, no trained model is given',
      'count-all.o.v.venue: statistical forecast, no trained model is given',
    ]);
    expect(venueModels(venue, []).notices).toEqual(['no --model was given: every forecast is statistical']);
  });

  it.each([
    ['bytes that are no model', () => ({ name: 'x', text: 'weights' }), /^x is not used: .*not JSON/],
    ['another version', () => file({ version: 2 }), /is not used: .*version 2.*reads version 1/],
    ['something else', () => file({ format: 'other' }), /is not used: not a forecast model/],
    ['no series', () => file({ series: undefined }), /is not used: .*--series/],
    ['a zone that no camera sees', () => file({ series: 'count.o.v.dark' }), /not used for v: .*v\.dark/],
    ['another venue', () => file({ series: 'count.o.w.north' }), /not used for v: .*o\.w\.north/],
    ['another step', () => file({ stepMs: 30_000 }), /north: statistical forecast, .*step of 30000 ms/],
    [
      'other horizons',
      () => file({ horizons: model.horizons.slice(1) }),
      /north: statistical forecast, .*not trained for 300000 ms/,
    ],
    [
      'no horizon at which it was better',
      () => file({ horizons: model.horizons.map((h) => ({ ...h, used: false })) }),
      /north: statistical forecast, .*nowhere better/,
    ],
    [
      'broken weights',
      () => file({ horizons: model.horizons.map((h) => ({ ...h, used: true, weights: 'AAAA' })) }),
      /north: statistical forecast, /,
    ],
  ])('with %s are not used, and a notice says why', (_, make, why) => {
    const { models, notices } = venueModels(venue, [make()]);
    expect(models.size).toBe(0);
    expect(
      notices.some((notice) => why.test(notice)),
      notices.join('\n'),
    ).toBe(true);
    expect(notices.some((notice) => notice.startsWith(`${NORTH}: statistical forecast`))).toBe(true);
  });

  it('are refused when two are for one series', () => {
    expect(() => venueModels(venue, [file(), file({}, 'models/other')])).toThrow(
      /models\/north and models\/other are both for count.o.v.north/,
    );
  });
});

describe('the forecast processor with a model', () => {
  const N = WARM_UP + 60;

  it('forecasts its series with it from the warm-up on, the others statistically, and says which', () => {
    const [plain, trained] = [forecastPartition(venue), partitionOf(file())].map((partition) =>
      partition.onBatch(minutes(0, N)),
    );
    const { id } = venueModels(venue, [file()]).models.get(NORTH)!;
    const north = of(trained!, 'north');
    expect(north.slice(0, WARM_UP - 1).every(({ model: m }) => m?.trainedAheadMs.length === 0)).toBe(true);
    for (const message of north.slice(WARM_UP))
      expect(message.model).toEqual({ id, version: 1, trainedAheadMs: HORIZONS_MS.slice(0, 2) });
    const statistical = of(plain!, 'north');
    expect(statistical.at(-1)!.model).toEqual({ id: 'statistical', version: 1, trainedAheadMs: [] });
    // Other bands where the network forecasts, the same where it does not: the third horizon, and before the warm-up.
    expect(north.at(-1)!.bands.map(({ p50 }, i) => p50 === statistical.at(-1)!.bands[i]!.p50)).toEqual([
      false,
      false,
      true,
    ]);
    expect(north[100]!.bands).toEqual(statistical[100]!.bands);
    for (const key of ['south', 'venue']) expect(of(trained!, key)).toEqual(of(plain!, key));
  }, 60_000);

  it('goes on after a restart with the same model exactly as it would have', () => {
    const whole = partitionOf(file()).onBatch(minutes(0, N));
    let partition = partitionOf(file());
    const parts: Output[] = [];
    for (const [from, to] of [
      [0, 150],
      [150, WARM_UP + 20],
      [WARM_UP + 20, N],
    ] as const) {
      parts.push(...partition.onBatch(minutes(from, to - from)));
      partition = restored(partitionOf(file()), partition);
      expect(partition.figures!().models_changed_at_restart).toBe(0);
    }
    expect(bytes(parts)).toEqual(bytes(whole));
  }, 60_000);

  it('keeps what holds for both when the model is another one, and begins the calibration of the new one', () => {
    const before = partitionOf(file());
    before.onBatch(minutes(0, N));
    const plain = forecastPartition(venue);
    plain.onBatch(minutes(0, N));
    const expected = plain.onBatch(minutes(N, 5));
    // Without a model: as if there had never been one.
    const without = restored(forecastPartition(venue), before);
    expect(without.figures!().models_changed_at_restart).toBe(1);
    expect(bytes(without.onBatch(minutes(N, 5)))).toEqual(bytes(expected));
    // With another: statistical bands until it has been calibrated, then its own.
    const other = file({ trainer: { ...model.trainer, seed: 99 } });
    const changed = restored(partitionOf(other), before);
    expect(changed.figures!()).toMatchObject({ models_changed_at_restart: 1, trained_series: 1 });
    const first = of(changed.onBatch(minutes(N, 5)), 'north');
    const { id } = venueModels(venue, [other]).models.get(NORTH)!;
    expect(first.map((m) => m.bands)).toEqual(of(expected, 'north').map((m) => m.bands));
    expect(first[0]!.model).toEqual({ id, version: 1, trainedAheadMs: [] });
    const later = of(changed.onBatch(minutes(N + 5, WARM_UP)), 'north').at(-1)!;
    expect(later.model!.trainedAheadMs).toEqual(HORIZONS_MS.slice(0, 2));
    // From statistical to trained likewise.
    const adopted = restored(partitionOf(file()), plain);
    expect(adopted.figures!().models_changed_at_restart).toBe(1);
  }, 60_000);

  it('takes over checkpoints from before models had names', () => {
    const plain = forecastPartition(venue);
    plain.onBatch(minutes(0, 80));
    const snapshot = plain.snapshot();
    const [states, open] = splitSections(snapshot, 2);
    const [names, ...series] = splitSections(states!, 4);
    const old = series.map((text) => {
      const { state } = JSON.parse(new TextDecoder().decode(text));
      return new TextEncoder().encode(JSON.stringify(state));
    });
    const processor = forecastProcessor(venue);
    expect(processor.stateVersion).toBe(2);
    const migrated = processor.migrate!(joinSections([joinSections([names!, ...old]), open!]), 1);
    expect(Buffer.compare(migrated, snapshot)).toBe(0);
    expect(() => processor.migrate!(snapshot, 7)).toThrow(/version 7 is unknown/);
    expect(of(plain.onBatch(minutes(80, 1)), 'north')[0]!.end).toBe(at(81 * 60));
  });
});
