// The languages of the wall and which one is spoken.
import type { Dictionary } from './dictionary.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type { Dictionary } from './dictionary.ts';

export type Language = 'zh' | 'en';

export const dictionaries: Readonly<Record<Language, Dictionary>> = { zh, en };

/** BCP 47 tag for `lang` and Intl. */
export const localeTag: Readonly<Record<Language, string>> = { zh: 'zh-CN', en: 'en-GB' };

/** Chinese where the browser prefers any Chinese before any English, else English. */
export function preferredLanguage(languages: readonly string[]): Language {
  for (const tag of languages) {
    if (tag.toLowerCase().startsWith('zh')) return 'zh';
    if (tag.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}
