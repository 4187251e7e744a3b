// How one person is spread over the raster: box or Gaussian of unit mass, as whole numbers, for every sub-cell position.

export type KernelSpec =
  | {
      readonly kind: 'box' /** Side of the square around the person, m; 0: all in the person's own cell. */;
      readonly sideM: number;
    }
  | { readonly kind: 'gaussian' /** Standard deviation, m. Cut off at 3 sigma. */; readonly sigmaM: number };

/** One person is this many units, so that sums are exact whatever their order. */
export const UNITS_PER_PERSON = 2 ** 24;
/** Positions told apart within a cell, per axis: at 0.5 m cells a person is moved by at most 8 mm. */
export const SUB_POSITIONS = 32;
const CUT_OFF_SIGMAS = 3;

export interface Stencils {
  /** Cells from the person's own to the rim; a stencil is `size` = 2 reach + 1 cells square. */
  readonly reach: number;
  readonly size: number;
  /**
   * Stencil of sub-cell position (u, v): `size * size` weights, row by row from the south-west, from
   * `(v * SUB_POSITIONS + u) * size * size`. Each stencil sums to UNITS_PER_PERSON exactly.
   */
  readonly weights: Int32Array;
}

/**
 * Weights are the kernel's integral over each cell, divided by its integral over the stencil. Both kernels are
 * separable: the weight of a cell is the product of two one-dimensional integrals.
 * @throws RangeError for a size that is negative, not finite, or spreads a person over more than 101 cells
 */
export function createStencils(kernel: KernelSpec, cellM: number): Stencils {
  const spread = kernel.kind === 'box' ? kernel.sideM / 2 : kernel.sigmaM * CUT_OFF_SIGMAS;
  if (!(spread >= 0 && spread / cellM <= 50) || (kernel.kind === 'gaussian' && spread === 0)) {
    throw new RangeError(
      `a ${kernel.kind} kernel that reaches ${spread} m does not fit cells of ${cellM} m; choose a sigma above 0 or a side from 0, at most 50 cells`,
    );
  }
  // A person at the rim of a cell reaches one cell less on the far side, never more than this.
  const reach = Math.ceil(spread / cellM);
  const size = 2 * reach + 1;
  const lines = Array.from({ length: SUB_POSITIONS }, (_, u) =>
    line(kernel, cellM, reach, (u + 0.5) / SUB_POSITIONS),
  );
  const weights = new Int32Array(SUB_POSITIONS * SUB_POSITIONS * size * size);
  for (let v = 0; v < SUB_POSITIONS; v++) {
    for (let u = 0; u < SUB_POSITIONS; u++) {
      const at = (v * SUB_POSITIONS + u) * size * size;
      const stencil = weights.subarray(at, at + size * size);
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          stencil[row * size + column] = Math.round(lines[v]![row]! * lines[u]![column]! * UNITS_PER_PERSON);
        }
      }
      settle(stencil);
    }
  }
  return { reach, size, weights };
}

/** Gives what rounding left over to the largest weight. */
function settle(stencil: Int32Array): void {
  let sum = 0;
  let largest = 0;
  for (let k = 0; k < stencil.length; k++) {
    sum += stencil[k]!;
    if (stencil[k]! > stencil[largest]!) largest = k;
  }
  stencil[largest]! += UNITS_PER_PERSON - sum;
}

/** Share of one axis in each of the cells -reach … reach, for a person `at` [0,1) of the way through cell 0. */
function line(kernel: KernelSpec, cellM: number, reach: number, at: number): Float64Array {
  const out = new Float64Array(2 * reach + 1);
  let sum = 0;
  for (let k = -reach; k <= reach; k++) {
    const from = (k - at) * cellM;
    const share =
      kernel.kind === 'box'
        ? boxShare(kernel.sideM, from, cellM)
        : gaussShare(kernel.sigmaM, from, from + cellM);
    out[k + reach] = share;
    sum += share;
  }
  return out.map((share) => share / sum);
}

function boxShare(side: number, from: number, cellM: number): number {
  if (side === 0) return from <= 0 && from + cellM > 0 ? 1 : 0;
  return Math.max(0, Math.min(from + cellM, side / 2) - Math.max(from, -side / 2));
}

function gaussShare(sigma: number, from: number, to: number): number {
  const cut = CUT_OFF_SIGMAS * sigma;
  const a = Math.max(from, -cut);
  const b = Math.min(to, cut);
  return b > a ? (erf(b / (sigma * Math.SQRT2)) - erf(a / (sigma * Math.SQRT2))) / 2 : 0;
}

/** Error function by its Maclaurin series (Abramowitz & Stegun 7.1.6); exact to 1e-14 for |x| <= 3. */
export function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200 && Math.abs(term) > 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
