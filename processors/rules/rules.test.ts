import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anomalyKind,
  flowKind,
  forecastKind,
  occupancyKind,
  pressureKind,
} from '#streams/schema/registry.ts';
import { RuleError } from './errors.ts';
import { figuresOf, metricsOf, readFigure } from './figures.ts';
import { expire, INITIAL_RULE_STATE, judge, type RuleState, spansOf } from './judge.ts';
import type { LevelRule } from './levels.ts';
import { compileRule, type RuleSpec } from './rule.ts';

const METRICS = metricsOf([
  'win.flow-60s.o.v.*',
  'win.pressure-60s.o.v.*',
  'win.occupancy.o.v.*',
  'anom.*.o.v.*',
  'fcst.*.o.v.*',
  'late.flow.o.v.*',
  'grid.o.v.*',
]);
const rule = (spec: Omit<RuleSpec, 'name'>) => compileRule({ name: 'r', ...spec }, METRICS, 'rules.0');
const fields = (metric: string) => figuresOf(metric).map(({ field }) => field);

describe('figures', () => {
  it('are the numbers, yes-or-no and states of the results, read off their schemas', () => {
    expect(METRICS).toEqual(
      expect.arrayContaining(['anom.count', 'anom.joint', 'fcst.count', 'fcst.count-all', 'win.flow-60s']),
    );
    expect(METRICS.some((metric) => /^(late|grid)/.test(metric))).toBe(false);
    expect(fields('win.flow-60s')).toEqual(
      expect.arrayContaining(['specific.in', 'specific.out', 'stopAndGo', 'saturated', 'completeness']),
    );
    expect(fields('win.flow-60s')).not.toContain('end');
    expect(fields('win.pressure-60s')).toContain('oscillation.state');
    expect(fields('win.occupancy')).toContain('share');
    expect(fields('anom.count')).toContain('score');
    expect(fields('anom.count')).not.toContain('cause');
    expect(fields('anom.joint')).toContain('cause');
    expect(fields('fcst.count')).toEqual(
      expect.arrayContaining(['bands.<minutes>m.p90', 'thresholds.orange.earliest']),
    );
    expect(figuresOf('win.nothing')).toEqual([]);
  });
  it('every one of an example can be read, or is unknown', () => {
    const examples = [
      ['win.flow-60s', flowKind.example],
      ['win.pressure-60s', pressureKind.example],
      ['win.occupancy', occupancyKind.example],
      ['anom.count', anomalyKind.example],
    ] as const;
    for (const [metric, example] of examples) {
      for (const { field, type } of figuresOf(metric)) {
        const said = readFigure(example, field);
        if (said === null || said === undefined) continue;
        expect([metric, field, typeof said]).toEqual([metric, field, type === 'text' ? 'string' : type]);
      }
    }
    expect(readFigure(flowKind.example, 'specific.out')).toBe(80);
    expect(readFigure(forecastKind.example, 'bands.5m.p90')).toBe(301);
  });
  it('tell unknown from further than foretold, and from what does not apply', () => {
    const { example } = forecastKind;
    expect(readFigure(example, 'thresholds.blue.earliest')).toBe(3.5);
    // Not within the longest horizon: known, and far.
    expect(readFigure(example, 'thresholds.blue.median')).toBe(Number.POSITIVE_INFINITY);
    expect(readFigure(example, 'thresholds.red.median')).toBe(undefined);
    expect(readFigure(example, 'bands.7m.p50')).toBe(undefined);
    const unknown = { ...example, value: null, bands: [], thresholds: [] };
    expect(readFigure(unknown, 'thresholds.blue.median')).toBe(null);
    expect(readFigure(unknown, 'bands.5m.p50')).toBe(null);
    const swinging = { ...pressureKind.example, oscillation: { state: 'unknown' } };
    expect(readFigure(swinging, 'oscillation.state')).toBe(null);
    const score = (code: string, alarm: boolean) => ({
      ...anomalyKind.example,
      score: 0,
      alarm,
      reason: { code },
    });
    expect(readFigure(score('learning', false), 'score')).toBe(null);
    expect(readFigure(score('missing', false), 'score')).toBe(null);
    expect(readFigure(score('missing', true), 'score')).toBe(0);
    expect(readFigure(score('normal', false), 'score')).toBe(0);
  });
});

describe('rules', () => {
  it.each<[string, Omit<RuleSpec, 'name'>, RegExp]>([
    [
      'a metric misspelt',
      { metric: 'anom.cuont', field: 'score', above: { red: 1 } },
      /rules\.0\.metric: .*"anom\.cuont".*anom\.count, /,
    ],
    [
      'a field misspelt',
      { metric: 'anom.count', field: 'scroe', above: { red: 1 } },
      /rules\.0\.field: .*"scroe".*score/,
    ],
    ['no test', { metric: 'anom.count', field: 'score' }, /0 of above, below and is/],
    [
      'two tests',
      { metric: 'anom.count', field: 'score', above: { red: 1 }, below: { red: 0 } },
      /2 of above, below/,
    ],
    ['no threshold', { metric: 'anom.count', field: 'score', above: {} }, /no level has a threshold/],
    [
      'thresholds that fall',
      { metric: 'anom.count', field: 'score', above: { blue: 0.9, red: 0.5 } },
      /red at 0\.5 is not beyond blue at 0\.9.*rise/,
    ],
    [
      'thresholds that rise for "below"',
      { metric: 'fcst.count', field: 'thresholds.red.median', below: { blue: 5, red: 10 } },
      /fall from blue to red/,
    ],
    [
      'a yes-or-no with thresholds',
      { metric: 'win.flow-60s', field: 'stopAndGo', above: { red: 1 } },
      /stopAndGo is no number.*true or false/,
    ],
    [
      'a state that does not exist',
      { metric: 'win.pressure-60s', field: 'oscillation.state', is: 'swinging', level: 'red' },
      /never "swinging".*oscillating/,
    ],
    [
      'a number as a state',
      { metric: 'anom.count', field: 'score', is: 'high', level: 'red' },
      /it is a number/,
    ],
    ['a state without level', { metric: 'win.flow-60s', field: 'stopAndGo', is: true }, /no level is given/],
    [
      'a level beside thresholds',
      { metric: 'anom.count', field: 'score', above: { red: 1 }, level: 'red' },
      /belongs to "is"/,
    ],
  ])('%s is named with what exists', (_, spec, expected) => {
    expect(() => rule(spec)).toThrow(RuleError);
    expect(() => rule(spec)).toThrow(expected);
  });

  it('low figures that are bad are negated', () => {
    const soon = rule({
      metric: 'fcst.count',
      field: 'thresholds.blue.earliest',
      below: { yellow: 10, red: 4 },
      hysteresis: 1,
    });
    expect(soon.level.thresholds).toEqual({ yellow: -10, red: -4 });
    expect(soon.sampleOf(forecastKind.example)).toMatchObject({
      key: 'forecourt-n',
      value: -3.5,
      staleAfterMs: 150_000,
    });
  });
  it('samples are of the keys asked for, and unknown where too little was seen', () => {
    const { example } = pressureKind;
    const by = (more: Partial<RuleSpec>) =>
      rule({ metric: 'win.pressure-60s', field: 'density.mean', above: { red: 6 }, ...more }).sampleOf(
        example,
      );
    expect(by({})).toMatchObject({ value: example.density?.mean, atMs: example.end, staleAfterMs: 5_000 });
    expect(by({ keys: ['elsewhere'] })).toBe(undefined);
    expect(by({ leastCompleteness: 0.6 })?.value).toBe(null);
    expect(by({ leastCompleteness: 0.5 })?.value).toBe(example.density?.mean);
    expect(
      rule({ metric: 'win.occupancy', field: 'share', above: { red: 1 } }).sampleOf(occupancyKind.example),
    ).toMatchObject({
      value: 0.8,
      staleAfterMs: 300_000,
    });
    const state = rule({
      metric: 'win.pressure-60s',
      field: 'oscillation.state',
      is: ['oscillating'],
      level: 'orange',
    });
    expect(state.sampleOf(example)?.value).toBe(1);
  });
});

const LEVEL: LevelRule = {
  thresholds: { orange: 0.5, red: 0.8 },
  hysteresis: 0.1,
  raiseAfterMs: 20_000,
  clearAfterMs: 30_000,
};

/** One result every ten seconds from 10,000 on. */
const series = (values: readonly (number | null | undefined)[]) =>
  values.flatMap((value, i) =>
    value === undefined ? [] : [{ atMs: 10_000 * (i + 1), value, staleAfterMs: 25_000 }],
  );

describe('judging', () => {
  it('raises after the hold and says unknown until the first result', () => {
    expect(spansOf(LEVEL, series([0.1, 0.6, 0.6, 0.6, 0.6]), 0, 50_000)).toEqual([
      { fromMs: 0, toMs: 10_000, level: 'unknown' },
      { fromMs: 10_000, toMs: 40_000, level: 'none' },
      { fromMs: 40_000, toMs: 50_000, level: 'orange' },
    ]);
  });
  it('results that fail to come are unknown, which neither clears nor raises', () => {
    const spans = spansOf(
      LEVEL,
      series([0.9, 0.9, 0.9, undefined, undefined, undefined, 0.9, 0.1, 0.1]),
      0,
      100_000,
    );
    expect(spans).toEqual([
      { fromMs: 0, toMs: 10_000, level: 'unknown' },
      { fromMs: 10_000, toMs: 30_000, level: 'none' },
      { fromMs: 30_000, toMs: 55_000, level: 'red' },
      { fromMs: 55_000, toMs: 70_000, level: 'unknown' },
      // Red at once: nobody has seen it end.
      { fromMs: 70_000, toMs: 100_000, level: 'red' },
    ]);
  });
  it('time that goes on without a result makes the level unknown, once', () => {
    const red = series([0.9, 0.9, 0.9]).reduce<RuleState>(
      (state, s) => judge(LEVEL, state, s),
      INITIAL_RULE_STATE,
    );
    expect(red.level.level).toBe('red');
    expect(expire(LEVEL, red, 55_000).level.level).toBe('red');
    const lost = expire(LEVEL, red, 55_001);
    expect(lost.level.level).toBe('unknown');
    expect(expire(LEVEL, lost, 99_999)).toBe(lost);
  });
  it('a correction of an older result changes nothing', () => {
    const [first, second] = series([0.1, 0.2]);
    const state = judge(LEVEL, judge(LEVEL, INITIAL_RULE_STATE, first!), second!);
    expect(judge(LEVEL, state, { ...first!, value: 9 })).toBe(state);
  });
  it('spans cover the whole of it without gap, whatever comes', () => {
    const value = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null });
    fc.assert(
      fc.property(
        fc.array(fc.option(value, { nil: undefined }), { maxLength: 40 }),
        fc.nat(200_000),
        fc.integer({ min: 1, max: 300_000 }),
        (values, from, length) => {
          const spans = spansOf(LEVEL, series(values), from, from + length);
          expect(spans[0]!.fromMs).toBe(from);
          expect(spans.at(-1)!.toMs).toBe(from + length);
          spans.slice(1).forEach((span, i) => {
            expect(span.fromMs).toBe(spans[i]!.toMs);
            expect(span.level).not.toBe(spans[i]!.level);
          });
          // Without a known value nothing is known.
          if (values.every((one) => one === undefined || one === null)) {
            expect(spans.map(({ level }) => level)).toEqual(['unknown']);
          }
        },
      ),
    );
  });
});
