// The heat map of one level in p/m2: every person spread by a kernel of unit mass that stops at walls, added up in
// whole numbers, so that the order of persons, frames and sources cannot change a single byte.
import type { AreaM, Level } from '#models/venue/types.ts';
import type { GridFrame } from '#streams/schema/grid.ts';
import { CELL_UNKNOWN, CELL_WALL, quantiseDensity } from '#streams/schema/grid.ts';
import { createAreaIndex } from './area-index.ts';
import { createStencils, type KernelSpec, SUB_POSITIONS, UNITS_PER_PERSON } from './kernel.ts';

export type { KernelSpec } from './kernel.ts';

export interface RasterOptions {
  /** Edge of a cell, m; 0.5 when not given. */
  readonly cellM?: number;
  /** Gaussian of sigma 0.5 m when not given. */
  readonly kernel?: KernelSpec;
}

/** Persons one frame shows; metres. */
export interface FramePositions {
  readonly count: number;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** Of one unit in a frame, this many in the sum: the mean over frames is rounded to 2^-32 of a person per cell. */
const FINE = 256;
const UNITS_PER_CELL_PERSON = UNITS_PER_PERSON * FINE;
/** A cell is floor when at least this share of it is; looked at in SAMPLES x SAMPLES points. */
const FLOOR_SHARE = 0.5;
const SAMPLES = 8;
const MAX_SIDE = 65_535;

/** What a tick's raster is made of, besides its cells. */
export interface RasterHead {
  readonly epochMs: number;
  readonly completeness: number;
  readonly revision: number;
}

/**
 * Raster of one level. A cell is floor when at least half of it is walkable. Where part of a person's kernel lies on
 * walls, the person's mass is spread over the floor cells in proportion, so that the integral of the raster over the
 * floor is the number of persons. (The kernel is not bent around walls: somebody close to a thin wall also shows,
 * faintly, on its other side.)
 *
 * Use: `clear()`, `add()` once per source of the tick, `frame()`.
 */
export class DensityRaster {
  readonly level: number;
  readonly kernel: KernelSpec;
  readonly cellM: number;
  readonly width: number;
  readonly height: number;
  readonly originX: number;
  readonly originY: number;
  /** 1 for floor, 0 for wall; `width * height`. */
  readonly floor: Uint8Array;
  /** Persons of the present tick with no floor within reach of the kernel, as a mean over the frames of each source. */
  outside = 0;

  readonly #reach: number;
  readonly #size: number;
  readonly #weights: Int32Array;
  /** Working raster with a rim of `reach` wall cells all around, so that no stencil leaves it. */
  readonly #stride: number;
  readonly #floor: Uint8Array;
  /** 1 where a whole stencil around the cell lies on floor. */
  readonly #open: Uint8Array;
  /** Mass of the present source and of the tick. Whole numbers below 2^53. */
  readonly #source: Float64Array;
  readonly #sum: Float64Array;

  /** @throws RangeError when the level has no floor, or more than 65,535 cells along a side */
  constructor(level: Level, options: RasterOptions = {}) {
    this.level = level.ordinal;
    this.cellM = options.cellM ?? 0.5;
    this.kernel = options.kernel ?? { kind: 'gaussian', sigmaM: 0.5 };
    const { reach, size, weights } = createStencils(this.kernel, this.cellM);
    const box = cellBox(level.walkable, this.cellM);
    this.width = box.width;
    this.height = box.height;
    this.originX = box.originX;
    this.originY = box.originY;
    this.floor = floorCells(level.walkable, box, this.cellM);
    this.#reach = reach;
    this.#size = size;
    this.#weights = weights;
    this.#stride = box.width + 2 * reach;
    const cells = this.#stride * (box.height + 2 * reach);
    this.#floor = new Uint8Array(cells);
    for (let row = 0; row < box.height; row++) {
      const from = row * box.width;
      this.#floor.set(this.floor.subarray(from, from + box.width), (row + reach) * this.#stride + reach);
    }
    this.#open = openCells(this.#floor, this.#stride, reach);
    this.#source = new Float64Array(cells);
    this.#sum = new Float64Array(cells);
  }

  /** Begins a tick. */
  clear(): void {
    this.#sum.fill(0);
    this.outside = 0;
  }

  /**
   * Adds one source: the mean of its frames of the tick (a frame with nobody counts as a frame). Call it once per
   * source, with the persons that the source answers for; the order of calls does not matter. No frames: nothing.
   */
  add(frames: readonly FramePositions[]): void {
    if (frames.length === 0) return;
    const { cellM, width, height, originX, originY } = this;
    const reach = this.#reach;
    const stride = this.#stride;
    const perMetre = 1 / cellM;
    const source = this.#source;
    let lowest = height;
    let highest = -1;
    let outside = 0;
    for (const { count, x, y } of frames) {
      for (let i = 0; i < count; i++) {
        const cx = (x[i]! - originX) * perMetre;
        const cy = (y[i]! - originY) * perMetre;
        // Further out than the kernel reaches, or not a number.
        if (!(cx >= -reach && cy >= -reach && cx < width + reach && cy < height + reach)) {
          outside++;
          continue;
        }
        const column = Math.floor(cx);
        const row = Math.floor(cy);
        const u = ((cx - column) * SUB_POSITIONS) | 0;
        const v = ((cy - row) * SUB_POSITIONS) | 0;
        const cell = (row + reach) * stride + column + reach;
        const stencil = (v * SUB_POSITIONS + u) * this.#size * this.#size;
        if (this.#open[cell] === 1) this.#spread(stencil, cell);
        else if (!this.#spreadOnFloor(stencil, row, column)) {
          outside++;
          continue;
        }
        if (row < lowest) lowest = row;
        if (row > highest) highest = row;
      }
    }
    this.outside += outside / frames.length;
    const from = Math.max(0, lowest - reach) + reach;
    const to = Math.min(height - 1, highest + reach) + reach;
    const factor = FINE / frames.length;
    const sum = this.#sum;
    for (let k = from * stride; k < (to + 1) * stride; k++) {
      if (source[k] === 0) continue;
      sum[k]! += Math.round(source[k]! * factor);
      source[k] = 0;
    }
  }

  #spread(stencil: number, cell: number): void {
    const size = this.#size;
    const weights = this.#weights;
    const source = this.#source;
    let w = stencil;
    let k = cell - this.#reach * (this.#stride + 1);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) source[k + column]! += weights[w + column]!;
      w += size;
      k += this.#stride;
    }
  }

  /** Spreads over the floor cells of the stencil only, all the mass; false when there are none. */
  #spreadOnFloor(stencil: number, row: number, column: number): boolean {
    const size = this.#size;
    const reach = this.#reach;
    const stride = this.#stride;
    const weights = this.#weights;
    const floor = this.#floor;
    // A person within reach of the raster but not on it has a stencil that is partly off the rim.
    const fromRow = Math.max(0, -row);
    const toRow = Math.min(size, this.height + 2 * reach - row);
    const fromColumn = Math.max(0, -column);
    const toColumn = Math.min(size, this.width + 2 * reach - column);
    let onFloor = 0;
    let largest = -1;
    let most = 0;
    for (let r = fromRow; r < toRow; r++) {
      for (let c = fromColumn; c < toColumn; c++) {
        const k = (row + r) * stride + column + c;
        const weight = weights[stencil + r * size + c]!;
        if (floor[k] !== 1 || weight === 0) continue;
        onFloor += weight;
        if (weight > most) {
          most = weight;
          largest = k;
        }
      }
    }
    if (onFloor === 0) return false;
    const source = this.#source;
    const factor = UNITS_PER_PERSON / onFloor;
    let left = UNITS_PER_PERSON;
    for (let r = fromRow; r < toRow; r++) {
      for (let c = fromColumn; c < toColumn; c++) {
        const k = (row + r) * stride + column + c;
        const weight = weights[stencil + r * size + c]!;
        if (floor[k] !== 1 || weight === 0) continue;
        const share = Math.floor(weight * factor);
        source[k]! += share;
        left -= share;
      }
    }
    source[largest]! += left;
    return true;
  }

  /** Persons in the tick so far: the integral of the raster over the floor. */
  get persons(): number {
    let units = 0;
    for (const mass of this.#sum) units += mass;
    return units / UNITS_PER_CELL_PERSON;
  }

  /** Part of `persons` on floor that `known` marks 0: if it is not small, coverages are drawn too small. */
  personsUnseen(known: Uint8Array): number {
    let units = 0;
    for (let row = 0, c = 0; row < this.height; row++) {
      let k = (row + this.#reach) * this.#stride + this.#reach;
      for (let column = 0; column < this.width; column++, c++, k++)
        if (known[c] === 0) units += this.#sum[k]!;
    }
    return units / UNITS_PER_CELL_PERSON;
  }

  /** Density of a cell in p/m2, not quantised; NaN for a wall. */
  density(column: number, row: number): number {
    if (this.floor[row * this.width + column] !== 1) return Number.NaN;
    const k = (row + this.#reach) * this.#stride + column + this.#reach;
    return this.#sum[k]! / (UNITS_PER_CELL_PERSON * this.cellM * this.cellM);
  }

  /** The tick's raster. `known` (see `knownCells`): 0 marks floor that no live camera sees; all is known without it. */
  frame(head: RasterHead, known?: Uint8Array): GridFrame {
    const { width, height, floor } = this;
    const cells = new Uint16Array(width * height);
    const perUnit = 1 / (UNITS_PER_CELL_PERSON * this.cellM * this.cellM);
    for (let row = 0; row < height; row++) {
      let k = (row + this.#reach) * this.#stride + this.#reach;
      for (let c = row * width; c < (row + 1) * width; c++, k++) {
        if (floor[c] !== 1) cells[c] = CELL_WALL;
        else if (known !== undefined && known[c] === 0) cells[c] = CELL_UNKNOWN;
        else cells[c] = this.#sum[k] === 0 ? 0 : quantiseDensity(this.#sum[k]! * perUnit);
      }
    }
    return {
      ...head,
      level: this.level,
      kernel: this.kernel.kind,
      width,
      height,
      cellM: this.cellM,
      originX: this.originX,
      originY: this.originY,
      cells,
    };
  }

  /**
   * For each cell whose centre some of these areas hold, 1, else 0: the floor that the live cameras with these
   * coverages see. Keep it until the set of live cameras changes.
   */
  knownCells(coverages: readonly AreaM[]): Uint8Array {
    const index = createAreaIndex(coverages, this.cellM);
    const known = new Uint8Array(this.width * this.height);
    for (let row = 0, c = 0; row < this.height; row++) {
      for (let column = 0; column < this.width; column++, c++) {
        const set = index.at(
          this.originX + (column + 0.5) * this.cellM,
          this.originY + (row + 0.5) * this.cellM,
        );
        known[c] = set >= 0 ? 1 : 0;
      }
    }
    return known;
  }
}

interface CellBox {
  readonly width: number;
  readonly height: number;
  readonly originX: number;
  readonly originY: number;
}

/** Whole cells, on multiples of the cell's edge, around the floor. */
function cellBox(walkable: readonly AreaM[], cellM: number): CellBox {
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { exterior } of walkable) {
    for (let i = 0; i < exterior.length; i += 2) {
      minX = Math.min(minX, exterior[i]!);
      maxX = Math.max(maxX, exterior[i]!);
      minY = Math.min(minY, exterior[i + 1]!);
      maxY = Math.max(maxY, exterior[i + 1]!);
    }
  }
  if (minX > maxX) throw new RangeError('the level has no walkable floor; draw it in the venue document');
  const [left, bottom] = [Math.floor(minX / cellM), Math.floor(minY / cellM)];
  const width = Math.ceil(maxX / cellM) - left;
  const height = Math.ceil(maxY / cellM) - bottom;
  if (width > MAX_SIDE || height > MAX_SIDE) {
    throw new RangeError(`${width} x ${height} cells of ${cellM} m do not fit a raster; choose larger cells`);
  }
  return { width, height, originX: left * cellM, originY: bottom * cellM };
}

function floorCells(
  walkable: readonly AreaM[],
  { width, height, originX, originY }: CellBox,
  cellM: number,
): Uint8Array {
  const index = createAreaIndex(walkable, cellM);
  const hits = new Uint16Array(width);
  const x = Float64Array.from({ length: width * SAMPLES }, (_, i) => originX + ((i + 0.5) * cellM) / SAMPLES);
  const y = new Float64Array(x.length);
  const sets = new Int32Array(x.length);
  const floor = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    hits.fill(0);
    for (let s = 0; s < SAMPLES; s++) {
      y.fill(originY + (row + (s + 0.5) / SAMPLES) * cellM);
      index.assign(x, y, x.length, sets);
      for (let i = 0; i < sets.length; i++) if (sets[i]! >= 0) hits[(i / SAMPLES) | 0]!++;
    }
    for (let c = 0; c < width; c++) {
      if (hits[c]! >= FLOOR_SHARE * SAMPLES * SAMPLES) floor[row * width + c] = 1;
    }
  }
  return floor;
}

/** Cells around which the whole square of 2 reach + 1 cells is floor, by two passes of run lengths. */
function openCells(floor: Uint8Array, stride: number, reach: number): Uint8Array {
  const rows = floor.length / stride;
  const across = new Uint8Array(floor.length);
  for (let row = 0; row < rows; row++) {
    let run = 0;
    for (let c = 0; c < stride; c++) {
      run = floor[row * stride + c] === 1 ? run + 1 : 0;
      if (run > 2 * reach) across[row * stride + c - reach] = 1;
    }
  }
  const open = new Uint8Array(floor.length);
  for (let c = 0; c < stride; c++) {
    let run = 0;
    for (let row = 0; row < rows; row++) {
      run = across[row * stride + c] === 1 ? run + 1 : 0;
      if (run > 2 * reach) open[(row - reach) * stride + c] = 1;
    }
  }
  return open;
}
