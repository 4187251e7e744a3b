// Forecasts in words.
import type { ForecastMessage } from '#streams/schema/forecast.ts';
import type { Threshold } from '../state/outlook.ts';
import * as format from './format.ts';
import type { Dictionary } from './index.ts';

export interface ForecastWords {
  /** Minutes from now. */
  readonly ahead: string;
  /** Persons in the middle of the band, and its ends. */
  readonly persons: string;
  readonly range: string;
}

/** One entry per horizon that still lies ahead, with the minutes from now. */
export function forecastWords(
  { end, bands }: Pick<ForecastMessage, 'end' | 'bands'>,
  nowMs: number,
  words: Dictionary,
): ForecastWords[] {
  return bands.flatMap(({ aheadMs, p10, p50, p90 }) => {
    const left = Math.round((end + aheadMs - nowMs) / 60_000);
    if (left < 1) return [];
    return [
      {
        ahead: words.minutesAhead(String(left)),
        persons: format.persons(p50),
        range: words.range(format.persons(p10), format.persons(p90)),
      },
    ];
  });
}

/** When the level may be reached. Rounded down: a warning may come early, not late. */
export function reachesText({ density, earliest, median }: Threshold, words: Dictionary): string {
  const when = (minutes: number | null): string => {
    if (minutes === null) return '';
    return minutes < 1 ? words.nowWord : words.inMinutes(String(Math.floor(minutes)));
  };
  return words.reaches(String(density), when(earliest), when(median));
}
