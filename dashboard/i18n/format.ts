// Numbers as text. An unknown number is a question mark, never a zero, a dash or nothing.
import type { Dictionary } from './dictionary.ts';

export const UNKNOWN = '?';

/** Persons: whole, with thousands separators. */
export function persons(value: number | null): string {
  return value === null ? UNKNOWN : Math.round(value).toLocaleString('en-US');
}

/** p/m2 with two decimals. */
export function density(value: number | null): string {
  return value === null ? UNKNOWN : value.toFixed(2);
}

/** A share as whole per cent. Rounded down, so that 99.9 % never reads as complete. */
export function share(value: number | null): string {
  return value === null || Number.isNaN(value) ? UNKNOWN : `${Math.floor(value * 100 + 1e-9)} %`;
}

/** A difference of shares in points of a hundred, with its sign. */
export function signedShare(value: number): string {
  const points = Math.round(value * 100);
  return `${points > 0 ? '+' : points < 0 ? '−' : ''}${Math.abs(points)} %`;
}

/** A length of time in its largest fitting unit; a clock a little ahead reads as 0. */
export function age(ms: number | null, words: Dictionary): string {
  if (ms === null) return UNKNOWN;
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return words.seconds(String(seconds));
  if (seconds < 7200) return words.minutes(String(Math.floor(seconds / 60)));
  if (seconds < 172_800) return words.hours(String(Math.floor(seconds / 3600)));
  return words.days(String(Math.floor(seconds / 86_400)));
}
