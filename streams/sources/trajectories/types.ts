// What a recording of walking people is once it is read: columns in metres, sorted by frame, whatever the file was.
import { StreamsError } from '#streams/errors.ts';

export const FORMAT_NAMES = ['grand-central', 'madras', 'vtest', 'csv', 'mot', 'obsmat', 'text'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export const UNIT_NAMES = ['m', 'cm', 'mm'] as const;
export type LengthUnit = (typeof UNIT_NAMES)[number];
export const METRES_PER: Readonly<Record<LengthUnit, number>> = { m: 1, cm: 0.01, mm: 0.001 };

/** A recording: `count` observations sorted by frame, then id; no id twice in a frame. */
export interface Trajectories {
  /** The file's name without folder and endings. */
  readonly name: string;
  readonly format: FormatName;
  readonly count: number;
  /** Identity of a person, stable through the recording (see `identified`). */
  readonly ids: Uint32Array;
  /** Frame numbers as the file counts them. */
  readonly frames: Int32Array;
  /** Position on the floor, metres. Always finite. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Velocity, m/s; NaN where it cannot be known. */
  readonly vx: Float32Array;
  readonly vy: Float32Array;
  /** Where the velocities come from. */
  readonly velocities: 'file' | 'central-difference';
  /** Detection confidence in [0,1]; NaN where the file gives none on that scale. */
  readonly confidence: Float32Array;
  /** False when the file holds detections without identity: then every observation has an id of its own. */
  readonly identified: boolean;
  /** Rate of the frame numbers, 1/s: the instant of frame n is n / framesPerSecond. */
  readonly framesPerSecond: number;
  /** Frame numbers between one observed frame and the next: 20 where 25 fps video was annotated every 0.8 s. */
  readonly frameStep: number;
  /** What was read from a header, taken from an option or known of the format: to be shown to the user. */
  readonly notes: readonly string[];
  /** Rows left out because the format itself marks them as not to be counted. */
  readonly ignored: number;
  /** Bad rows left out on request; empty otherwise. `first` holds at most 20 of them. */
  readonly skipped: { readonly count: number; readonly first: readonly BadRow[] };
}

/** One row that could not be read. */
export interface BadRow {
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

/** 3x3 matrix, row by row, from image pixels (x right, y down) to the floor in metres. */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

export interface ReadOptions {
  /** Takes the place of detection by content. */
  readonly format?: FormatName;
  /** Rate of the frame numbers, 1/s; takes the place of what the file or the format says. */
  readonly framesPerSecond?: number;
  /** Unit of the positions; takes the place of what the file says. */
  readonly unit?: LengthUnit;
  /** Projects pixels to the floor, for files that have pixels only. */
  readonly homography?: Homography;
  /** Leave bad rows out and count them, instead of failing at the first. */
  readonly skipBad?: boolean;
}

/** A file that cannot be read as trajectories: where, why and what to do. */
export class TrajectoryError extends StreamsError {
  readonly file: string;
  /** Line number from 1; undefined when the whole file is meant. */
  readonly line: number | undefined;

  constructor(at: { file: string; line?: number }, reason: string, remedy: string, cause?: unknown) {
    const place = at.line === undefined ? at.file : `${at.file}, line ${at.line}`;
    super('source-malformed', `${place}: ${reason}`, remedy, cause);
    this.name = 'TrajectoryError';
    this.file = at.file;
    this.line = at.line;
  }
}
