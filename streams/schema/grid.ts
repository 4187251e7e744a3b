// grid: one heat-map raster of one level in persons per square metre, as quantised cells behind a 48-byte header.
//
//   0 u32 magic "TWGR"   4 u8 version   5 u8 kernel (0 box, 1 gaussian)   6 i16 level ordinal
//   8 u16 width   10 u16 height   12 f32 cell size m   16 f64 origin x m   24 f64 origin y m   32 f64 epoch ms
//  40 f32 completeness [0,1] or NaN   44 u32 revision
//  48 run-length coded u16 cells, row by row from the origin (south-west corner) upwards
//
// A cell is density in 0.001 p/m2. 0xFFFF: unknown (walkable, no live camera sees it). 0xFFFE: not walkable.
// Runs: u16 head; high bit set: (head & 0x7FFF) times the one u16 that follows; clear: that many literal u16 follow.
import { StreamsError } from '../errors.ts';
import { MAX_COORDINATE_M, MAX_EPOCH_MS } from './tracks.ts';

const MAGIC = 0x52475754; // "TWGR"
const VERSION = 1;
const HEADER_BYTES = 48;
const MAX_RUN = 0x7fff;
/** A coarser raster than this shows no crowd. */
const MAX_CELL_M = 1_000;
/** 4 km2 in cells of 0.5 m: more is a corrupt header, and would allocate gigabytes. */
export const MAX_GRID_CELLS = 16_000_000;
export const GRID_UNIT = 0.001;
export const CELL_UNKNOWN = 0xffff;
export const CELL_WALL = 0xfffe;
export const CELL_MAX = 0xfffd;

export interface GridFrame {
  /** End of the tick the raster describes, UTC epoch ms. */
  readonly epochMs: number;
  readonly level: number;
  readonly kernel: 'box' | 'gaussian';
  /** Cells along x and y. */
  readonly width: number;
  readonly height: number;
  /** Edge of a cell, metres. */
  readonly cellM: number;
  /** South-west corner of cell (0,0), local metres. */
  readonly originX: number;
  readonly originY: number;
  /** Share of expected source frames seen, [0,1]; NaN where nothing was expected. */
  readonly completeness: number;
  readonly revision: number;
  /** `width*height` cells, row by row, in GRID_UNIT p/m2 or one of the marks. */
  readonly cells: Uint16Array;
}

/** Density in p/m2 as a cell value, saturating at CELL_MAX. */
export function quantiseDensity(density: number): number {
  return Math.min(Math.round(density / GRID_UNIT), CELL_MAX);
}

/** Density of a cell in p/m2; NaN for unknown and for cells that are not walkable. */
export function cellDensity(cell: number): number {
  return cell > CELL_MAX ? Number.NaN : cell * GRID_UNIT;
}

export function encodeGrid(frame: GridFrame): Uint8Array {
  const { cells } = frame;
  // Worst case: all literals, one head per MAX_RUN cells, plus slack for one short run.
  const out = new ArrayBuffer(HEADER_BYTES + 2 * (cells.length + 2 * Math.ceil(cells.length / 2) + 4));
  const head = new DataView(out);
  head.setUint32(0, MAGIC, true);
  head.setUint8(4, VERSION);
  head.setUint8(5, frame.kernel === 'gaussian' ? 1 : 0);
  head.setInt16(6, frame.level, true);
  head.setUint16(8, frame.width, true);
  head.setUint16(10, frame.height, true);
  head.setFloat32(12, frame.cellM, true);
  head.setFloat64(16, frame.originX, true);
  head.setFloat64(24, frame.originY, true);
  head.setFloat64(32, frame.epochMs, true);
  head.setFloat32(40, frame.completeness, true);
  head.setUint32(44, frame.revision, true);
  const words = new Uint16Array(out, HEADER_BYTES);
  let at = 0;
  let i = 0;
  while (i < cells.length) {
    const run = runLength(cells, i);
    if (run >= 3) {
      words[at++] = 0x8000 | run;
      words[at++] = cells[i]!;
      i += run;
    } else {
      const headAt = at++;
      const from = i;
      while (i < cells.length && i - from < MAX_RUN && runLength(cells, i) < 3) words[at++] = cells[i++]!;
      words[headAt] = i - from;
    }
  }
  return new Uint8Array(out, 0, HEADER_BYTES + at * 2);
}

function runLength(cells: Uint16Array, from: number): number {
  const value = cells[from];
  const end = Math.min(cells.length, from + MAX_RUN);
  let i = from + 1;
  while (i < end && cells[i] === value) i++;
  return i - from;
}

/** @throws StreamsError `frame-malformed` naming the first thing wrong */
export function decodeGrid(payload: Uint8Array): GridFrame {
  if (payload.byteLength < HEADER_BYTES) throw malformed('it is shorter than its header');
  const head = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (head.getUint32(0, true) !== MAGIC) throw malformed('it does not begin with the magic TWGR');
  if (head.getUint8(4) !== VERSION) throw malformed(`version ${head.getUint8(4)} is not ${VERSION}`);
  const width = head.getUint16(8, true);
  const height = head.getUint16(10, true);
  if (width === 0 || height === 0 || width * height > MAX_GRID_CELLS) {
    throw malformed(`${width} x ${height} cells are not between 1 and ${MAX_GRID_CELLS}`);
  }
  if (head.getUint8(5) > 1) throw malformed(`kernel ${head.getUint8(5)} is unknown in version 1`);
  const epochMs = head.getFloat64(32, true);
  if (!Number.isInteger(epochMs) || epochMs < 0 || epochMs > MAX_EPOCH_MS) {
    throw malformed(`event time ${epochMs} is not an integer of epoch milliseconds before 2100`);
  }
  const cellM = head.getFloat32(12, true);
  if (!(cellM > 0 && cellM <= MAX_CELL_M)) throw malformed(`a cell of ${cellM} m`);
  const originX = head.getFloat64(16, true);
  const originY = head.getFloat64(24, true);
  if (!(Math.abs(originX) <= MAX_COORDINATE_M && Math.abs(originY) <= MAX_COORDINATE_M)) {
    throw malformed(`its origin (${originX}, ${originY}) is not within ${MAX_COORDINATE_M} m`);
  }
  const completeness = head.getFloat32(40, true);
  // NaN is "nothing was expected" and passes.
  if (completeness < 0 || completeness > 1) throw malformed(`completeness ${completeness} is outside [0,1]`);
  // Each run covers at most MAX_RUN cells in at least 4 bytes: a short frame cannot make a large allocation.
  if (payload.byteLength - HEADER_BYTES < 4 * Math.ceil((width * height) / MAX_RUN)) {
    throw malformed(`${payload.byteLength} bytes cannot hold ${width} x ${height} cells`);
  }
  const cells = new Uint16Array(width * height);
  let at = HEADER_BYTES;
  let i = 0;
  while (at + 2 <= payload.byteLength) {
    const word = head.getUint16(at, true);
    at += 2;
    const length = word & 0x7fff;
    if (length === 0 || i + length > cells.length) throw malformed('a run leaves the raster');
    if ((word & 0x8000) !== 0) {
      if (at + 2 > payload.byteLength) throw malformed('it ends within a run');
      cells.fill(head.getUint16(at, true), i, i + length);
      at += 2;
      i += length;
    } else {
      if (at + 2 * length > payload.byteLength) throw malformed('it ends within a run');
      for (let k = 0; k < length; k++, at += 2) cells[i++] = head.getUint16(at, true);
    }
  }
  if (i !== cells.length || at !== payload.byteLength) {
    throw malformed(`${i} of ${cells.length} cells are present`);
  }
  return {
    epochMs,
    level: head.getInt16(6, true),
    kernel: head.getUint8(5) === 1 ? 'gaussian' : 'box',
    width,
    height,
    cellM,
    originX,
    originY,
    completeness,
    revision: head.getUint32(44, true),
    cells,
  };
}

function malformed(why: string): StreamsError {
  return new StreamsError('frame-malformed', `grid frame: ${why}`, 'send version 1 of the grid frame');
}
