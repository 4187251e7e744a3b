import { describe, expect, it } from 'vitest';
import * as format from './format.ts';
import { dictionaries, preferredLanguage } from './index.ts';

describe('format', () => {
  it('never writes unknown as a number', () => {
    for (const text of [
      format.persons(null),
      format.density(null),
      format.share(null),
      format.share(Number.NaN),
      format.age(null, dictionaries.en),
    ]) {
      expect(text).toBe('?');
    }
  });

  it('writes numbers for reading at a distance', () => {
    expect(format.persons(12345.4)).toBe('12,345');
    expect(format.persons(0)).toBe('0');
    expect(format.density(2)).toBe('2.00');
    expect(format.share(0.9999)).toBe('99 %');
    expect(format.share(1)).toBe('100 %');
    expect(format.share(0.29)).toBe('29 %');
  });

  it('writes ages in both languages', () => {
    const ages = [-300, 900, 5000, 119_999, 120_000, 7_199_999, 7_200_000, 172_800_000];
    expect(ages.map((ms) => format.age(ms, dictionaries.en))).toEqual([
      '0 s',
      '0 s',
      '5 s',
      '119 s',
      '2 min',
      '119 min',
      '2 h',
      '2 d',
    ]);
    expect(format.age(5000, dictionaries.zh)).toBe('5 秒');
  });
});

describe('languages', () => {
  it('have the same entries, none empty', () => {
    const entries = (value: unknown, at: string): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => entries(inner, `${at}.${key}`))
        : [`${at}:${typeof value}${value === '' ? ' (empty)' : ''}`];
    expect(entries(dictionaries.zh, '')).toEqual(
      entries(dictionaries.en, '').sort(
        (a, b) => entries(dictionaries.zh, '').indexOf(a) - entries(dictionaries.zh, '').indexOf(b),
      ),
    );
    expect(entries(dictionaries.en, '').some((entry) => entry.endsWith('(empty)'))).toBe(false);
  });

  it('follow the browser', () => {
    expect(preferredLanguage(['fr-FR', 'zh-TW', 'en'])).toBe('zh');
    expect(preferredLanguage(['en-US', 'zh'])).toBe('en');
    expect(preferredLanguage([])).toBe('en');
  });
});
