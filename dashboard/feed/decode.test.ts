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
