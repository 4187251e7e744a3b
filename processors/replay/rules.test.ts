import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseVenue } from '#models/venue/index.ts';
import { DEFAULT_BOUNDS } from '#processors/density/index.ts';
import { DEFAULT_LEVEL_RULES } from '#processors/rules/index.ts';
import { ReplayError } from './errors.ts';
import { changedRules, changesWindows, parseRules } from './rules.ts';
import { scenesOf } from './scenes.ts';

const document = readFileSync(new URL('../../venues/north-hall.geojson', import.meta.url), 'utf8');
const venue = parseVenue(document);
const use = (rules: unknown) => changedRules(document, parseRules(JSON.stringify(rules)));
const zone = (id: string, from = venue) => from.zones.find((z) => z.id === id)!;

/** The message of the ReplayError that `act` throws. */
function fault(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ReplayError);
    if (error instanceof ReplayError) {
      expect(error.code).toBe('rules-invalid');
      return error.message;
    }
  }
  throw new Error('nothing was thrown');
}

describe('rules', () => {
  it('change nothing when they are empty', () => {
    const rules = use({});
    expect(rules.venue).toEqual(venue);
    expect(rules.boundsOf(DEFAULT_BOUNDS)).toEqual(DEFAULT_BOUNDS);
    for (const z of venue.zones) expect(rules.levelOf(z)).toEqual(DEFAULT_LEVEL_RULES[z.use]);
    expect(changesWindows(parseRules('{}'))).toBe(false);
  });
  it('change levels per use and, over that, per zone', () => {
    const rules = use({
      levels: {
        uses: { moving: { blue: 1.5, raiseAfterSeconds: 10 } },
        zones: { lobby: { blue: null, yellow: 3, hysteresis: 0 } },
      },
    });
    expect(rules.levelOf(zone('corridor')).thresholds).toEqual({ blue: 1.5, yellow: 3.5, orange: 5, red: 6 });
    expect(rules.levelOf(zone('lobby'))).toEqual({
      thresholds: { yellow: 3, orange: 5, red: 6 },
      hysteresis: 0,
      raiseAfterMs: 10_000,
      clearAfterMs: 30_000,
    });
  });
  it('replace, add and remove zones, and keep the rest of the venue', () => {
    const lobby = { kind: 'zone', name: { zh: '门', en: 'Lobby' }, level: 0, use: 'standing' };
    const ring = (x: number) => [
      [
        [x, 1],
        [x + 4, 1],
        [x + 4, 5],
        [x, 5],
        [x, 1],
      ],
    ];
    const feature = (id: string, x: number) => ({
      type: 'Feature',
      id,
      geometry: { type: 'Polygon', coordinates: ring(x) },
      properties: lobby,
    });
    const rules = use({
      zones: {
        set: { type: 'FeatureCollection', features: [feature('lobby', 62), feature('door', 70)] },
        remove: ['corridor'],
      },
    });
    const ids = rules.venue.zones.map(({ id }) => id);
    expect(ids).not.toContain('corridor');
    expect(ids).toEqual(expect.arrayContaining(['lobby', 'door', 'court-1']));
    expect(zone('lobby', rules.venue).areaM2).toBeCloseTo(16, 6);
    expect(rules.levelOf(zone('door', rules.venue))).toEqual(DEFAULT_LEVEL_RULES.standing);
    expect(rules.venue.cameras).toEqual(venue.cameras);
  });
  it('change time bounds', () => {
    const change = parseRules('{"bounds":{"latenessMs":30000}}');
    expect(changesWindows(change)).toBe(true);
    expect(changedRules(document, change).boundsOf(DEFAULT_BOUNDS)).toEqual({
      ...DEFAULT_BOUNDS,
      latenessMs: 30_000,
    });
  });
  it.each([
    ['not JSON', () => parseRules('{'), /not JSON/],
    ['an unknown member', () => parseRules('{"treshold":1}'), /treshold/],
    [
      'a threshold that is no density',
      () => parseRules('{"levels":{"uses":{"moving":{"red":-1}}}}'),
      /levels\.uses\.moving\.red/,
    ],
    [
      'a use that does not exist',
      () => parseRules('{"levels":{"uses":{"flying":{"red":6}}}}'),
      /flying|levels\.uses/,
    ],
    [
      'thresholds that do not rise',
      () => use({ levels: { uses: { moving: { blue: 4 } } } }),
      /yellow at 3.5 p\/m2 is not above blue at 4/,
    ],
    ['a zone that is not there', () => use({ levels: { zones: { moon: { red: 5 } } } }), /"moon".*corridor/],
    ['removing a zone that is not there', () => use({ zones: { remove: ['moon'] } }), /"moon"/],
    [
      'a feature that is no zone',
      () =>
        use({
          zones: {
            set: { type: 'FeatureCollection', features: [{ id: 'x', properties: { kind: 'camera' } }] },
          },
        }),
      /features\.0 is no zone/,
    ],
    [
      'a zone the venue cannot take',
      () =>
        use({
          zones: {
            set: {
              type: 'FeatureCollection',
              features: [
                {
                  type: 'Feature',
                  id: 'x',
                  geometry: { type: 'Polygon', coordinates: [] },
                  properties: { kind: 'zone' },
                },
              ],
            },
          },
        }),
      /"x"/,
    ],
    [
      'a future bound below the idle bound',
      () => use({ bounds: { futureMs: 1 } }).boundsOf(DEFAULT_BOUNDS),
      /futureMs 1/,
    ],
  ])('name what is wrong: %s', (_, act, expected) => {
    expect(fault(act)).toMatch(expected);
  });
});

it('the example of docs/replay.md is one for the demonstration stadium', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const stadium = read('venues/harbour-stadium.geojson');
  const [, example] = /```json\n([\s\S]*?)```/.exec(read('docs/replay.md')) ?? [];
  const request = { document: stadium, fromMs: 0, toMs: 1_000, processors: ['density'] };
  const scenes = scenesOf({ ...request, changes: parseRules(example ?? '') });
  expect(scenes.list.length).toBe(2);
  const [present, changed] = scenes.list.map(({ rules }) => rules.venue.zones.map(({ id }) => id));
  expect(present).toContain('promenade-w');
  expect(changed).not.toContain('promenade-w');
  expect(scenes.compare?.().rules.map(({ rule }) => rule)).toEqual(['surge', 'soon full', 'queue']);
});
