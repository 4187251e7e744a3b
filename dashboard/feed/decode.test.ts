import { describe, expect, it } from 'vitest';
import { CELL_MAX, CELL_UNKNOWN, CELL_WALL, encodeGrid, type GridFrame } from '#streams/schema/grid.ts';
import { rasterAnomalyKind } from '#streams/schema/kinds/anomaly.ts';
import { displayGrid, displayOutlook, displayWindow } from './decode.ts';
import { DISPLAY_UNKNOWN, DISPLAY_WALL } from './messages.ts';

const grid: GridFrame = {
  epochMs: 1_800_000_000_000,
  level: 0,
  kernel: 'box',
  width: 3,
  height: 2,
  cellM: 0.5,
  originX: -10,
  originY: 5,
  completeness: 0.5,
  revision: 0,
  cells: Uint16Array.of(0, 1500, CELL_UNKNOWN, CELL_WALL, CELL_MAX, 7000),
};

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const window = {
  metric: 'density',
  org: 'o',
  venue: 'v',
  key: 'z',
  level: 0,
  start: 0,
  end: 5000,
  hopMs: 1000,
  revision: 0,
  completeness: null,
  silent: [],
  count: null,
  density: null,
  speed: null,
  levelOfService: null,
  samples: 0,
  ticks: 0,
};

const at = { org: 'o', venue: 'v', key: 'z' };

describe('displayGrid', () => {
  it('keeps numbers, unknown and walls apart', () => {
    const shown = displayGrid(encodeGrid(grid), 0);
    const values = [...shown.values].map((value) => Math.round(value * 1000) / 1000);
    expect(values).toEqual([0, 1.5, DISPLAY_UNKNOWN, DISPLAY_WALL, CELL_MAX / 1000, 7]);
    expect(shown).toMatchObject({ width: 3, height: 2, cellM: 0.5, originX: -10, completeness: 0.5 });
  });

  it('refuses a raster that lies nowhere', () => {
    expect(() => displayGrid(encodeGrid(grid), 1)).toThrow(/level 0/);
    expect(() => displayGrid(encodeGrid({ ...grid, cellM: Number.NaN }), 0)).toThrow(/grid frame/);
    expect(() => displayGrid(encodeGrid({ ...grid, originX: Number.POSITIVE_INFINITY }), 0)).toThrow(
      /grid frame/,
    );
    expect(() => displayGrid(encodeGrid(grid).subarray(0, 50), 0)).toThrow(/grid frame/);
  });
});

describe('displayWindow', () => {
  it('takes a result of unknown', () => {
    expect(displayWindow(text(window), at)).toMatchObject({ count: null, density: null });
  });

  it('says what is wrong with any other', () => {
    expect(() => displayWindow(text({ ...window, end: '5000' }), at)).toThrow(/end/);
    expect(() => displayWindow(text({ ...window, end: 0 }), at)).toThrow(/ends before it starts/);
    expect(() => displayWindow(text(window), { ...at, key: 'other' })).toThrow(/its subject of o.v.other/);
    expect(() => displayWindow(Uint8Array.of(0xff, 0x7b), at)).toThrow(/not JSON/);
  });
});

describe('displayOutlook', () => {
  const score = {
    metric: 'count',
    org: 'o',
    venue: 'v',
    key: 'z',
    level: 0,
    start: 0,
    end: 10_000,
    hopMs: 10_000,
    score: 0.7,
    alarm: true,
    reason: { code: 'spike', observed: 9, expected: 3, points: 1, probability: 0.01 },
    evidence: 1.5,
    value: 9,
    completeness: null,
    silent: [],
  };
  const forecast = {
    metric: 'count',
    org: 'o',
    venue: 'v',
    key: 'z',
    level: 0,
    start: 0,
    end: 60_000,
    hopMs: 60_000,
    value: 9,
    completeness: null,
    bands: [{ aheadMs: 300_000, p10: 1, p50: 2, p90: 3 }],
    thresholds: [],
  };

  it('reads scores and forecasts by their subject', () => {
    expect(displayOutlook('anom.count.o.v.z', text(score))).toMatchObject({ kind: 'score', message: score });
    expect(displayOutlook('fcst.count.o.v.z', text(forecast))).toEqual({
      kind: 'forecast',
      message: forecast,
    });
    expect(displayOutlook('fcst.count-all.o.v.z', text({ ...forecast, level: null }))?.kind).toBe('forecast');
  });

  it('reads unusual spots of a level, above ground and below', () => {
    const example = rasterAnomalyKind.example;
    const at = `${example.org}.${example.venue}.${example.key}`;
    expect(displayOutlook(`anom.raster.${at}`, text(example))).toEqual({ kind: 'places', message: example });
    expect(() => displayOutlook(`anom.raster.${at}`, text({ ...example, findings: 3 }))).toThrow(/findings/);
  });

  it('passes over kinds it does not know, whatever is in them', () => {
    for (const subject of ['anom.next.o.v.0', 'fcst.inflow.o.v.gate', 'anom.next.o.v.a.b', 'anom.x']) {
      expect(displayOutlook(subject, Uint8Array.of(0xff)), subject).toBeUndefined();
    }
  });

  it('says what is wrong with one it should know', () => {
    const read = (subject: string, value: unknown) => () => displayOutlook(subject, text(value));
    expect(read('anom.count.o.v.z', { ...score, score: 1.5 })).toThrow(/anomaly score: score/);
    expect(read('anom.speed.o.v.z', score)).toThrow(/of count, its subject of speed/);
    expect(read('anom.joint.o.v.venue', score)).toThrow(/anomaly score/);
    expect(read('anom.count.o.v.other', score)).toThrow(/its subject of o.v.other/);
    expect(read('fcst.count.o.v.z', { ...forecast, end: 0 })).toThrow(/ends before/);
    const crossed = [{ aheadMs: 300_000, p10: 5, p50: 2, p90: 3 }];
    expect(read('fcst.count.o.v.z', { ...forecast, bands: crossed })).toThrow(
      /band at 300000 ms is out of order/,
    );
  });
});
