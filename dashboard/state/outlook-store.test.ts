import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Venue, Zone } from '#models/venue/types.ts';
import type {
  AnomalyScore,
  JointAnomaly,
  RasterAnomalyMessage,
  RasterFindingMessage,
} from '#streams/schema/anomaly.ts';
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import type { Outlook } from '../feed/messages.ts';
import { ALARM_SHOWN_MS } from './outlook.ts';
import { OutlookStore } from './outlook-store.ts';
import { unusualEntries } from './unusual.ts';
import { venueLines } from './venue-lines.ts';

const zone = (id: string): Zone => ({
  id,
  level: 0,
  name: { zh: id, en: id },
  area: { exterior: new Float64Array([0, 0, 10, 0, 10, 10, 0, 10]), holes: [] },
  areaM2: 100,
  use: 'moving',
});
const venueOf = (...ids: string[]): Venue => ({
  org: 'o',
  id: 'v',
  name: { zh: 'v', en: 'v' },
  version: ids.length,
  kind: 'hall',
  timeZone: 'Asia/Shanghai',
  anchor: { longitude: 120, latitude: 31, bearingDeg: 0 },
  tickMs: 200,
  levels: [],
  zones: ids.map(zone),
  gates: [],
  exits: [],
  doors: [],
  cameras: [],
  fences: [],
});

const NOW = 1_800_000_000_000;
const score = (over: Partial<AnomalyScore> = {}): AnomalyScore => {
  const end = over.end ?? NOW;
  const value = over.score ?? 0.1;
  return {
    metric: 'count',
    org: 'o',
    venue: 'v',
    key: 'a',
    level: 0,
    start: end - 10_000,
    end,
    hopMs: 10_000,
    score: value,
    alarm: value >= 0.5,
    reason: {
      code: value >= 0.5 ? 'spike' : 'normal',
      observed: 9,
      expected: 3,
      points: 1,
      probability: 0.01,
    },
    evidence: 0.5,
    value: 9,
    completeness: 1,
    silent: [],
    ...over,
  };
};
const joint = (over: Partial<JointAnomaly> = {}): JointAnomaly => {
  const { level: _level, silent: _silent, ...head } = score();
  return { ...head, metric: 'joint', key: 'venue', phase: 'none', cause: 'total', departures: [], ...over };
};
const forecast = (over: Partial<ForecastMessage> = {}): ForecastMessage => ({
  metric: 'count',
  org: 'o',
  venue: 'v',
  key: 'a',
  level: 0,
  start: NOW - 60_000,
  end: NOW,
  hopMs: 60_000,
  value: 100,
  completeness: 1,
  bands: [{ aheadMs: 300_000, p10: 90, p50: 110, p90: 150 }],
  thresholds: [],
  ...over,
});
const asScore = (message: AnomalyScore | JointAnomaly): Outlook => ({ kind: 'score', message });
const asForecast = (message: ForecastMessage): Outlook => ({ kind: 'forecast', message });
const storeOf = (...outlooks: Outlook[]): OutlookStore => {
  const store = new OutlookStore(venueOf('a', 'b'));
  for (const outlook of outlooks) store.apply(outlook);
  return store;
};

describe('scores on the wall', () => {
  it('are never said to be ordinary where they are absent, old, missing or still learning', () => {
    const state = (message?: AnomalyScore, nowMs = NOW): string =>
      storeOf(...(message === undefined ? [] : [asScore(message)]))
        .zones(nowMs)
        .get('a')!.scoreState;
    const because = (code: AnomalyScore['reason']['code']): AnomalyScore =>
      score({ reason: { code, observed: null, expected: null, points: 0, probability: 1 } });
    expect(state()).toBe('none');
    expect(state(score())).toBe('scored');
    expect(state(because('learning'))).toBe('learning');
    expect(state(because('missing'))).toBe('missing');
    expect(state(score(), NOW + 45_000)).toBe('scored');
    expect(state(score(), NOW + 45_001)).toBe('old');
  });

  it('keep an alarm in sight for five minutes, although the score rests the moment after', () => {
    const store = storeOf(asScore(score({ score: 0.8 })), asScore(score({ end: NOW + 10_000, score: 0.2 })));
    const at = (nowMs: number) => store.zones(nowMs).get('a')!.alarm;
    expect(at(NOW + 10_000)).toMatchObject({ score: 0.8, metric: 'count', end: NOW, ageMs: 10_000 });
    expect(at(NOW + ALARM_SHOWN_MS)).not.toBeNull();
    expect(at(NOW + ALARM_SHOWN_MS + 1)).toBeNull();
    expect(store.zones(NOW).get('b')!.alarm).toBeNull();
  });

  it('show the strongest of the series of a zone', () => {
    const store = storeOf(
      asScore(score({ score: 0.6 })),
      asScore(score({ metric: 'health', score: 0.9 })),
      asScore(score({ metric: 'speed', score: 0.7 })),
    );
    expect(store.zones(NOW).get('a')!.alarm).toMatchObject({ metric: 'health', score: 0.9 });
  });

  it('are the same whatever the order in which past and present arrive', () => {
    const moments = fc.uniqueArray(fc.record({ slot: fc.nat(20), score: fc.constantFrom(0.1, 0.6, 0.9) }), {
      selector: ({ slot }) => slot,
      minLength: 1,
    });
    fc.assert(
      fc.property(moments, fc.infiniteStream(fc.nat()), (all, keys) => {
        const messages = all.map(({ slot, score: value }) =>
          asScore(score({ end: NOW + slot * 10_000, score: value })),
        );
        const sorted = [...messages].sort((a, b) => a.message.end - b.message.end);
        const mixed = messages
          .map((message) => [keys.next().value, message] as const)
          .sort(([a], [b]) => a - b)
          .map(([, message]) => message);
        const nowMs = NOW + 200_000;
        expect(storeOf(...mixed).zones(nowMs)).toEqual(storeOf(...sorted).zones(nowMs));
      }),
    );
  });

  it('begin anew with a recording that is replayed again', () => {
    const store = storeOf(asScore(score({ score: 0.8 })), asScore(score({ end: NOW - 3_600_000 })));
    expect(store.zones(NOW - 3_600_000).get('a')).toMatchObject({ alarm: null, scoreState: 'scored' });
  });

  it('of zones the venue does not have are counted; those that remain keep theirs in the next version', () => {
    const store = storeOf(asScore(score({ key: 'gone' })), asForecast(forecast({ key: 'gone' })));
    expect(store.strangers).toBe(2);
    store.apply(asScore(score({ score: 0.8 })));
    const next = new OutlookStore(venueOf('a', 'b', 'c'), store);
    expect(next.zones(NOW).get('a')!.alarm).toMatchObject({ score: 0.8 });
    expect(next.zones(NOW).get('c')!.scoreState).toBe('none');
  });

  it('of the venue are apart from those of a zone that is called "venue"', () => {
    const store = new OutlookStore(venueOf('venue'));
    store.apply(asScore(joint({ score: 0.7, alarm: true, cause: 'spread' })));
    store.apply(asForecast(forecast({ key: 'venue', level: null, value: 5_000 })));
    expect(store.jointAt(NOW).alarm).toMatchObject({ score: 0.7, cause: 'spread' });
    expect(store.total?.value).toBe(5_000);
    expect(store.zones(NOW).get('venue')).toMatchObject({
      alarm: null,
      scoreState: 'none',
      forecastState: 'none',
    });
    expect(store.jointAt(NOW + ALARM_SHOWN_MS + 1).alarm).toBeNull();
  });
});

describe('forecasts on the wall', () => {
  it('are gone when they are too old, and say why when there is none', () => {
    const at = (message: ForecastMessage, nowMs = NOW) => storeOf(asForecast(message)).zones(nowMs).get('a')!;
    expect(at(forecast()).forecast).not.toBeNull();
    expect(at(forecast(), NOW + 195_001)).toMatchObject({ forecastState: 'old', forecast: null, next: null });
    expect(at(forecast({ value: null, bands: [] })).forecastState).toBe('missing');
    expect(at(forecast({ bands: [] })).forecastState).toBe('learning');
    const certain = [{ aheadMs: 300_000, p10: 100, p50: 100, p90: 100 }];
    expect(at(forecast({ bands: certain }))).toMatchObject({ forecastState: 'learning', forecast: null });
    const empty = [{ aheadMs: 300_000, p10: 0, p50: 0, p90: 0 }];
    expect(at(forecast({ value: 0, bands: empty })).forecastState).toBe('ready');
    expect(storeOf().zones(NOW).get('a')!.forecastState).toBe('none');
  });

  it('count the minutes to a level from now, and name the first that is not reached', () => {
    const thresholds: ForecastMessage['thresholds'] = [
      { level: 'blue', density: 2, earliest: 0, median: 0, latest: 0 },
      { level: 'orange', density: 5, earliest: 12, median: null, latest: null },
      { level: 'yellow', density: 3.5, earliest: 2, median: 7.5, latest: null },
      { level: 'red', density: 7, earliest: null, median: null, latest: null },
    ];
    const next = (nowMs: number) =>
      storeOf(asForecast(forecast({ thresholds })))
        .zones(nowMs)
        .get('a')!.next;
    expect(next(NOW)).toEqual({ level: 'yellow', density: 3.5, earliest: 2, median: 7.5, latest: null });
    expect(next(NOW + 90_000)).toMatchObject({ earliest: 0.5, median: 6 });
    expect(next(NOW + 180_000)).toMatchObject({ earliest: 0, median: 4.5 });
  });
});

describe('spots and lines', () => {
  const gate = {
    id: 'gate',
    level: 0,
    name: { zh: 'gate', en: 'gate' },
    a: [0, 0],
    b: [1, 0],
    widthM: 1,
  } as const;
  const stair = { ...gate, id: 'stair', toLevel: 1, toA: [2, 0], toB: [3, 0], lengthM: 5 } as const;
  const floor = { ordinal: 0, name: { zh: '地面', en: 'Ground' }, walkable: [], elevationM: 0 };
  const venue: Venue = { ...venueOf('a', 'b'), levels: [floor], gates: [gate], stairs: [stair] };
  const finding: RasterFindingMessage = {
    kind: 'unexpected-crowd',
    score: 0.75,
    alarm: true,
    evidence: 3,
    since: NOW,
    x: 1,
    y: 2,
    areaM2: 50,
    zones: ['b', 'a'],
    persons: 34,
    usualPersons: 6,
    speed: null,
    usualSpeed: null,
    reason: 'unexpected crowd',
  };
  const places = (over: Partial<RasterAnomalyMessage> = {}): Outlook => {
    const end = over.end ?? NOW;
    return {
      kind: 'places',
      message: {
        metric: 'raster',
        org: 'o',
        venue: 'v',
        key: '0',
        level: 0,
        start: end - 10_000,
        end,
        hopMs: 10_000,
        phase: 'none',
        state: 'watching',
        score: 0.75,
        alarm: true,
        completeness: 1,
        persons: 40,
        findings: [finding],
        ...over,
      },
    };
  };
  const storeWith = (...outlooks: Outlook[]): OutlookStore => {
    const store = new OutlookStore(venue);
    for (const outlook of outlooks) store.apply(outlook);
    return store;
  };

  it('keep a spot one entry while it lasts, with its highest score and its newest place', () => {
    const later = places({
      end: NOW + 10_000,
      findings: [
        { ...finding, score: 0.3, alarm: false, x: 5 },
        { ...finding, since: null },
      ],
    });
    for (const order of [
      [places(), later],
      [later, places()],
    ]) {
      const [level] = storeWith(...order).levels(NOW + 10_000);
      expect(level!.spots).toMatchObject([{ score: 0.75, end: NOW + 10_000, ageMs: 0, finding: { x: 5 } }]);
    }
  });

  it('forget it five minutes after it was last found, and say when nothing judges the floor any more', () => {
    const store = storeWith(places(), places({ end: NOW + 10_000, findings: [], score: 0, alarm: false }));
    expect(store.levels(NOW + ALARM_SHOWN_MS)[0]!.spots).toHaveLength(1);
    expect(store.levels(NOW + ALARM_SHOWN_MS + 1)[0]).toMatchObject({ spots: [], state: 'old' });
    expect(storeWith().levels(NOW)).toEqual([{ level: 0, state: 'none', spots: [] }]);
    expect(storeWith(places({ state: 'learning' })).levels(NOW)[0]!.state).toBe('learning');
  });

  it('hold a bounded number, and count those of a level the venue does not have', () => {
    const store = storeWith(places({ level: 7 }));
    expect(store.strangers).toBe(1);
    for (let i = 0; i < 100; i++) {
      store.apply(places({ end: NOW + i, findings: [{ ...finding, since: NOW + i }] }));
    }
    expect(store.levels(NOW + 100)[0]!.spots).toHaveLength(16);
  });

  it('are listed with the zones, strongest first, then newest, then by id', () => {
    const line = { ...score({ metric: 'inflow', key: 'gate', score: 0.9 }) };
    const upper = { ...score({ metric: 'outflow', key: 'stair-upper', score: 0.6 }) };
    const store = storeWith(
      places(),
      asScore(line),
      asScore(upper),
      asScore(score({ key: 'a', score: 0.6 })),
      asScore(score({ key: 'b', score: 0.6, end: NOW + 10_000 })),
      asScore(score({ metric: 'inflow', key: 'no-such-line', score: 0.9 })),
    );
    expect(store.strangers).toBe(1);
    const nowMs = NOW + 10_000;
    const alarms = store.lineAlarms(nowMs);
    const lines = venueLines(venue).flatMap((one) => {
      const alarm = alarms.get(one.key);
      return alarm === undefined ? [] : [{ ...one, alarm }];
    });
    const entries = unusualEntries(venue, store.zones(nowMs), lines, store.levels(nowMs));
    expect(entries.map(({ id, zoneId, level }) => [id.replace(/\d{6,}/, '…'), zoneId, level])).toEqual([
      ['line-gate', null, 0],
      ['spot-0-unexpected-crowd-…', 'b', 0],
      ['zone-b', 'b', 0],
      ['line-stair-upper', null, 1],
      ['zone-a', 'a', 0],
    ]);
  });
});
