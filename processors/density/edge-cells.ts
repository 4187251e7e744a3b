// The cells of an area index that an edge passes, and the edges to be tested there.

/**
 * Cells that need more than a look, as flat columns. Cell c decides its areas from `first[c]` to `first[c+1]`; the k-th
 * of these is area `areas[k]`, with edges from `starts[k]` to `starts[k+1]` of `edges` to be tested.
 */
export class EdgeCells {
  count = 0;
  /** Set of the areas that hold all of the cell. */
  base = new Int32Array(0);
  first = new Uint32Array(1);
  areas = new Uint32Array(0);
  /** Edges known to be crossed by a ray from any point of the cell to the right, modulo 2. */
  parity = new Uint8Array(0);
  starts = new Uint32Array(1);
  /** Lower end x, y, upper end x, y. */
  edges = new Float64Array(0);

  readonly #lists = {
    base: [] as number[],
    first: [0],
    areas: [] as number[],
    parity: [] as number[],
    starts: [0],
    edges: [] as number[],
  };

  addEdge(lx: number, ly: number, ux: number, uy: number): void {
    this.#lists.edges.push(lx, ly, ux, uy);
  }

  /** Closes the edges added since the last call: they are those of `area`. */
  addArea(area: number, parity: number): void {
    this.#lists.areas.push(area);
    this.#lists.parity.push(parity);
    this.#lists.starts.push(this.#lists.edges.length);
  }

  /** Closes the areas added since the last call: they are those of a cell, whose number is returned. */
  addCell(base: number): number {
    this.#lists.base.push(base);
    this.#lists.first.push(this.#lists.areas.length);
    return this.count++;
  }

  seal(): void {
    this.base = Int32Array.from(this.#lists.base);
    this.first = Uint32Array.from(this.#lists.first);
    this.areas = Uint32Array.from(this.#lists.areas);
    this.parity = Uint8Array.from(this.#lists.parity);
    this.starts = Uint32Array.from(this.#lists.starts);
    this.edges = Float64Array.from(this.#lists.edges);
    for (const list of Object.values(this.#lists)) list.length = 0;
  }
}
