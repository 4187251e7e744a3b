import { describe, expect, it } from 'vitest';
import type { Venue, Zone } from '#models/venue/types.ts';
import type { DensityWindow } from '#streams/schema/window.ts';
import { byDensity, STALE_AFTER_MS, UNKNOWN_AFTER_MS } from './zone-row.ts';
import { ZoneStore } from './zone-store.ts';

const zone = (id: string): Zone => ({
  id,
  level: 0,
  name: { zh: id, en: id },
  area: { exterior: new Float64Array([0, 0, 10, 0, 10, 10, 0, 10]), holes: [] },
  areaM2: 100,
  use: 'moving',
});

const venue: Venue = {
  org: 'o',
  id: 'v',
  name: { zh: 'v', en: 'v' },
  version: 1,
  kind: 'hall',
  timeZone: 'Asia/Shanghai',
  anchor: { longitude: 120, latitude: 31, bearingDeg: 0 },
  tickMs: 200,
  levels: [],
  zones: [zone('a'), zone('b'), zone('c')],
  gates: [],
  exits: [],
  doors: [],
  cameras: [],
  fences: [],
};

function result(
  key: string,
  end: number,
  count: number | null,
  extra: Partial<DensityWindow> = {},
): DensityWindow {
  return {
    org: 'o',
    venue: 'v',
    key,
    level: 0,
    start: end - 5000,
    end,
    hopMs: 1000,
    revision: 0,
    completeness: count === null ? 0 : 1,
    silent: count === null ? ['cam-1'] : [],
    metric: 'density',
    count: count === null ? null : { mean: count, max: count },
    density: count === null ? null : { mean: count / 100, max: count / 100 },
    speed: null,
    levelOfService: count === null ? null : 'A',
    samples: 0,
    ticks: 0,
    ...extra,
  };
}

const T = 1_800_000_000_000;
const rowOf = (store: ZoneStore, key: string, now: number) =>
  store.rows(now).find((row) => row.zone.id === key)!;

describe('ZoneStore', () => {
  it('knows nothing before the first result: unknown, not zero', () => {
    const row = rowOf(new ZoneStore(venue), 'a', T);
    expect(row).toMatchObject({ status: 'unknown', count: null, density: null, ageMs: null });
  });

  it('shows a number with its age, then marks it, then takes it away', () => {
    const store = new ZoneStore(venue);
    store.apply(result('a', T, 120));
    expect(rowOf(store, 'a', T + 800)).toMatchObject({
      status: 'live',
      count: 120,
      density: 1.2,
      ageMs: 800,
    });
    expect(rowOf(store, 'a', T + STALE_AFTER_MS + 1)).toMatchObject({ status: 'stale', count: 120 });
    expect(rowOf(store, 'a', T + UNKNOWN_AFTER_MS + 1)).toMatchObject({
      status: 'unknown',
      count: null,
      levelOfService: null,
      lastCount: 120,
    });
  });

  it('is unknown when the sources of a zone are silent, though results arrive', () => {
    const store = new ZoneStore(venue);
    store.apply(result('a', T, 5));
    store.apply(result('a', T + 1000, null));
    expect(rowOf(store, 'a', T + 1000)).toMatchObject({
      status: 'unknown',
      count: null,
      completeness: 0,
      silent: ['cam-1'],
      lastCount: 5,
    });
  });

  it('takes corrections, refuses older results and longer windows, prefers shorter ones', () => {
    const store = new ZoneStore(venue);
    store.apply(result('a', T, 60, { start: T - 60_000 }));
    store.apply(result('a', T, 10));
    store.apply(result('a', T, 11, { revision: 1 }));
    store.apply(result('a', T, 9));
    store.apply(result('a', T - 1000, 1));
    store.apply(result('a', T + 1000, 999, { start: T - 59_000 }));
    expect(rowOf(store, 'a', T)).toMatchObject({ count: 11, windowMs: 5000 });
    expect(store.series('a')?.columns(0, T, 1e9)[2]).toEqual([1, 11]);
  });

  it('follows a recording that starts again', () => {
    const store = new ZoneStore(venue);
    store.apply(result('a', T, 60));
    store.apply(result('a', T - 3_600_000, 3));
    expect(rowOf(store, 'a', T - 3_600_000)).toMatchObject({ status: 'live', count: 3 });
    expect(store.series('a')?.size).toBe(1);
  });

  it('merges history under live results', () => {
    const store = new ZoneStore(venue);
    store.apply(result('a', T, 60));
    store.applyHistory({
      key: 'a',
      windowMs: 5000,
      end: Float64Array.of(T - 2000, T - 1000),
      density: Float32Array.of(0.25, 0.5),
      count: Float32Array.of(25, 50),
      revision: Uint32Array.of(0, 0),
      last: result('a', T - 1000, 50),
    });
    expect(rowOf(store, 'a', T).count).toBe(60);
    expect(store.series('a')?.columns(0, T, 1e9)[2]).toEqual([25, 50, 60]);
  });

  it('keeps the numbers of zones that a new version of the venue still has', () => {
    const store = new ZoneStore(venue);
    store.apply(result('a', T, 60));
    const next = new ZoneStore({ ...venue, version: 2, zones: [zone('a'), zone('d')] }, store);
    expect(rowOf(next, 'a', T).count).toBe(60);
    expect(rowOf(next, 'd', T).count).toBeNull();
    expect(next.rows(T)).toHaveLength(2);
  });

  it('counts results of zones the venue does not have', () => {
    const store = new ZoneStore(venue);
    store.apply(result('nowhere', T, 1));
    expect(store.strangers).toBe(1);
  });

  it('sorts densest first and unknown last', () => {
    const store = new ZoneStore(venue);
    store.apply(result('c', T, 50));
    store.apply(result('b', T, 70));
    expect(
      store
        .rows(T)
        .sort(byDensity)
        .map((row) => row.zone.id),
    ).toEqual(['b', 'c', 'a']);
  });
});
