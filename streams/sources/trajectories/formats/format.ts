// What a format is to the reader: how to know it, and how one row of it becomes one observation.
import type { FormatName, ReadOptions } from '../types.ts';

/** One observation, filled row by row. Positions in metres; NaN where the file does not say. */
export interface Row {
  id: number;
  frame: number;
  x: number;
  y: number;
  vx: number;
  vy: number;
  confidence: number;
}

/** `ok`; `ignored`: the format itself says not to count this row; anything else: what is wrong with it. */
export type RowResult = 'ok' | 'ignored' | { readonly problem: string };

export interface Plan {
  readonly separator: 'comma' | 'space';
  /** Lines at the beginning, comments not counted, that are no rows. */
  readonly headerLines: number;
  /** Rate of the frame numbers, 1/s, or how it follows from the step between observed frames; undefined: not known. */
  readonly framesPerSecond: number | ((frameStep: number) => number) | undefined;
  /** Rows carry velocities. */
  readonly hasVelocity: boolean;
  readonly notes: readonly string[];
  read(fields: readonly string[], row: Row): RowResult;
}

export interface TrajectoryFormat {
  readonly name: FormatName;
  /** For people, in lists and errors. */
  readonly title: string;
  /** True when the first lines of a file (comments included) are of this format. */
  matches(head: readonly string[]): boolean;
  /** How to read the file; a string says what is missing to do so, and what to give. */
  plan(head: readonly string[], options: ReadOptions): Plan | Refusal;
}

/** Why a file cannot be read as it is, and the option that mends it. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

export const isComment = (line: string): boolean => line.startsWith('#');

/** The first line that is neither empty nor a comment, cut at commas or white space. */
export function firstFields(head: readonly string[], separator: 'comma' | 'space'): string[] {
  const line = head.find((text) => text.trim() !== '' && !isComment(text));
  return line === undefined ? [] : splitFields(line, separator);
}

export function splitFields(line: string, separator: 'comma' | 'space'): string[] {
  return separator === 'comma' ? line.split(',') : line.trim().split(/\s+/);
}

/** The number a field holds; NaN for anything that is not entirely a finite decimal number. */
export function toNumber(field: string | undefined): number {
  if (field === undefined) return Number.NaN;
  const text = field.trim();
  // Number() also reads '' as 0 and takes hexadecimal.
  if (text === '' || text.includes('x') || text.includes('X')) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

export const isNumeric = (field: string): boolean => !Number.isNaN(toNumber(field));
