// What the rasters of one slot of time say of each block of cells: persons, how much of the floor was seen, and how
// far the picture moved between one raster and the next.
//
// Motion. With a Gaussian kernel of deviation s a person is a blob whose squared field integrates to 1/(4 pi s^2). A blob
// displaced by d differs from where it was by 2/(4 pi s^2) (1 - exp(-d^2/(4 s^2))), integrated and squared; blobs placed
// independently add up. So the squared difference of two rasters over the persons in both gives
//   M = 4 pi s^2 * integral((a-b)^2) / (persons in a + persons in b) = 1 - exp(-d^2/(4 s^2)),
// and d over the time between them is a speed. Exact for persons far apart and for persons placed at random; people
// who stand in even rows look slower than they are. It cannot tell d above about 4 s.
import { packWords, unpackWords } from './raster-pack.ts';

/** One raster. The same cells as the wire's grid frame, in its unit and with its marks. */
export interface RasterFrame {
  /** UTC epoch ms of the moment it shows. */
  readonly epochMs: number;
  readonly kernel: 'box' | 'gaussian';
  readonly width: number;
  readonly height: number;
  /** Edge of a cell, m. */
  readonly cellM: number;
  /** South-west corner of cell (0,0), m. */
  readonly originX: number;
  readonly originY: number;
  /** `width * height` cells, row by row upwards: RASTER_UNIT p/m2, or a mark. */
  readonly cells: Uint16Array;
}

/** What can be unusual about a place. */
export const rasterKinds = ['unexpected-crowd', 'emptying', 'stopped-flow'] as const;
export type RasterKind = (typeof rasterKinds)[number];

export const RASTER_UNIT = 0.001;
export const RASTER_UNKNOWN = 0xffff;
export const RASTER_WALL = 0xfffe;

/** Blocks of `side` x `side` cells over a raster; those at the upper rims may be cut. */
export interface Blocks {
  readonly side: number;
  readonly columns: number;
  readonly rows: number;
  readonly count: number;
}

export function blocksOf(
  { width, height, cellM }: Pick<RasterFrame, 'width' | 'height' | 'cellM'>,
  blockM: number,
): Blocks {
  const side = Math.max(1, Math.round(blockM / cellM));
  const columns = Math.ceil(width / side);
  const rows = Math.ceil(height / side);
  return { side, columns, rows, count: columns * rows };
}

/** Largest share of M that still tells a distance: above it the blobs have parted. */
const MOST_MOTION = 0.995;

/** Speed in m/s from motion M in [0,1], the kernel's deviation in m and the time between rasters in s. */
export function motionSpeed(motion: number, sigmaM: number, seconds: number): number {
  const m = Math.min(MOST_MOTION, Math.max(0, motion));
  return (2 * sigmaM * Math.sqrt(Math.abs(Math.log(1 - m)))) / seconds;
}

/** Sums of one slot. All are whole numbers below 2^53, so their order cannot matter. */
export class SlotSums {
  readonly #blocks: Blocks;
  readonly #width: number;
  readonly #height: number;
  /** Per block: cell units, known and all floor cells (over samples), squared differences, units of both, known in both. */
  readonly units: Float64Array;
  readonly known: Uint32Array;
  readonly floor: Uint32Array;
  readonly squares: Float64Array;
  readonly both: Float64Array;
  readonly pairs: Uint32Array;
  samples = 0;
  /** Pairs of rasters, and the time between them together, ms. */
  pairCount = 0;
  pairMs = 0;
  /** The newest raster, to compare the next with; all RASTER_UNKNOWN at first. */
  readonly #last: Uint16Array;
  #lastMs = Number.NaN;

  constructor(blocks: Blocks, width: number, height: number) {
    this.#blocks = blocks;
    this.#width = width;
    this.#height = height;
    this.units = new Float64Array(blocks.count);
    this.known = new Uint32Array(blocks.count);
    this.floor = new Uint32Array(blocks.count);
    this.squares = new Float64Array(blocks.count);
    this.both = new Float64Array(blocks.count);
    this.pairs = new Uint32Array(blocks.count);
    // Padded to whole 32-bit words for the checkpoint.
    this.#last = new Uint16Array(2 * Math.ceil((width * height) / 2)).fill(RASTER_UNKNOWN);
  }

  get lastMs(): number {
    return this.#lastMs;
  }

  /** Adds a raster; it is compared with the one before when that is at most `mostMs` older. */
  add({ epochMs, cells }: RasterFrame, mostMs: number): void {
    const { side, columns } = this.#blocks;
    const last = this.#last;
    const gap = epochMs - this.#lastMs;
    const paired = gap > 0 && gap <= mostMs;
    this.samples += 1;
    if (paired) {
      this.pairCount += 1;
      this.pairMs += gap;
    }
    for (let row = 0, c = 0; row < this.#height; row += 1) {
      const first = Math.floor(row / side) * columns;
      for (let column = 0, b = first, left = side; column < this.#width; column += 1, c += 1) {
        const value = cells[c];
        if (value !== RASTER_WALL) {
          this.floor[b] += 1;
          if (value !== RASTER_UNKNOWN) {
            this.known[b] += 1;
            if (value !== 0) this.units[b] += value;
            const before = last[c];
            if (paired && before < RASTER_WALL) {
              this.pairs[b] += 1;
              if (value !== before) this.squares[b] += (value - before) * (value - before);
              if (value + before !== 0) this.both[b] += value + before;
            }
          }
        }
        last[c] = value;
        left -= 1;
        if (left === 0) {
          b += 1;
          left = side;
        }
      }
    }
    this.#lastMs = epochMs;
  }

  /** Begins the next slot; the newest raster stays for comparison. */
  clear(): void {
    for (const sums of this.#sums()) sums.fill(0);
    this.samples = 0;
    this.pairCount = 0;
    this.pairMs = 0;
  }

  get bytes(): number {
    return this.#sums().reduce((sum, { byteLength }) => sum + byteLength, this.#last.byteLength);
  }

  snapshot(): Uint8Array {
    const scalars = Float64Array.of(this.samples, this.pairCount, this.pairMs, this.#lastMs);
    const words = [scalars, ...this.#sums(), this.#last].map(
      ({ buffer, byteOffset, byteLength }) => new Uint32Array(buffer, byteOffset, byteLength / 4),
    );
    const all = new Uint32Array(words.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of words) {
      all.set(part, at);
      at += part.length;
    }
    return packWords(all);
  }

  /** False when the bytes are not a snapshot of such a slot; nothing is changed then. */
  restore(bytes: Uint8Array): boolean {
    const scalars = new Float64Array(4);
    const into = [scalars, ...this.#sums(), this.#last];
    const words = unpackWords(
      bytes,
      into.reduce((sum, { byteLength }) => sum + byteLength / 4, 0),
    );
    if (words === undefined) return false;
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of into) {
      new Uint32Array(buffer, byteOffset, byteLength / 4).set(words.subarray(at, at + byteLength / 4));
      at += byteLength / 4;
    }
    [this.samples, this.pairCount, this.pairMs, this.#lastMs] = scalars;
    return true;
  }

  #sums(): (Float64Array | Uint32Array)[] {
    return [this.units, this.known, this.floor, this.squares, this.both, this.pairs];
  }
}
