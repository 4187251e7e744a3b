// Aggregates against values known by other means: closed forms, the sketch library, two-pass arithmetic.
import { DDSketch } from '@datadog/sketches-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWindowError } from '../errors.ts';
import { WindowOperator } from '../operator.ts';
import type { WindowConfig } from '../types.ts';
import { CountTable } from './count-table.ts';
import type { AggregateSpec } from './spec.ts';

const T = 1_700_000_000_000;

function configOf(aggregates: Record<string, AggregateSpec>): WindowConfig {
  return {
    paneMs: 100,
    windows: [{ name: '1s', lengthMs: 1000, hopMs: 1000 }],
    sources: [{ name: 'cam', kind: 'frames', rateHz: 10 }],
    keys: [{ name: 'zone', sources: [0] }],
    columns: ['value'],
    aggregates,
    disorderMs: 0,
    latenessMs: 0,
    idleMs: 1000,
    futureMs: 1000,
  };
}

/** The aggregates of `values` spread over the ten panes of one window. */
function inOneWindow(aggregates: Record<string, AggregateSpec>, values: readonly number[]) {
  const operator = new WindowOperator(configOf(aggregates));
  for (let pane = 0; pane < 10; pane++) {
    const mine = values.filter((_, i) => i % 10 === pane);
    operator.push({
      source: 0,
      epochMs: T + pane * 100,
      n: mine.length,
      keys: new Int32Array(mine.length),
      columns: [Float64Array.from(mine)],
    });
  }
  operator.close();
  const [block] = operator.drain().windows;
  return {
    numbers: Object.fromEntries(Object.entries(block!.values).map(([name, column]) => [name, column[0]!])),
    objects: Object.fromEntries(Object.entries(block!.objects).map(([name, column]) => [name, column[0]])),
  };
}

describe('variance', () => {
  it('does not cancel: a spread of 2^-10 about 1,000,000', () => {
    const step = 2 ** -10;
    const values = Array.from({ length: 1000 }, (_, i) => 30_000 + (i % 2) * step);
    const { numbers } = inOneWindow({ v: { kind: 'variance', column: 'value', maxAbs: 2 ** 15 } }, values);
    expect(numbers.v).toBe((step / 2) ** 2);
  });

  it('equals the two-pass formula on quantised values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 80 }),
        (raw) => {
          const { numbers } = inOneWindow({ v: { kind: 'variance', column: 'value' } }, raw);
          const values = raw.map((value) => Math.round(value * 1024) / 1024);
          const mean = values.reduce((a, b) => a + b, 0) / values.length;
          const twoPass = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
          expect(Math.abs(numbers.v! - twoPass)).toBeLessThanOrEqual(1e-9 * Math.max(1, twoPass));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('quantile', () => {
  const spec: AggregateSpec = {
    kind: 'quantile',
    column: 'value',
    quantiles: [0, 0.5, 0.95, 1],
    min: 0.01,
    max: 100,
  };

  it('equals the sketch library, value for value, and is within 1 % of the order statistic', () => {
    const speeds = fc.integer({ min: 10, max: 99_999 }).map((value) => value / 1000);
    fc.assert(
      fc.property(fc.array(speeds, { minLength: 1, maxLength: 100 }), (values) => {
        const { numbers } = inOneWindow({ q: spec }, values);
        const sketch = new DDSketch({ relativeAccuracy: 0.01 });
        for (const value of values) sketch.accept(value);
        const ascending = [...values].sort((a, b) => a - b);
        for (const q of [0, 0.5, 0.95, 1]) {
          const name = `q.p${q * 100}`;
          expect(numbers[name]).toBe(sketch.getValueAtQuantile(q));
          const exact = ascending[Math.floor(q * (ascending.length - 1))]!;
          expect(Math.abs(numbers[name]! - exact)).toBeLessThanOrEqual(0.0101 * exact);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('reports 0 below its range, max above it, and nothing for unknown values', () => {
    expect(inOneWindow({ q: spec }, [0, 0.001, 1e6]).numbers).toMatchObject({
      'q.p0': 0,
      'q.p50': 0,
      'q.p100': 100,
    });
    expect(inOneWindow({ q: spec }, [Number.NaN]).numbers['q.p50']).toBeNaN();
  });
});

it('a value on an edge belongs to the bin above it', () => {
  const { objects } = inOneWindow(
    { h: { kind: 'histogram', column: 'value', edges: [0, 1, 2] } },
    [-1, 0, 0.5, 1, 2, 3],
  );
  expect(objects.h).toEqual([1, 2, 1, 2]);
});

it('distinct ids are whole numbers in 32 bits; others are refused', () => {
  const aggregates = { d: { kind: 'distinct' as const, column: 'value' } };
  expect(inOneWindow(aggregates, [1, 1, 2, 4_294_967_295, 0]).numbers.d).toBe(4);
  for (const bad of [-1, 0.5, 4_294_967_296, Number.NaN]) {
    expect(() => inOneWindow(aggregates, [bad])).toThrow(/32/);
  }
});

it('a count table agrees with a Map through growth and return to zero', () => {
  const steps = fc.array(
    fc.record({ id: fc.integer({ min: 0, max: 300 }), high: fc.integer({ min: 0, max: 3 }) }),
    {
      maxLength: 800,
    },
  );
  fc.assert(
    fc.property(steps, (added) => {
      const table = new CountTable();
      const map = new Map<number, number>();
      added.forEach(({ id: low, high }, i) => {
        const id = high * 2 ** 32 + low;
        const held = map.get(id) ?? 0;
        const by = i % 3 === 2 && held > 0 ? -held : 1;
        map.set(id, held + by);
        expect(table.add(id, by)).toBe(held + by);
      });
      const live = new Map<number, number>();
      table.forEach((id, count) => {
        live.set(id, count);
      });
      expect([...live].sort()).toEqual([...map].filter(([, count]) => count !== 0).sort());
    }),
    { numRuns: 200 },
  );
});

it.each([
  ['quantiles outside [0, 1]', { kind: 'quantile', column: 'value', quantiles: [1.5], min: 1, max: 2 }],
  ['an empty range', { kind: 'quantile', column: 'value', quantiles: [0.5], min: 2, max: 2 }],
  ['edges that do not ascend', { kind: 'histogram', column: 'value', edges: [1, 1] }],
  ['more than 2^26 quanta', { kind: 'variance', column: 'value', maxAbs: 2 ** 17 }],
  ['sums that could pass 2^53', { kind: 'sum', column: 'value', quantum: 2 ** -26, maxAbs: 0.9 }],
] satisfies [string, AggregateSpec][])('refuses %s', (_, spec) => {
  const big = { ...configOf({ a: spec }), windows: [{ name: 'w', lengthMs: 900_000, hopMs: 900_000 }] };
  let thrown: unknown;
  try {
    new WindowOperator(big);
  } catch (error) {
    thrown = error;
  }
  expect(isWindowError(thrown, 'config-invalid')).toBe(true);
});
