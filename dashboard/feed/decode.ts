// Bytes from the wire -> what the page draws. Pure; every fault is a thrown, typed error with the reason.

import { StreamsError } from '#streams/errors.ts';
import { CELL_UNKNOWN, CELL_WALL, decodeGrid, GRID_UNIT } from '#streams/schema/grid.ts';
import { type DensityWindow, densityWindow } from '#streams/schema/window.ts';
import { DISPLAY_UNKNOWN, DISPLAY_WALL, type DisplayGrid } from './messages.ts';

/** @param level that of the subject it came on. @throws StreamsError `frame-malformed` */
export function displayGrid(payload: Uint8Array, level: number): DisplayGrid {
  const { cells, kernel: _kernel, revision: _revision, ...head } = decodeGrid(payload);
  if (head.level !== level) {
    throw new StreamsError(
      'frame-malformed',
      `grid frame: it is of level ${head.level}, its subject of level ${level}`,
      'publish a raster on the subject of its level',
    );
  }
  const values = new Float32Array(cells.length);
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!;
    values[i] =
      cell === CELL_UNKNOWN ? DISPLAY_UNKNOWN : cell === CELL_WALL ? DISPLAY_WALL : cell * GRID_UNIT;
  }
  return { ...head, values };
}

/** What the subject of a window result says. */
export interface WindowAddress {
  readonly org: string;
  readonly venue: string;
  readonly key: string;
}

/** @throws StreamsError `payload-malformed`, also where the message is not of its own subject */
export function displayWindow(payload: Uint8Array, at: WindowAddress): DensityWindow {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw malformed('it is not JSON', error);
  }
  const parsed = densityWindow.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw malformed(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it does not match the schema'}`);
  }
  const { org, venue, key } = parsed.data;
  if (org !== at.org || venue !== at.venue || key !== at.key) {
    throw malformed(`it is of ${org}.${venue}.${key}, its subject of ${at.org}.${at.venue}.${at.key}`);
  }
  if (parsed.data.end <= parsed.data.start) throw malformed('it ends before it starts');
  return parsed.data;
}

function malformed(why: string, cause?: unknown): StreamsError {
  return new StreamsError(
    'payload-malformed',
    `window result: ${why}`,
    'send what streams/schema/window.ts describes',
    cause,
  );
}
