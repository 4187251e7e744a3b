// Bytes from the wire -> what the page draws. Pure; every fault is a thrown, typed error with the reason.

import { StreamsError } from '#streams/errors.ts';
import { CELL_UNKNOWN, CELL_WALL, decodeGrid, GRID_UNIT } from '#streams/schema/grid.ts';
import { type DensityWindow, densityWindow } from '#streams/schema/window.ts';
import { DISPLAY_UNKNOWN, DISPLAY_WALL, type DisplayGrid } from './messages.ts';

/** @throws StreamsError `frame-malformed` */
export function displayGrid(payload: Uint8Array): DisplayGrid {
  const { cells, kernel: _kernel, revision: _revision, ...head } = decodeGrid(payload);
  const placed = Number.isFinite(head.originX) && Number.isFinite(head.originY) && head.cellM > 0;
  if (!placed || head.width === 0 || head.height === 0) {
    throw new StreamsError(
      'frame-malformed',
      `grid frame: ${head.width} x ${head.height} cells of ${head.cellM} m at (${head.originX}, ${head.originY}) cover no floor`,
      'send version 1 of the grid frame',
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

/** @throws StreamsError `payload-malformed` */
export function displayWindow(payload: Uint8Array, key: string): DensityWindow {
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
  if (parsed.data.key !== key) throw malformed(`its key "${parsed.data.key}" is not the subject's "${key}"`);
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
