import { describe, expect, it } from 'vitest';
import { CELL_MAX, CELL_UNKNOWN, CELL_WALL, encodeGrid, type GridFrame } from '#streams/schema/grid.ts';
import { displayGrid, displayWindow } from './decode.ts';
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

describe('displayGrid', () => {
  it('keeps numbers, unknown and walls apart', () => {
    const shown = displayGrid(encodeGrid(grid));
    const values = [...shown.values].map((value) => Math.round(value * 1000) / 1000);
    expect(values).toEqual([0, 1.5, DISPLAY_UNKNOWN, DISPLAY_WALL, CELL_MAX / 1000, 7]);
    expect(shown).toMatchObject({ width: 3, height: 2, cellM: 0.5, originX: -10, completeness: 0.5 });
  });

  it('refuses a raster that lies nowhere', () => {
    expect(() => displayGrid(encodeGrid({ ...grid, cellM: Number.NaN }))).toThrow(/cover no floor/);
    expect(() => displayGrid(encodeGrid({ ...grid, originX: Number.POSITIVE_INFINITY }))).toThrow(
      /cover no floor/,
    );
    expect(() => displayGrid(encodeGrid(grid).subarray(0, 50))).toThrow(/grid frame/);
  });
});

describe('displayWindow', () => {
  it('takes a result of unknown', () => {
    expect(displayWindow(text(window), 'z')).toMatchObject({ count: null, density: null });
  });

  it('says what is wrong with any other', () => {
    expect(() => displayWindow(text({ ...window, end: '5000' }), 'z')).toThrow(/end/);
    expect(() => displayWindow(text({ ...window, end: 0 }), 'z')).toThrow(/ends before it starts/);
    expect(() => displayWindow(text(window), 'other')).toThrow(/not the subject's/);
    expect(() => displayWindow(Uint8Array.of(0xff, 0x7b), 'z')).toThrow(/not JSON/);
  });
});
