// What a zone's label on the map says. Pure.
import * as format from '../i18n/format.ts';
import type { Dictionary, Language } from '../i18n/index.ts';
import { scoreText } from '../i18n/reason.ts';
import type { Alarm } from '../state/outlook.ts';
import type { ZoneRow } from '../state/zone-row.ts';

export interface LabelText {
  readonly words: Dictionary;
  readonly language: Language;
}

export interface ZoneLabel {
  readonly name: string;
  readonly count: string;
  readonly density: string;
  readonly levelOfService: string;
  /** Age and completeness, or why there is no number. */
  readonly trust: string;
}

export function zoneLabel(row: ZoneRow, alarm: Alarm | null, { words, language }: LabelText): ZoneLabel {
  const trust =
    row.status === 'unknown'
      ? row.ageMs === null
        ? words.unknown
        : `${words.unknown} · ${format.age(row.ageMs, words)}`
      : `${row.status === 'stale' ? `${words.freshness.stale} ` : ''}${format.age(row.ageMs, words)} · ${format.share(row.completeness)}`;
  return {
    name: `${alarm === null ? '' : `◆ ${scoreText(alarm.score)} `}${row.zone.name[language]}`,
    count: format.persons(row.count),
    // One question mark says it; the unit of nothing is noise.
    density: row.density === null ? '' : `${format.density(row.density)} ${words.densityUnit}`,
    levelOfService: row.levelOfService ?? format.UNKNOWN,
    trust,
  };
}
