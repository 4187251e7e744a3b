import { describe, expect, it } from 'vitest';
import { anomalyReason } from '#streams/schema/anomaly.ts';
import { type Dictionary, dictionaries } from './index.ts';
import { forecastWords, reachesText } from './outlook-text.ts';
import { jointReasonText, reasonText, scoreText } from './reason.ts';
import { findingText } from './unusual-text.ts';

const { en, zh } = dictionaries;
const reason = { code: 'level-up', observed: 96.5, expected: 41.25, points: 4, probability: 0.001 } as const;

describe('reasons in words', () => {
  it('name the series, what it did, and both figures in their unit', () => {
    expect(reasonText('count', reason, en)).toBe('Persons: risen, 97 instead of 41');
    expect(reasonText('count', reason, zh)).toBe('人数上升：97（通常 41）');
    const slow = { ...reason, code: 'drop', observed: 0.3, expected: 1.25 } as const;
    expect(reasonText('speed', slow, en)).toBe('Walking speed: sudden fall, 0.30 m/s instead of 1.25 m/s');
    expect(reasonText('health', { ...slow, observed: 0.5, expected: 1 }, zh)).toBe(
      '视频帧到达率骤降：50 %（通常 100 %）',
    );
  });

  it('write no figure where there is none', () => {
    const nothing = { code: 'missing', observed: null, expected: 12, points: 9, probability: 0.1 } as const;
    for (const words of [en, zh]) {
      expect(reasonText('count', nothing, words)).not.toMatch(/\d|null|NaN|\?/);
      expect(reasonText('count', { ...reason, expected: null }, words)).not.toMatch(/\d/);
    }
    const flat = { ...reason, code: 'flat-line', points: 240 } as const;
    expect(reasonText('count', flat, en)).toBe('Persons: unchanged too long, 97 for 240 values');
  });

  it('do not call the figures of a spread or of many zones persons', () => {
    expect(jointReasonText({ cause: 'total', reason }, en)).toBe(
      'Persons in the venue: risen, 97 instead of 41',
    );
    for (const cause of ['spread', 'together'] as const) {
      expect(jointReasonText({ cause, reason }, en)).toBe(en.causes[cause]);
    }
    expect(jointReasonText({ cause: 'spread', reason: { ...reason, code: 'missing' } }, zh)).toBe(
      '场馆总人数无数据',
    );
  });

  it('exist for every code of the schema, in both languages', () => {
    for (const code of anomalyReason.shape.code.options) {
      for (const words of [en, zh]) expect(words.changes[code].length, code).toBeGreaterThan(0);
    }
  });

  it('round a score down, so that only an alarm reads as one', () => {
    expect([0.4999, 0.5, 0.719, 1].map(scoreText)).toEqual(['0.49', '0.50', '0.71', '1.00']);
  });
});

describe('findings in words', () => {
  const finding = {
    kind: 'unexpected-crowd',
    score: 0.75,
    alarm: true,
    evidence: 3,
    since: 1,
    x: 1,
    y: 2,
    areaM2: 51.6,
    zones: ['a'],
    persons: 34.25,
    usualPersons: 6,
    speed: null,
    usualSpeed: null,
    reason: 'not shown: it is in one language',
  } as const;

  it('say what is there instead of what, persons or speed', () => {
    const text = (over: object, words: Dictionary) =>
      findingText({ ...finding, zones: ['a'], ...over }, words);
    expect(text({}, en)).toBe('Spot of 52 m²: unexpected crowd, 34 instead of 6');
    expect(text({}, zh)).toBe('52 m² 范围内意外聚集：34（通常 6）');
    const stopped = { kind: 'stopped-flow', speed: 0.05, usualSpeed: 1.2 };
    expect(text(stopped, en)).toBe('Spot of 52 m²: flow has stopped, 0.05 m/s instead of 1.20 m/s');
    expect(text({ ...stopped, speed: null }, en)).toContain('? instead of');
  });
});

describe('forecasts in words', () => {
  const bands = [
    { aheadMs: 300_000, p10: 231, p50: 262.5, p90: 301 },
    { aheadMs: 900_000, p10: 200, p50: 1300, p90: 1800 },
  ];

  it('count from now, and leave out what has passed', () => {
    const words = (nowMs: number) => forecastWords({ end: 60_000, bands }, nowMs, en);
    expect(words(60_000)).toEqual([
      { ahead: '+5 min', persons: '263', range: '231–301' },
      { ahead: '+15 min', persons: '1,300', range: '200–1,800' },
    ]);
    expect(words(60_000 + 120_000)[0]).toMatchObject({ ahead: '+3 min', persons: '263' });
    expect(words(60_000 + 300_000)).toHaveLength(1);
  });

  it('round times to a level down, and say what is not expected', () => {
    const next = { level: 'blue', density: 3.5, earliest: 3.9, median: 12.2, latest: null } as const;
    expect(reachesText(next, en)).toBe('3.5 p/m² expected in 12 min, possible in 3 min');
    expect(reachesText({ ...next, median: null }, en)).toBe('3.5 p/m² possible in 3 min');
    expect(reachesText({ ...next, earliest: 0.4, median: null }, en)).toBe('3.5 p/m² possible now');
    expect(reachesText(next, zh)).toBe('预计 12 分钟后达 3.5 人/m²，最快 3 分钟后');
  });
});
